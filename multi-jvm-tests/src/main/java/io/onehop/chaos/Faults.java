package io.onehop.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;

/** Draws faults, lets them strike, and undoes them when their time is over. One thread's. */
final class Faults {
  private static final int MOST_AT_ONCE = 3;
  private static final long MILLI = 1_000_000L;
  private static final List<String> BAD_WRITES =
      List.of("write-error 20%", "sync-error", "no-space 50%", "short-write 5%");

  /** What is done, how often among all, and for how long at most (in ms). */
  private enum Kind {
    KILL_LEG("leg killed", 14, 4_000),
    PAUSE_LEG("leg paused", 9, 6_000),
    STOP_LEG("leg stopped in order", 5, 3_000),
    KILL_WITNESS("witness killed", 4, 4_000),
    PAUSE_WITNESS("witness paused", 4, 6_000),
    KILL_CLIENT("client killed", 6, 1_500),
    PAUSE_CLIENT("client paused", 6, 8_000),
    TAKE_OVER("client taken over", 5, 0),
    KILL_NODES("all nodes killed", 4, 2_000),
    KILL_ALL("everything killed", 3, 2_000),
    CUT("link cut", 9, 6_000),
    PARTITION("client and a leg cut from the rest", 4, 5_000),
    ONE_WAY("link cut one way", 8, 6_000),
    REFUSE("link reset", 5, 3_000),
    DELAY("link slowed down", 5, 4_000),
    SLOW_STORE("store slowed down", 4, 4_000),
    BAD_READS("store with read errors", 4, 3_000),
    BAD_WRITES("store with write errors", 3, 1_000);

    final String text;
    final int weight;
    final int mostMillis;

    Kind(String text, int weight, int mostMillis) {
      this.text = text;
      this.weight = weight;
      this.mostMillis = mostMillis;
    }
  }

  private interface Undo {
    void run() throws IOException;
  }

  /** A fault under way: whom it concerns, and how it ends. */
  private record Active(Set<String> parties, long until, String end, Undo undo) {}

  private final Cluster cluster;
  private final Keeper keeper;
  private final Tally tally;
  private final SplittableRandom random;
  private final long blocks;
  private final List<Active> active = new ArrayList<>();
  private boolean alone;

  Faults(Cluster cluster, Keeper keeper, Tally tally, long blocks, long seed) {
    this.cluster = cluster;
    this.keeper = keeper;
    this.tally = tally;
    this.blocks = blocks;
    this.random = new SplittableRandom(seed);
  }

  /** Undoes what is due, and lets one more fault strike if there is room. */
  void strike() throws IOException {
    undo(System.nanoTime());
    if (active.size() < MOST_AT_ONCE && !alone) {
      begin(draw());
    }
  }

  /** Undoes what is due. */
  void tick() throws IOException {
    undo(System.nanoTime());
  }

  /** Undoes everything. */
  void calm() throws IOException {
    undo(Long.MAX_VALUE);
    alone = false;
  }

  /** A time between two faults, in nanoseconds: often short, sometimes long. */
  long interval() {
    return (50 + random.nextInt(random.nextBoolean() ? 500 : 3_000)) * MILLI;
  }

  private void undo(long now) throws IOException {
    for (Active a : List.copyOf(active)) {
      if (a.until - now <= 0) {
        active.remove(a);
        if (!a.end.isEmpty()) {
          tally.say(a.end);
        }
        a.undo.run();
      }
    }
  }

  private Kind draw() {
    int all = 0;
    for (Kind k : Kind.values()) {
      all += k.weight;
    }
    int dice = random.nextInt(all);
    for (Kind k : Kind.values()) {
      dice -= k.weight;
      if (dice < 0) {
        return k;
      }
    }
    throw new IllegalStateException("no kind");
  }

  private boolean free(String party) {
    return active.stream().noneMatch(a -> a.parties.contains(party));
  }

