package io.onehop.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.netfault.FaultNet;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Nodes and clients as processes that a test kills, pauses and restarts one by one, in a folder
 * laid out like that of {@code onehop up}, so that {@code --dir} works on it.
 */
final class LocalCluster extends ClusterStatus implements AutoCloseable {
  static final String A = "node-a";
  static final String B = "node-b";
  static final String WITNESS = "witness";

  /** A client: its name in the network, its process and the URI that it serves. */
  record Client(String party, Process process, String uri, Path log) {}

  private final ItFolder folder;
  private final ClusterFiles files;
  private final Map<String, Process> nodes = new LinkedHashMap<>();
  private final List<Process> clients = new ArrayList<>();
  private final List<Process> terminated = new ArrayList<>();
  private final @Nullable FaultNet net;
  private boolean failed = true;
  private int sockets;

  private LocalCluster(ItFolder folder, List<String> names, boolean faulty) {
    this.folder = folder;
    this.files =
        new ClusterFiles(folder.path(), names, faulty ? FaultNet::host : _ -> "127.0.0.1", faulty);
    this.net = faulty ? net() : null;
  }

  private FaultNet net() {
    List<FaultNet.Node> nodes = new ArrayList<>();
    for (String name : files.names()) {
      ClusterFiles.Ports p = files.ports(name);
      nodes.add(new FaultNet.Node(name, List.of(p.control(), p.data())));
    }
    try {
      return FaultNet.open(folder.path().resolve("hosts"), nodes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A folder with configurations; nothing is started. */
  static LocalCluster configured(String title, String... names) {
    return new LocalCluster(ItFolder.make(title), List.of(names), false);
  }

  /** Two data nodes and a witness, started, with pool vol0 of {@code size}. */
  static LocalCluster running(String title, String size) {
    return running(title, size, false, A, B, WITNESS);
  }

  /**
   * Nodes, started, with pool vol0 of {@code size}.
   *
   * @param faulty their network can be cut, and their stores may fail
   * @param names of the nodes; those that begin with "witness" hold no data
   */
  static LocalCluster running(String title, String size, boolean faulty, String... names) {
    LocalCluster c = new LocalCluster(ItFolder.make(title), List.of(names), faulty);
    try {
      c.startAll();
      c.createPool("vol0", size);
      return c;
    } catch (RuntimeException | Error e) {
      c.close();
      throw e;
    }
  }

  Path dir() {
    return folder.path();
  }

  /** The network of a cluster that was made with one that can be cut. */
  FaultNet faults() {
    if (net == null) {
      throw new IllegalStateException("this cluster's network cannot be cut");
    }
    return net;
  }

  private List<String> options(String party) {
    return net == null ? List.of() : List.of(net.javaOption(party));
  }

  /** What is wrong with the store of pool vol0 from now on, for a cluster that was made faulty. */
  void storeFaults(String leg, String text) {
    try {
      Files.writeString(files.faults(leg, "vol0"), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Nodes that hold data. */
  List<String> legs() {
    return names().stream().filter(n -> !n.startsWith(WITNESS)).toList();
  }

  /** Configurations and ports. */
  @Override
  ClusterFiles files() {
    return files;
  }

  List<String> names() {
    return files.names();
  }

  /** Starts a node; does not wait for it. */
  Process start(String name) {
    assertThat(runs(name)).as(name + " must not run yet").isFalse();
    Process p =
        Dist.start(files.log(name), false, options(name), "node", files.conf(name).toString());
    nodes.put(name, p);
    folder.remember(p);
    return p;
  }

  /** Starts every node that does not run and waits until all answer. */
  void startAll() {
    for (String name : files.names()) {
      if (!runs(name)) {
        start(name);
      }
    }
    for (String name : files.names()) {
      awaitAnswers(name);
    }
  }

  void awaitAnswers(String name) {
    Eventually.await(
        name + " answers",
        40,
        () -> {
          assertThat(runs(name)).as(name + " runs").isTrue();
          return get(name, "/v1/version") != null;
        });
  }

  @Override
  boolean runs(String name) {
    Process p = nodes.get(name);
    return p != null && p.isAlive();
  }

  Process process(String name) {
    Process p = nodes.get(name);
    if (p == null) {
      throw new IllegalStateException(name + " was never started");
    }
    return p;
  }

  /** SIGKILL; returns when the process is gone. */
  void kill(String name) {
    kill(process(name));
  }

  static void kill(Process... all) {
    for (Process p : all) {
      p.destroyForcibly();
    }
    for (Process p : all) {
      ended(p, 10);
    }
  }

  /** SIGTERM; does not wait. */
  void terminate(String name) {
    process(name).destroy();
    terminated.add(process(name));
  }

  /** Whether a node was told to stop and has not yet done so. */
  boolean stopping(String name) {
    return runs(name) && terminated.contains(process(name));
  }

  /** SIGTERM; returns the exit code. */
  static int stop(Process p) {
    p.destroy();
    return ended(p, 20);
  }

  /** Waits for the end of a process; its exit code. */
  static int ended(Process p, int seconds) {
    try {
      if (!p.waitFor(seconds, TimeUnit.SECONDS)) {
        throw new AssertionError("process " + p.pid() + " did not end in " + seconds + " s");
      }
      return p.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** STOP or CONT to a node. */
  void signal(String name, String signal) {
    signal(process(name), signal);
  }

  /** STOP or CONT to a process. */
  void signal(Process p, String signal) {
    Dist.Ended e = Dist.tool(dir(), 5, "kill", "-" + signal, "" + p.pid());
    assertThat(e.code()).as(e.err()).isZero();
  }

  void createPool(String pool, String size) {
    List<String> command = new ArrayList<>(List.of("pool", "create", pool, "--size", size));
    command.addAll(List.of("--data", String.join(",", legs())));
    List<String> witnesses = names().stream().filter(n -> n.startsWith(WITNESS)).toList();
    if (!witnesses.isEmpty()) {
      command.addAll(List.of("--witness", String.join(",", witnesses)));
    }
    Dist.Ended e = onehop(command.toArray(String[]::new));
    assertThat(e.code()).as("pool create: " + e).isZero();
  }

  /** A command with {@code --dir} of this folder. */
  Dist.Ended onehop(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--dir");
    all.add(dir().toString());
    return Dist.run(dir(), all.toArray(String[]::new));
  }

  /** Starts a client on a unix socket of its own and waits until it serves. */
  Client attach(String pool, String... more) {
    return await(begin(pool, more));
  }

  /** A client that has been started and may not serve yet. */
  record Beginning(String party, Process process, CompletableFuture<String> uri, Path log) {}

  /** Starts a client. */
  Beginning begin(String pool, String... more) {
    return begin("nbd-" + (sockets + 1) + ".sock", pool, more);
  }

  /** Starts a client on the socket of another one, or where that one's was. */
  Beginning beginInPlaceOf(Client old, String pool, String... more) {
    return begin(old.uri.substring(old.uri.lastIndexOf('/') + 1), pool, more);
  }

  private Beginning begin(String file, String pool, String[] more) {
    String party = "client-" + ++sockets;
    String socket = "unix:" + dir().resolve(file);
    Path log = files.log(party);
    String pidFile = dir().resolve("run").resolve(party + ".pid").toString();
    List<String> command = new ArrayList<>(List.of("attach", pool, "--server", files.servers()));
    command.addAll(List.of("--pid-file", pidFile, "--nbd", socket));
    command.addAll(List.of(more));
    Process p = Dist.start(log, true, options(party), command.toArray(String[]::new));
    clients.add(p);
    folder.remember(p);
    CompletableFuture<String> uri = new CompletableFuture<>();
    Thread.ofPlatform().daemon().name("client-output").start(() -> readUri(p, uri));
    return new Beginning(party, p, uri, log);
  }

  private static void readUri(Process p, CompletableFuture<String> uri) {
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(p.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.startsWith("ready ")) {
          uri.complete(line.substring(6));
        }
      }
    } catch (IOException e) {
      // The end of the process.
    }
    uri.completeExceptionally(new IOException("the client ended without serving"));
  }

  /** Waits until a started client serves. */
  Client await(Beginning b) {
    return new Client(
        b.party,
        b.process,
        b.uri.orTimeout(45L * Eventually.PATIENCE, TimeUnit.SECONDS).join(),
        b.log);
  }

  /** Waits until a started client has given up with exit code 3; the last line that it said. */
  String refusal(Beginning b) {
    String why = ended(b.process, b.log);
    assertThat(b.uri).as("it served nothing").isCompletedExceptionally();
    return why;
  }

  /** Waits until a client whose session was ended has ended with exit code 3; its last line. */
  String refusal(Client c) {
    return ended(c.process, c.log);
  }

  private static String ended(Process p, Path log) {
    assertThat(ended(p, 60)).as("exit code of a refused client").isEqualTo(3);
    try {
      return Files.readAllLines(log).getLast();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The test got through: its logs are not needed. */
  void passed() {
    failed = false;
  }

  /** SIGKILL to everything that still runs. */
  void killAll() {
    List<Process> all = new ArrayList<>(clients);
    all.addAll(nodes.values());
    kill(all.stream().filter(Process::isAlive).toArray(Process[]::new));
  }

  @Override
  public void close() {
    killAll();
    if (net != null) {
      net.close();
    }
    folder.close(failed);
  }
}
