package io.onehop.cli;

import io.onehop.nbd.wire.NbdAddress;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures this machine: OneHop and its peers interleaved in one run, ratios of medians. */
@Command(
    name = "bench",
    header = "Measures throughput against peers, failover and the cost of idling.",
    description = {
      "",
      "Measures OneHop against peers in the same run (suite `throughput`: needs fio,"
          + " nbdkit and qemu-storage-daemon), the time without acknowledged writes after"
          + " each kind of fault (`failover`, checkout only), and the cost of idling"
          + " (`idle`). Stores lie on tmpfs; figures are ratios of medians."
    },
    mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
  private static final int WARM_SECONDS = 12;

  /** Starting a JVM and compiling what it does takes about a minute; after that it idles. */
  private static final long SETTLE_MILLIS = 90_000;

  @Parameters(
      paramLabel = "SUITE",
      arity = "0..1",
      description = "throughput, failover, idle or all (default).")
  private String suite = "all";

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "Interleaved rounds of suite throughput (default 3).")
  private int rounds = 3;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "Length of each fio run of suite throughput (default 4).")
  private int seconds = 4;

  @Option(
      names = "--kills",
      paramLabel = "N",
      description = "How often each fault of suite failover strikes (default 20).")
  private int kills = 20;

  /** What else a signal has to stop. */
  private volatile Runnable breakOff = () -> {};

  @Override
  public Integer call() throws Exception {
    if (!List.of("throughput", "failover", "idle", "all").contains(suite)) {
      throw new Failure(
          Failure.USAGE, "no suite '" + suite + "': throughput, failover, idle or all");
    }
    if (rounds < 1 || seconds < 1 || kills < 1) {
      throw new Failure(Failure.USAGE, "--rounds, --seconds and --kills are 1 or more");
    }
    Path shm = Path.of("/dev/shm");
    Path tmp = Files.isWritable(shm) ? shm : Path.of(System.getProperty("java.io.tmpdir"));
    Path root = TempFolder.make(tmp, "onehop-bench-", "bench");
    Signals.onStop(
        Signals.INTERRUPTED,
        () -> {
          breakOff.run();
          TempFolder.delete(root);
        });
    try {
      if (!suite.equals("failover")) {
        healthy(root);
      }
      if (suite.equals("failover") || suite.equals("all")) {
        failover(root.resolve("failover"));
      }
    } finally {
      TempFolder.delete(root);
    }
    return 0;
  }

  private void healthy(Path root) throws IOException {
    try (Upper up = Upper.in(root.resolve("pool"), 2)) {
      breakOff = up::close;
      long start = System.nanoTime();
      up.startNodes();
      up.createPool("1G");
      String uri = up.startClient(new NbdAddress.Unix(up.pool().socket()));
      Upper.await("both legs are in sync", 30, up::inSync);
      System.out.printf(Locale.ROOT, "start to ready: %.1f s%n", (System.nanoTime() - start) / 1e9);
      if (!suite.equals("throughput")) {
        idle(up);
      }
      if (!suite.equals("idle")) {
        try (BenchPeers peers = BenchPeers.start(root)) {
          throughput(uri, peers);
        }
      }
    }
  }

  private void throughput(String uri, BenchPeers peers) throws IOException {
    List<Double> write = new ArrayList<>();
    List<Double> writeQuorum = new ArrayList<>();
    List<Double> read = new ArrayList<>();
    List<Double> readNbdkit = new ArrayList<>();
    List<Double> writeNbdkit = new ArrayList<>();
    List<Double> big = new ArrayList<>();
    List<Double> bigQuorum = new ArrayList<>();
    // A JVM compiles what runs often: everybody gets runs that do not count.
    for (String warm : List.of(uri, peers.quorumUri(), peers.fileUri())) {
      BenchPeers.fio(warm, "randwrite", "4k", 32, WARM_SECONDS);
      BenchPeers.fio(warm, "write", "1M", 8, 2);
    }
    BenchPeers.fio(uri, "randread", "4k", 32, WARM_SECONDS);
    BenchPeers.fio(peers.fileUri(), "randread", "4k", 32, 2);
    for (int i = 0; i < rounds; i++) {
      write.add(BenchPeers.fio(uri, "randwrite", "4k", 32, seconds));
      writeQuorum.add(BenchPeers.fio(peers.quorumUri(), "randwrite", "4k", 32, seconds));
      writeNbdkit.add(BenchPeers.fio(peers.fileUri(), "randwrite", "4k", 32, seconds));
      read.add(BenchPeers.fio(uri, "randread", "4k", 32, seconds));
      readNbdkit.add(BenchPeers.fio(peers.fileUri(), "randread", "4k", 32, seconds));
      big.add(BenchPeers.fio(uri, "write", "1M", 8, seconds));
      bigQuorum.add(BenchPeers.fio(peers.quorumUri(), "write", "1M", 8, seconds));
    }
    row("4 KiB random write QD 32, IOPS", "OneHop, two legs", write);
    row("", "QEMU quorum, two nbdkits", writeQuorum);
    row("", "nbdkit file, one copy", writeNbdkit);
    row("4 KiB random read QD 32, IOPS", "OneHop", read);
    row("", "nbdkit file", readNbdkit);
    row("1 MiB write QD 8, IOPS", "OneHop, two legs", big);
    row("", "QEMU quorum, two nbdkits", bigQuorum);
    ratio("two-leg write / quorum", write, writeQuorum);
    ratio("two-leg write / nbdkit one copy", write, writeNbdkit);
    ratio("read / nbdkit", read, readNbdkit);
    ratio("1 MiB two-leg write / quorum", big, bigQuorum);
  }

  private static void row(String what, String who, List<Double> values) {
    List<Double> sorted = sorted(values);
    System.out.printf(
        Locale.ROOT,
        "%-32s %-26s median %9.0f  (%.0f … %.0f, n=%d)%n",
        what,
        who,
        median(values),
        sorted.getFirst(),
        sorted.getLast(),
        values.size());
  }

  private static void ratio(String what, List<Double> a, List<Double> b) {
    List<Double> each = new ArrayList<>();
    for (int i = 0; i < a.size(); i++) {
      each.add(a.get(i) / b.get(i));
    }
    List<Double> s = sorted(each);
    System.out.printf(
        Locale.ROOT,
        "ratio %-36s %.2f  (by round %.2f … %.2f)%n",
        what,
        median(a) / median(b),
        s.getFirst(),
        s.getLast());
  }

  private static List<Double> sorted(List<Double> v) {
    List<Double> s = new ArrayList<>(v);
    Collections.sort(s);
    return s;
  }

  private static double median(List<Double> v) {
    List<Double> s = sorted(v);
    int n = s.size();
    return n % 2 == 1 ? s.get(n / 2) : (s.get(n / 2 - 1) + s.get(n / 2)) / 2;
  }

  /** Needs what only a checkout has: a network whose links can be cut. */
  private void failover(Path dir) throws Exception {
    Object run;
    try {
      run =
          Class.forName("io.onehop.chaos.Failover")
              .getConstructor(Path.class, int.class, PrintStream.class, PrintStream.class)
              .newInstance(dir, kills, System.out, System.err);
    } catch (ClassNotFoundException e) {
      throw new Failure(
          Failure.REFUSED, "suite failover is not part of a distribution: use a checkout", e);
    }
    breakOff =
        () -> {
          try {
            ((AutoCloseable) run).close();
          } catch (Exception e) {
            System.err.println("onehop: " + Failure.text(e));
          }
        };
    try {
      ((Callable<?>) run).call();
    } catch (IOException e) {
      throw new Failure(Failure.NO, Failure.text(e), e);
    }
  }

  private static void idle(Upper up) throws IOException {
    List<String> names = new ArrayList<>();
    up.pool().nodes().forEach(n -> names.add(n.name()));
    names.add("client");
    DemoCommand.pause(SETTLE_MILLIS);
    List<Long> before = new ArrayList<>();
    for (String n : names) {
      before.add(cpuMillis(up, n));
    }
    long start = System.nanoTime();
    DemoCommand.pause(10_000);
    double elapsed = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    for (int i = 0; i < names.size(); i++) {
      long used = cpuMillis(up, names.get(i)) - before.get(i);
      System.out.printf(
          Locale.ROOT,
          "idle %-10s %5.1f %% of a core, %4d MiB resident%n",
          names.get(i),
          100.0 * used / elapsed,
          rssMib(up, names.get(i)));
    }
  }

  private static long pid(Upper up, String name) {
    return (name.equals("client") ? up.pool().client() : up.pool().node(name))
        .orElseThrow(() -> new Failure(Failure.NO, name + " does not run any more"))
        .pid();
  }

  private static long cpuMillis(Upper up, String name) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid(up, name) + "/stat"));
    String[] f = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(f[11]) + Long.parseLong(f[12])) * 10;
  }

  private static long rssMib(Upper up, String name) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid(up, name) + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
      }
    }
    return -1;
  }
}
