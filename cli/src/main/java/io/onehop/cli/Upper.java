package io.onehop.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.onehop.nbd.wire.NbdAddress;
import io.onehop.node.NodeSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A local pool of own processes, started and stopped as one: what `up` and `demo` stand on. */
final class Upper implements AutoCloseable {
  private static final int START_SECONDS = 60;

  private final LocalPool pool;
  private final FileChannel lockFile;
  private final Map<String, Process> nodes = new LinkedHashMap<>();
  private final Set<String> lost = new HashSet<>();
  private @Nullable Process client;
  private boolean closed;

  private Upper(LocalPool pool, FileChannel lockFile) {
    this.pool = pool;
    this.lockFile = lockFile;
  }

  /**
   * Opens or makes {@code dir}; nothing is started yet.
   *
   * @param legs how many data nodes it has; null for as many as it has, or 2
   */
  static Upper in(Path dir, @Nullable Integer legs) {
    try {
      // Locked before anything is looked at: two of us may be making the same folder.
      Path run = dir.resolve("run");
      Files.createDirectories(run);
      FileChannel lock =
          FileChannel.open(
              run.resolve("up.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock held = lock.tryLock();
      if (held == null) {
        lock.close();
        throw new Failure(
            Failure.REFUSED, "another `onehop up` runs on " + dir + ": stop it first");
      }
      try {
        return new Upper(pool(dir, legs), lock);
      } catch (Failure e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw new Failure(
          Failure.REFUSED,
          "cannot use " + dir + " (" + Failure.text(e) + "): name a folder that can be written",
          e);
    }
  }

  private static LocalPool pool(Path dir, @Nullable Integer legs) {
    if (!LocalPool.exists(dir)) {
      return LocalPool.create(dir, legs == null ? 2 : legs);
    }
    LocalPool made = LocalPool.open(dir);
    if (legs != null && legs != made.legs()) {
      throw new Failure(
          Failure.REFUSED,
          "the pool in "
              + dir
              + " has "
              + made.legs()
              + (made.legs() == 1 ? " leg" : " legs")
              + ", not "
              + legs
              + ": leave --legs out, or use another folder");
    }
    return made;
  }

  LocalPool pool() {
    return pool;
  }

  Api api() {
    return new Api(pool.apis());
  }

  /** Starts every node that does not run. */
  void startNodes() {
    for (NodeSettings n : pool.nodes()) {
      if (pool.node(n.name()).isEmpty()) {
        startNode(n.name());
      }
    }
  }

  /** Starts one node. */
  synchronized void startNode(String name) {
    refuseWhenClosed();
    nodes.put(name, Processes.start(pool.log(name), false, "node", pool.conf(name).toString()));
  }

  private void refuseWhenClosed() {
    if (closed) {
      throw new Failure(Signals.INTERRUPTED, "interrupted");
    }
  }

  /** Waits until the nodes answer and makes the pool where there is none. */
  void createPool(@Nullable String size) {
    for (NodeSettings n : pool.nodes()) {
      Api one = new Api(List.of(n.self().api()));
      await(n.name() + " answers", START_SECONDS, () -> answers(one) || gone(n.name()));
    }
    JsonNode made = existing();
    if (made == null) {
      if (!lost.isEmpty()) {
        String first = lost.iterator().next();
        throw new Failure(Failure.REFUSED, first + " did not start: " + lastLine(pool.log(first)));
      }
      make(size == null ? "1G" : size);
      return;
    }
    for (String name : lost) {
      System.err.println(
          "onehop: warning: " + name + " did not start: " + lastLine(pool.log(name)));
    }
    long bytes = made.path("sizeBytes").asLong();
    if (size != null && bytes != Units.bytes(size)) {
      throw new Failure(
          Failure.REFUSED,
          "the pool in "
              + pool.dir()
              + " has "
              + bytes
              + " bytes ("
              + Units.size(bytes)
              + "), not "
              + size
              + ": leave --size out, or use another folder");
    }
  }

  /** The pool as any of the nodes knows it. */
  private @Nullable JsonNode existing() {
    for (NodeSettings n : pool.nodes()) {
      try {
        for (JsonNode p : new Api(List.of(n.self().api())).get("/v1/pools").path("pools")) {
          if (p.path("name").asText().equals(LocalPool.POOL)) {
            return p;
          }
        }
      } catch (Failure e) {
        lost.add(n.name());
      }
    }
    return null;
  }

  private void make(String size) {
    ObjectNode body = Api.JSON.createObjectNode();
    body.put("name", LocalPool.POOL);
    body.put("sizeBytes", Units.bytes(size));
    var data = body.putArray("data");
    var witness = body.putArray("witness");
    for (NodeSettings n : pool.nodes()) {
      (n.name().equals(LocalPool.WITNESS) ? witness : data).add(n.name());
    }
    api().send("POST", "/v1/pools", body, 60_000);
  }

  private static boolean answers(Api api) {
    try {
      api.get("/v1/version");
      return true;
    } catch (Failure e) {
      return false;
    }
  }

  /** Whether a node that we started has ended already. */
  private synchronized boolean gone(String name) {
    Process p = nodes.get(name);
    if (p != null && !p.isAlive()) {
      lost.add(name);
    }
    return p != null && !p.isAlive();
  }

  /** Starts the client; the URI that it serves. */
  String startClient(NbdAddress nbd) {
    Process p;
    synchronized (this) {
      refuseWhenClosed();
      p =
          Processes.start(
              pool.log("client"),
              true,
              "attach",
              LocalPool.POOL,
              "--dir",
              pool.dir().toString(),
              "--nbd",
              nbd.toString());
      client = p;
    }
    try {
      BufferedReader out =
          new BufferedReader(new InputStreamReader(p.getInputStream(), StandardCharsets.UTF_8));
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.startsWith("ready ")) {
          return line.substring(6);
        }
      }
      int code = p.waitFor();
      throw new Failure(
          code < 1 || code > 4 ? Failure.REFUSED : code,
          "the client ended: " + lastLine(pool.log("client")));
    } catch (IOException e) {
      throw new Failure(Failure.REFUSED, "the client said nothing: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      throw new Failure(Signals.INTERRUPTED, "interrupted", e);
    }
  }

  static String lastLine(Path log) {
    try {
      List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
      return lines.isEmpty()
          ? "see " + log
          : lines.getLast().replaceFirst("^onehop( node)?: ", "") + " (" + log + ")";
    } catch (IOException e) {
      return "see " + log;
    }
  }

  /**
   * Whether every leg whose node runs is in sync: each of these nodes says so, about the same
   * generation.
   */
  boolean inSync() {
    Set<String> running = new HashSet<>();
    for (NodeSettings n : pool.nodes()) {
      Process own;
      synchronized (this) {
        own = nodes.get(n.name());
      }
      if ((own != null && own.isAlive()) || pool.node(n.name()).isPresent()) {
        running.add(n.name());
      }
    }
    Set<Long> generations = new HashSet<>();
    boolean all = !running.isEmpty();
    for (NodeSettings n : pool.nodes()) {
      if (!running.contains(n.name()) || n.name().equals(LocalPool.WITNESS)) {
        continue;
      }
      JsonNode p = status(new Api(List.of(n.self().api())));
      generations.add(p.path("generation").asLong(-1));
      for (JsonNode leg : p.path("legs")) {
        boolean counts = running.contains(leg.path("node").asText());
        all &= !counts || leg.path("state").asText().equals("in-sync");
      }
    }
    return all && generations.size() == 1 && !generations.contains(-1L);
  }

  /** Whether exactly {@code legs} legs, and all there are, are in sync. */
  boolean inSync(int legs) {
    return inSync(api(), legs);
  }

  /** Whether exactly {@code legs} legs, and all there are, are in sync, by the first to answer. */
  static boolean inSync(Api api, int legs) {
    JsonNode all = status(api).path("legs");
    int good = 0;
    for (JsonNode leg : all) {
      good += leg.path("state").asText().equals("in-sync") ? 1 : 0;
    }
    return good == legs && all.size() == legs;
  }

  /** The pool's status; a missing node while nobody answers. */
  private static JsonNode status(Api api) {
    try {
      return api.get("/v1/status?pool=" + LocalPool.POOL).path("pools").path(0);
    } catch (Failure e) {
      return Api.JSON.missingNode();
    }
  }

  /** Asks {@code done} ten times a second; a Failure naming {@code what} after {@code seconds}. */
  static void await(String what, int seconds, BooleanSupplier done) {
    if (!within(seconds, done)) {
      throw new Failure(Failure.REFUSED, "waited " + seconds + " s in vain until " + what);
    }
  }

  /** Asks {@code done} ten times a second for at most {@code seconds}. */
  static boolean within(int seconds, BooleanSupplier done) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!done.getAsBoolean()) {
      if (System.nanoTime() > end) {
        return false;
      }
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        throw new Failure(Signals.INTERRUPTED, "interrupted", e);
      }
    }
    return true;
  }

  /** Returns when this process is asked to end; completes by the shutdown hook. */
  static CompletableFuture<Void> forEver() {
    return new CompletableFuture<>();
  }

  /** Stops the client and every process of the folder, in order. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Processes.stopAll(pool, client, List.copyOf(nodes.values()));
      unlock();
    }
  }

  /** Stops what was started here, in order, and nothing else. */
  synchronized void closeOwn() {
    if (!closed) {
      closed = true;
      Processes.stopOwn(client, List.copyOf(nodes.values()));
      unlock();
    }
  }

  private void unlock() {
    try {
      lockFile.close();
    } catch (IOException e) {
      System.err.println("onehop: " + e.getMessage());
    }
  }
}
