package io.onehop.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import io.onehop.history.HistoryCheck;
import io.onehop.history.HistoryRecorder;
import io.onehop.history.Verdict;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A run: a pool of real processes under load, faults, and a verdict. {@link #call} does it all and
 * returns the exit code; {@link #close}, by another thread, breaks it off and stops all processes.
 */
public final class Chaos implements Callable<Integer>, AutoCloseable {
  private static final int GOOD = 0;
  private static final int BAD = 1;

  private static final int MEGA = 1 << 20;
  private static final int BLOCK = RequestMix.BLOCK;
  private static final int CELL = 512;
  private static final long BLOCKS_BYTES = 24L * MEGA;
  private static final long CELLS_BYTES = 16L * MEGA;
  private static final long FIO_BYTES = 12L * MEGA;
  private static final int COPY_BYTES = 8 * MEGA;
  private static final long SIZE = 64L * MEGA;
  private static final int DEPTH = 16;
  private static final int PER_SECOND = 1_000;
  private static final int READ_PERCENT = 30;
  private static final int ROUND_MILLIS = 15_000;
  private static final int CALM_MILLIS = 2_000;
  private static final long WELL_NANOS = 90_000_000_000L;
  private static final int GIVE_UP_SECONDS = 10;
  private static final long SECOND = 1_000_000_000L;

  private final Settings settings;
  private final PrintStream out;
  private final PrintStream err;
  private final Path dir;
  private final boolean temporary;
  private final List<RecordedLoad> loads = new ArrayList<>();
  private final List<HistoryRecorder> histories = new ArrayList<>();
  private final List<Path> files = new ArrayList<>();
  private final List<String> left = new ArrayList<>();
  private @Nullable Cluster cluster;
  private @Nullable Keeper keeper;
  private @Nullable Jobs jobs;
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile boolean broken;
  private volatile boolean finished;
  private long slowestReturn;
  private long slowestService;

  /**
   * A run that has not begun; its folder is there.
   *
   * @param out where the verdict goes
   * @param err where the progress goes
   * @throws IOException one line that says what is wrong with the folder or what is missing
   */
  public Chaos(Settings settings, PrintStream out, PrintStream err) throws IOException {
    this.settings = settings;
    this.out = out;
    this.err = err;
    Launch.launcher();
    for (String tool : List.of("fio", "nbdcopy", "nbdkit")) {
      if (!Tool.isThere(tool)) {
        left.add(tool);
      }
    }
    if (settings.requireTools() && !left.isEmpty()) {
      throw new ChaosException(
          String.join(", ", left) + " not installed: install it, or leave --require-tools out");
    }
    Path given = settings.dir();
    this.temporary = given == null;
    this.dir =
        (given == null ? Files.createTempDirectory("onehop-chaos-") : given)
            .toAbsolutePath()
            .normalize();
    if (Files.exists(dir.resolve("conf"))) {
      throw new ChaosException(dir + " holds a pool: name a folder of its own");
    }
    Files.createDirectories(dir.resolve("log"));
  }

  @Override
  public Integer call() throws Exception {
    err.printf(
        "chaos: seed %d, %d legs, %d s, in %s%n",
        settings.seed(), settings.legs(), settings.seconds(), dir);
    try (PrintStream log =
        new PrintStream(
            Files.newOutputStream(dir.resolve("log").resolve("chaos.log")),
            true,
            StandardCharsets.UTF_8)) {
      Tally tally = new Tally(log);
      try {
        run(tally);
      } catch (ChaosException e) {
        goOn(); // broken off is not gone wrong
        tally.violation(String.valueOf(e.getMessage()));
      } finally {
        end();
        over.countDown();
      }
      judge(tally);
      boolean good = report(tally);
      finished = true;
      if (good && temporary) {
        Folder.delete(dir);
      } else {
        out.println("kept in " + dir);
      }
      return good ? GOOD : BAD;
    }
  }

  private void run(Tally tally) throws IOException, InterruptedException {
    // Many JVMs on few cores: the second compiler would cost more than it brings.
    Cluster c = new Cluster(dir, settings.legs(), "-XX:TieredStopAtLevel=1");
    cluster = c;
    for (String name : c.names()) {
      c.start(name);
    }
    for (String name : c.names()) {
      c.awaitAnswers(name);
    }
    c.createPool(SIZE);
    SplittableRandom random = new SplittableRandom(settings.seed());
    addLoad("blocks", BLOCK, 0, BLOCKS_BYTES, random.nextLong());
    addLoad("cells", CELL, BLOCKS_BYTES, CELLS_BYTES, random.nextLong());
    Keeper k = new Keeper(c, loads, tally);
    keeper = k;
    Faults faults = new Faults(c, k, tally, SIZE / BLOCK, random.nextLong());
    Jobs j = new Jobs(dir, k, tally);
    jobs = j;
    k.begin();
    well(tally, faults, "in the beginning");
    long at = BLOCKS_BYTES + CELLS_BYTES;
    if (!left.contains("fio")) {
      j.fio(random.nextLong(), at, FIO_BYTES);
    }
    if (!left.contains("nbdcopy") && !left.contains("nbdkit")) {
      j.nbdcopy(random.nextLong(), at + FIO_BYTES, COPY_BYTES);
    }
    long end = System.nanoTime() + settings.seconds() * SECOND;
    while (System.nanoTime() < end) {
      round(tally, faults, random, end);
    }
    j.stop();
    well(tally, faults, "in the end");
    Attached client = k.stop();
    rest(tally, client);
    JsonNode shown = c.shown();
    if (client != null) {
      client.process().destroy();
      if (!Launch.ended(client.process(), 20) || client.process().exitValue() != 0) {
        tally.violation(client.name() + " did not detach in order: " + client.lastWord(c));
      }
    }
    for (String name : c.stop()) {
      tally.violation(name + " did not stop in 20 s");
    }
    compare(tally, shown);
  }

  private void addLoad(String name, int unitBytes, long offset, long bytes, long seed) {
    Path file = dir.resolve(name + ".history");
    HistoryRecorder history =
        new HistoryRecorder(file, unitBytes, (int) (SIZE / unitBytes), System::nanoTime);
    histories.add(history);
    files.add(file);
    RequestMix mix =
        new RequestMix(
            unitBytes, (int) (offset / unitBytes), (int) (bytes / unitBytes), READ_PERCENT, seed);
    loads.add(new RecordedLoad(history, mix, unitBytes, SIZE, DEPTH, PER_SECOND, _ -> {}));
  }

  /** Some faults, overlapping, and then a while without. */
  private void round(Tally tally, Faults faults, SplittableRandom random, long end)
      throws IOException, InterruptedException {
    trouble(true);
    long until =
        Math.min(
            end,
            System.nanoTime() + (ROUND_MILLIS / 2 + random.nextInt(ROUND_MILLIS)) * 1_000_000L);
    long next = System.nanoTime() + faults.interval();
    while (System.nanoTime() < until) {
      goOn();
      if (System.nanoTime() >= next) {
        faults.strike();
        next = System.nanoTime() + faults.interval();
      } else {
        faults.tick();
        Thread.sleep(10);
      }
    }
    well(tally, faults, "after the faults");
    long calm = System.nanoTime() + CALM_MILLIS * 1_000_000L;
    while (System.nanoTime() < calm) {
      goOn();
      Thread.sleep(20);
    }
  }

  private void goOn() throws InterruptedException {
    if (broken) {
      throw new InterruptedException("broken off");
    }
  }

  /** Undoes all faults and waits until all legs are in sync and the loads go on. */
  private void well(Tally tally, Faults faults, String when)
      throws IOException, InterruptedException {
    faults.calm();
    Cluster c = java.util.Objects.requireNonNull(cluster);
    Keeper k = java.util.Objects.requireNonNull(keeper);
    long begin = System.nanoTime();
    List<Long> before = loads.stream().map(RecordedLoad::acks).toList();
    boolean served = false;
    while (true) {
      goOn();
      String wrong = k.serving() == null ? "no client serves: " + k.lastRefusal() : "";
      for (int i = 0; wrong.isEmpty() && i < loads.size(); i++) {
        wrong = loads.get(i).acks() > before.get(i) ? "" : "no write is acknowledged";
      }
      if (wrong.isEmpty() && !served) {
        served = true;
        long took = System.nanoTime() - begin;
        slowestService = Math.max(slowestService, took);
        tally.say("served again %s, after %d ms".formatted(when, took / 1_000_000));
      }
      wrong = wrong.isEmpty() ? c.trouble() : wrong;
      if (wrong.isEmpty()) {
        break;
      }
      if (System.nanoTime() - begin > WELL_NANOS) {
        throw new ChaosException(
            "not well again %s, %d s later: %s".formatted(when, WELL_NANOS / SECOND, wrong));
      }
      Thread.sleep(50);
    }
    slowestReturn = Math.max(slowestReturn, System.nanoTime() - begin);
    trouble(false);
    k.settled();
    long acks = loads.stream().mapToLong(RecordedLoad::acks).sum();
    long seconds = (System.nanoTime() - begin) / SECOND;
    tally.say("all is well " + when);
    err.printf(
        "chaos: well %s (%d s), %d writes acknowledged, faults %s%n",
        when, seconds, acks, tally.faults());
  }

  private void trouble(boolean is) {
    loads.forEach(l -> l.trouble(is));
  }

  /** Stops the loads, and reads everything once more. */
  private void rest(Tally tally, @Nullable Attached client)
      throws IOException, InterruptedException {
    for (int i = 0; i < loads.size(); i++) {
      RecordedLoad l = loads.get(i);
      if (l.running()) {
        var nbd = l.rest(60);
        if (nbd == null) {
          tally.violation(l.inFlight() + " requests were not answered in 60 s");
        } else {
          nbd.close();
        }
      }
      if (client != null) {
        l.readBack(client.uri());
      }
    }
  }

  private void compare(Tally tally, JsonNode shown) throws IOException {
    try (RawCompare raw = new RawCompare(shown)) {
      List<String> differences =
          raw.compare((offset, bytes) -> loads.forEach(l -> l.observed(offset, bytes)));
      differences.forEach(tally::violation);
      tally.work("legs identical", differences.isEmpty() ? settings.legs() : 0);
    }
  }

  private void judge(Tally tally) throws IOException {
    histories.forEach(HistoryRecorder::close);
    for (Path file : files) {
      Verdict v = HistoryCheck.of(file);
      tally.work("operations", v.operations());
      tally.work("operations without a known outcome", v.undecided());
      if (!v.good()) {
        tally.violation(file.getFileName() + ": " + v.text());
      }
    }
  }

  private boolean report(Tally tally) {
    var work = tally.work();
    out.printf("seed %d, %d legs, %d s%n", settings.seed(), settings.legs(), settings.seconds());
    work.forEach((what, amount) -> {
      if (!what.startsWith("legs")) {
        out.printf("%-40s %d%n", what, amount);
      }
    });
    out.println("faults");
    tally.faults().forEach((kind, n) -> out.printf("  %-38s %d%n", kind, n));
    long calm = loads.stream().mapToLong(RecordedLoad::longestCalmStallMillis).max().orElse(0);
    long stall = loads.stream().mapToLong(RecordedLoad::longestStallMillis).max().orElse(0);
    out.printf("%-40s %d ms%n", "longest stall while all was well", calm);
    out.printf("%-40s %d ms%n", "longest stall during faults", stall);
    Keeper k = keeper;
    long absent = k == null ? 0 : k.longestAbsence() / 1_000_000;
    out.printf("%-40s %d ms%n", "longest time without a client", absent);
    out.printf("%-40s %d ms%n", "served again after faults, slowest", slowestService / 1_000_000);
    out.printf("%-40s %d ms%n", "all well again after faults, slowest", slowestReturn / 1_000_000);
    if (!left.isEmpty()) {
      out.println("LEFT OUT, not installed: " + String.join(", ", left));
    }
    List<String> violations = tally.violations();
    boolean same = work.getOrDefault("legs identical", 0L) == settings.legs();
    out.printf("%-40s %s%n", "legs identical", same ? "yes, " + settings.legs() : "NO");
    out.printf("%-40s %d%n", "violations", violations.size());
    violations.forEach(v -> out.println("  " + v));
    boolean good = violations.isEmpty() && same;
    if (!good) {
      out.printf(
          "to draw the same faults again: onehop chaos --seed %d --legs %d --minutes %s%n",
          settings.seed(), settings.legs(), settings.seconds() / 60.0);
    }
    return good;
  }

  /** Whatever still runs is ended: in order where it can be. */
  private synchronized void end() {
    broken = true;
    Keeper k = keeper;
    try {
      if (jobs != null) {
        jobs.giveUp();
      }
      if (k != null) {
        k.giveUp();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Attached client = k == null ? null : k.client();
    if (client != null && client.process().isAlive()) {
      client.process().destroy();
      if (!Launch.ended(client.process(), 10)) {
        Launch.kill(client.process());
      }
    }
    for (RecordedLoad l : loads) {
      l.close();
      try {
        if (l.running()) {
          var _ = l.rest(GIVE_UP_SECONDS);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    Cluster c = cluster;
    if (c != null) {
      c.stop();
    }
  }

  @Override
  public void close() {
    if (finished) {
      return;
    }
    end();
    try {
      over.await(GIVE_UP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (temporary) {
      Folder.delete(dir);
    }
  }
}
