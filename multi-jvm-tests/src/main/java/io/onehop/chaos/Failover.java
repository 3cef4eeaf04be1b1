package io.onehop.chaos;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures how long a pool of two legs and a witness acknowledges no write after each kind of
 * fault, kinds interleaved, at an NBD client with queue depth 16. Leaves no process behind when
 * {@link #call} returns or {@link #close} is called.
 */
public final class Failover implements Callable<Integer>, AutoCloseable {
  private static final long SIZE = 256L << 20;
  private static final int ENOUGH = 64;
  private static final long PATIENCE_SECONDS = 120;
  private static final long SETTLE_MILLIS = 1_000;

  private enum Kind {
    NOTHING("no fault (for comparison)", "-"),
    LEG_KILLED("leg SIGKILL", "<= 200 ms"),
    LEG_STOPPED("leg SIGSTOP", "<= request-deadline + 200 ms = 2200 ms"),
    LINK_CUT("leg's links cut silently", "<= failure-time + 200 ms = 2200 ms"),
    WITNESS_KILLED("witness SIGKILL", "0, as without a fault"),
    CLIENT_KILLED("client SIGKILL, new one attached", "<= dead-time + lease + 1 s = 5000 ms"),
    NODES_KILLED("all nodes SIGKILL, restarted, client lives", "<= 5000 ms"),
    ALL_KILLED("everything SIGKILL, restarted, new client", "<= 5000 ms");

    private final String text;
    private final String goal;

    Kind(String text, String goal) {
      this.text = text;
      this.goal = goal;
    }
  }

  private final Path dir;
  private final int rounds;
  private final PrintStream out;
  private final PrintStream err;
  private final AckGaps load = new AckGaps(1);
  private final Map<Kind, List<Double>> measured = new EnumMap<>(Kind.class);
  private final List<Process> clients = new ArrayList<>();
  private @Nullable Cluster cluster;
  private @Nullable Attached client;
  private volatile boolean broken;

  /**
   * A measurement that has not begun.
   *
   * @param dir an empty folder, which the caller deletes
   * @param rounds how often each fault strikes, 1 or more
   * @param out where the figures go
   * @param err where the progress goes
   */
  public Failover(Path dir, int rounds, PrintStream out, PrintStream err) {
    this.dir = dir;
    this.rounds = rounds;
    this.out = out;
    this.err = err;
  }

  /** Measures all and prints it; 0. */
  @Override
  public Integer call() throws Exception {
    try {
      Cluster c = new Cluster(dir, 2, "");
      cluster = c;
      startAll(c);
      c.createPool(SIZE);
      attach(c);
      awaitWell(c);
      for (int round = 1; round <= rounds; round++) {
        for (Kind kind : Kind.values()) {
          measure(c, kind, c.legs().get(round % 2));
          err.printf(
              Locale.ROOT,
              "round %d of %d: %s %.1f ms%n",
              round,
              rounds,
              kind.text,
              measured.getOrDefault(kind, List.of(0.0)).getLast());
        }
      }
      report();
      return 0;
    } finally {
      close();
    }
  }

  private void measure(Cluster c, Kind kind, String leg) throws IOException, InterruptedException {
    awaitWell(c);
    await("writes go on", () -> load.recovered() > ENOUGH);
    // What was started for the last measurement is no part of this one.
    Thread.sleep(SETTLE_MILLIS);
    load.fault();
    strike(c, kind, leg);
    load.struck();
    await("writes go on after: " + kind.text, () -> load.recovered() > ENOUGH);
    Thread.sleep(500);
    measured.computeIfAbsent(kind, _ -> new ArrayList<>()).add(load.longestMillis());
    undo(c, kind, leg);
  }

  private void strike(Cluster c, Kind kind, String leg) throws IOException, InterruptedException {
    switch (kind) {
      case NOTHING -> Thread.sleep(500);
      case LEG_KILLED -> Launch.kill(c.process(leg));
      case LEG_STOPPED -> Launch.signal(c.process(leg), "STOP");
      case LINK_CUT -> cut(c, leg);
      case WITNESS_KILLED -> {
        Launch.kill(c.process(c.names().getLast()));
        Thread.sleep(500);
      }
      case CLIENT_KILLED -> {
        killClient();
        attach(c);
      }
      case NODES_KILLED -> {
        kill(c.names().stream().map(c::process).toList());
        startAll(c);
      }
      case ALL_KILLED -> {
        List<Process> all = new ArrayList<>(c.names().stream().map(c::process).toList());
        all.add(client().process());
        load.expectLoss();
        kill(all);
        for (String name : c.names()) {
          c.start(name);
        }
        attachWhenAsked(c);
      }
    }
  }

  private void cut(Cluster c, String leg) {
    c.network().net().cut(client().name(), leg);
    for (String other : c.names()) {
      if (!other.equals(leg)) {
        c.network().net().cut(other, leg);
      }
    }
  }

  private void undo(Cluster c, Kind kind, String leg) throws IOException {
    switch (kind) {
      case LEG_KILLED -> c.start(leg);
      case LEG_STOPPED -> Launch.signal(c.process(leg), "CONT");
      case LINK_CUT -> c.network().healAll();
      case WITNESS_KILLED -> c.start(c.names().getLast());
      case NOTHING, CLIENT_KILLED, NODES_KILLED, ALL_KILLED -> {
        // All there again.
      }
    }
  }

  private static void kill(List<Process> all) {
    all.forEach(Process::destroyForcibly);
    all.forEach(p -> Launch.ended(p, 10));
  }

  private void killClient() {
    load.expectLoss();
    Launch.kill(client().process());
  }

  private Attached client() {
    Attached a = client;
    if (a == null) {
      throw new IllegalStateException("no client");
    }
    return a;
  }

  private void startAll(Cluster c) throws IOException, InterruptedException {
    for (String name : c.names()) {
      c.start(name);
    }
    for (String name : c.names()) {
      c.awaitAnswers(name);
    }
  }

  /** A client is started once a node can tell it where the pool is. */
  private void attachWhenAsked(Cluster c) throws IOException, InterruptedException {
    c.awaitAnswers(c.names().getFirst());
    attach(c);
  }

  private void attach(Cluster c) throws IOException, InterruptedException {
    Attached a = Attached.start(c, clients.size() + 1, false);
    clients.add(a.process());
    client = a;
    load.connect(a.uri());
  }

  private void awaitWell(Cluster c) throws IOException, InterruptedException {
    await("the pool is well", () -> c.trouble().isEmpty());
  }

  private void await(String what, BooleanSupplier done) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!done.getAsBoolean()) {
      if (broken) {
        throw new ChaosException("broken off");
      }
      if (!load.failed().isEmpty()) {
        throw new ChaosException(load.failed());
      }
      if (System.nanoTime() - end > 0) {
        throw new ChaosException("waited " + PATIENCE_SECONDS + " s in vain until " + what);
      }
      Thread.sleep(20);
    }
  }

  private void report() {
    out.println("| no write acknowledged after | median, ms | worst, ms | goal | n |");
    out.println("|---|---:|---:|---|---:|");
    measured.forEach((kind, values) -> {
      List<Double> sorted = new ArrayList<>(values);
      Collections.sort(sorted);
      int n = sorted.size();
      double median = (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
      out.printf(
          Locale.ROOT,
          "| %s | %.0f | %.0f | %s | %d |%n",
          kind.text,
          median,
          sorted.getLast(),
          kind.goal,
          n);
    });
  }

  /** Stops all processes; a measurement under way ends with an error. */
  @Override
  public synchronized void close() {
    broken = true;
    load.close();
    clients.forEach(Launch::kill);
    Cluster c = cluster;
    if (c != null) {
      for (String name : c.names()) {
        if (c.runs(name)) {
          signalQuietly(c.process(name));
        }
      }
      c.stop();
    }
  }

  /** One that is stopped would not hear that it is to end. */
  private void signalQuietly(Process p) {
    try {
      Launch.signal(p, "CONT");
    } catch (IOException e) {
      err.println("onehop: " + e.getMessage());
    }
  }
}