  private void begin(Kind kind) throws IOException {
    String leg = cluster.legs().get(random.nextInt(cluster.legs().size()));
    List<String> witnesses = cluster.names().subList(cluster.legs().size(), cluster.names().size());
    String witness = witnesses.isEmpty() ? leg : witnesses.get(random.nextInt(witnesses.size()));
    long until =
        System.nanoTime() + (kind.mostMillis / 10 + random.nextInt(1 + kind.mostMillis)) * MILLI;
    switch (kind) {
      case KILL_LEG -> killNode(kind, leg, until);
      case KILL_WITNESS -> killNode(kind, witness, until);
      case STOP_LEG -> {
        if (free(leg) && cluster.runs(leg)) {
          tally.fault(kind.text, leg + ": SIGTERM");
          cluster.process(leg).destroy();
          restart(Set.of(leg), until);
        }
      }
      case PAUSE_LEG -> pauseNode(kind, leg, until);
      case PAUSE_WITNESS -> pauseNode(kind, witness, until);
      case KILL_CLIENT -> {
        Attached client = keeper.client();
        if (client != null && free(client.name())) {
          tally.fault(kind.text, client.name() + ": SIGKILL");
          keeper.kill(client);
          active.add(new Active(Set.of("client"), until, "", keeper::release));
        }
      }
      case PAUSE_CLIENT -> pauseClient(kind, until);
      case TAKE_OVER -> {
        Attached client = keeper.client();
        if (client != null && free(client.name())) {
          tally.fault(kind.text, client.name() + " is taken over");
          keeper.takeOver();
        }
      }
      case KILL_NODES -> killAll(kind, until, false);
      case KILL_ALL -> killAll(kind, until, true);
      case CUT, ONE_WAY, REFUSE, DELAY -> link(kind, until);
      case PARTITION -> partition(kind, leg, until);
      case SLOW_STORE -> {
        int millis = 20 + random.nextInt(800);
        store(
            kind,
            leg,
            until,
            "slow-write %1$dms 30%%\nslow-read %1$dms 30%%\nslow-sync %1$dms".formatted(millis));
      }
      case BAD_READS -> {
        if (!lonely()) {
          return;
        }
        long from = random.nextLong(blocks);
        long to = from + 1 + random.nextInt(64);
        store(kind, leg, until, "read-error %d..%d".formatted(from, Math.min(to, blocks) - 1));
      }
      case BAD_WRITES -> {
        if (lonely()) {
          store(kind, leg, until, BAD_WRITES.get(random.nextInt(BAD_WRITES.size())));
        }
      }
    }
  }

  /**
   * Begins a fault that takes a copy away: another one away, too, could be the last. So all is well
   * before it, and nothing else strikes until all is well again.
   */
  private boolean lonely() {
    alone = active.isEmpty() && cluster.trouble().isEmpty();
    return alone;
  }

  private void killNode(Kind kind, String node, long until) throws IOException {
    if (free(node) && cluster.runs(node)) {
      tally.fault(kind.text, node + ": SIGKILL");
      Launch.kill(cluster.process(node));
      restart(Set.of(node), until);
    }
  }

  /** Starts nodes again in an order of its own. */
  private void restart(Set<String> nodes, long until) {
    List<String> order = new ArrayList<>(new java.util.TreeSet<>(nodes));
    Collections.shuffle(order, new Random(random.nextLong()));
    active.add(
        new Active(
            nodes,
            until,
            "start " + String.join(", ", order),
            () -> {
              for (String node : order) {
                // One that was told to stop is waited for.
                if (cluster.runs(node) && !Launch.ended(cluster.process(node), 20)) {
                  tally.violation(node + " did not stop in 20 s");
                  Launch.kill(cluster.process(node));
                }
                cluster.start(node);
              }
            }));
  }

  private void pauseNode(Kind kind, String node, long until) throws IOException {
    if (free(node) && cluster.runs(node)) {
      tally.fault(kind.text, node + ": SIGSTOP");
      pause(node, cluster.process(node), until);
    }
  }

  private void pauseClient(Kind kind, long until) throws IOException {
    Attached client = keeper.client();
    if (client != null && free(client.name()) && !keeper.takingOver()) {
      tally.fault(kind.text, client.name() + ": SIGSTOP");
      pause(client.name(), client.process(), until);
    }
  }

  private void pause(String name, Process process, long until) throws IOException {
    Launch.signal(process, "STOP");
    active.add(
        new Active(Set.of(name), until, name + ": SIGCONT", () -> Launch.signal(process, "CONT")));
  }

  private void killAll(Kind kind, long until, boolean client) throws IOException {
    Attached c = keeper.client();
    if (client && c == null) {
      return;
    }
    tally.fault(kind.text, kind.text);
    // What was to become of each of them until now is settled by their death.
    for (Active a : List.copyOf(active)) {
      if (!Collections.disjoint(a.parties, cluster.names()) && !a.parties.contains("link")) {
        active.remove(a);
      }
    }
    if (client && c != null) {
      keeper.kill(c);
      active.add(new Active(Set.of("client"), until, "", keeper::release));
    }
    for (String node : cluster.names()) {
      if (cluster.runs(node)) {
        cluster.process(node).destroyForcibly();
      }
    }
    for (String node : cluster.names()) {
      Launch.ended(cluster.process(node), 10);
    }
    restart(new HashSet<>(cluster.names()), until);
  }

  private void link(Kind kind, long until) {
    List<String> parties = new ArrayList<>(cluster.names());
    Attached client = keeper.client();
    if (client != null) {
      parties.add(client.name());
    }
    String one = parties.remove(random.nextInt(parties.size()));
    String other = parties.get(random.nextInt(parties.size()));
    String name = one + (kind == Kind.CUT || kind == Kind.REFUSE ? " - " : " -> ") + other;
    if (!free(name)) {
      return;
    }
    var net = cluster.network().net();
    if (kind == Kind.CUT) {
      net.cut(one, other);
    } else if (kind == Kind.ONE_WAY) {
      net.cutOneWay(one, other);
    } else if (kind == Kind.REFUSE) {
      net.refuse(one, other);
    } else {
      int millis = 5 + random.nextInt(400);
      name += " by " + millis + " ms";
      net.delay(one, other, Duration.ofMillis(millis));
    }
    tally.fault(kind.text, kind.text + ": " + name);
    active.add(
        new Active(Set.of("link", name), until, "healed: " + name, () -> net.heal(one, other)));
  }

  /** The client keeps one leg, and the others keep each other. */
  private void partition(Kind kind, String leg, long until) {
    Attached client = keeper.client();
    if (client == null || !free("partition")) {
      return;
    }
    var net = cluster.network().net();
    List<String> far = cluster.names().stream().filter(n -> !n.equals(leg)).toList();
    List<String> near = List.of(client.name(), leg);
    near.forEach(n -> far.forEach(f -> net.cut(n, f)));
    String name = String.join(", ", near) + " | " + String.join(", ", far);
    tally.fault(kind.text, kind.text + ": " + name);
    active.add(
        new Active(
            Set.of("link", "partition"),
            until,
            "healed: " + name,
            () -> near.forEach(n -> far.forEach(f -> net.heal(n, f)))));
  }

  private void store(Kind kind, String leg, long until, String faults) throws IOException {
    String party = "store of " + leg;
    if (!free(party)) {
      return;
    }
    tally.fault(kind.text, party + ": " + faults.replace('\n', ';'));
    Path file = cluster.faultFile(leg);
    put(file, faults + "\n");
    active.add(new Active(Set.of(party), until, "healed: " + party, () -> put(file, "")));
  }

  /** In one step: the node looks at it at any time. */
  private static void put(Path file, String text) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".next");
    Files.writeString(next, text);
    Files.move(
        next,
        file,
        java.nio.file.StandardCopyOption.ATOMIC_MOVE,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }
}
