package io.onehop.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code onehop up}: stopped, killed, started again on the same folder. */
class UpIT {
  private static final long SIZE = 64L << 20;
  private static final List<String> NODES = List.of("node-a", "node-b", "witness");

  private final long seed = Seed.of("UpIT");
  private final SplittableRandom faults = Seed.faults(seed);
  private final ItFolder folder = ItFolder.make("UpIT");
  private final Path dir = folder.path().resolve("pool");
  private final List<HistoryWorkload> loads = new ArrayList<>();
  private boolean passed;

  /** A running {@code up} and what it serves. */
  private record Up(Process process, String uri) {}

  @AfterEach
  void end() throws Exception {
    loads.forEach(HistoryWorkload::close);
    for (String found : ItFolder.processesNaming(dir)) {
      ProcessHandle.of(Long.parseLong(found.substring(0, found.indexOf(' '))))
          .ifPresent(left -> {
            left.destroyForcibly();
            left.onExit().join();
          });
    }
    if (passed) {
      folder.close(false);
    } else {
      Path logs = dir.resolve("log");
      if (Files.isDirectory(logs)) {
        Files.move(logs, folder.path().resolve("log"));
      }
      folder.close(true);
    }
  }

  private Up up(String... more) {
    List<String> arguments = new ArrayList<>(List.of("up", "--dir", dir.toString()));
    arguments.addAll(List.of(more));
    Path log = folder.path().resolve("up.log");
    Process p = Dist.start(log, true, arguments.toArray(String[]::new));
    folder.remember(p);
    BufferedReader out =
        new BufferedReader(new InputStreamReader(p.getInputStream(), StandardCharsets.UTF_8));
    try {
      String line = out.readLine();
      assertThat(line).as("stdout of up; stderr: " + Files.readString(log)).startsWith("ready ");
      return new Up(p, line.substring("ready ".length()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private HistoryWorkload load() {
    HistoryWorkload load = new HistoryWorkload(SIZE, seed);
    loads.add(load);
    return load;
  }

  private static void awaitEnd(Process p, int seconds, int code) throws Exception {
    assertThat(p.waitFor(seconds, TimeUnit.SECONDS)).as("up ends in " + seconds + " s").isTrue();
    assertThat(p.exitValue()).as("exit code of up").isEqualTo(code);
  }

  private void nothingRuns() {
    Eventually.await(
        "every process of the folder is gone", 15, () -> ItFolder.processesNaming(dir).isEmpty());
  }

  private void nothingIsLeftBehind() throws IOException {
    nothingRuns();
    assertThat(dir.resolve("nbd.sock")).doesNotExist();
    try (Stream<Path> run = Files.list(dir.resolve("run"))) {
      assertThat(run.filter(f -> f.toString().endsWith(".pid"))).as("pid files").isEmpty();
    }
  }

  private RawStores stores() {
    return RawStores.of(dir, "vol0");
  }

  private void bothInSync() {
    Eventually.await(
        "both legs are in sync",
        40,
        () -> {
          Dist.Ended s = Dist.run(folder.path(), "status", "vol0", "--json", "--dir", "" + dir);
          return s.code() == 0 && s.out().split("\"in-sync\"", -1).length == 3;
        });
  }

  @Test
  void stoppedInOrderAndStartedAgainTwice() throws Exception {
    HistoryWorkload load = load();
    Up up = up("--size", "64M");
    assertThat(up.uri()).isEqualTo("nbd+unix:///?socket=" + dir.resolve("nbd.sock"));
    Dist.Ended other = Dist.run(folder.path(), "up", "--dir", "" + dir, "--size", "64M");
    assertThat(other.code()).as("a second up at the same time: " + other).isEqualTo(3);
    for (int round = 0; round < 2; round++) {
      RawStores stores = stores();
      load.start(up.uri());
      load.randomInstant(faults);
      up.process().destroy();
      awaitEnd(up.process(), 20, 0);
      load.disconnected();
      nothingIsLeftBehind();
      stores.compare(load);
      if (round == 1) {
        Dist.Ended wrong = Dist.run(folder.path(), "up", "--dir", "" + dir, "--size", "65M");
        assertThat(wrong.code()).as("another size: " + wrong).isEqualTo(3);
        assertThat(wrong.err()).contains("65M");
        nothingIsLeftBehind();
      }
      up = up();
      load.verify(up.uri());
    }
    // A node and a client that were started by hand are stopped by up as well.
    kill(pid("node-b"));
    Process byHand =
        Dist.start(
            dir.resolve("log/by-hand.log"), false, "node", "" + dir.resolve("conf/node-b.conf"));
    folder.remember(byHand);
    Eventually.await("node-b runs again", 30, () -> pid("node-b") == byHand.pid());
    up.process().destroy();
    awaitEnd(up.process(), 20, 0);
    awaitEnd(byHand, 1, 0);
    nothingIsLeftBehind();
    passed = true;
  }

  @Test
  void everythingKilledAndStartedAgainTwice() throws Exception {
    HistoryWorkload load = load();
    Up up = up("--size", "64M");
    for (int round = 0; round < 2; round++) {
      load.start(up.uri());
      load.randomInstant(faults);
      List<Long> pids = new ArrayList<>();
      NODES.forEach(n -> pids.add(pid(n)));
      pids.add(pid("client"));
      pids.add(up.process().pid());
      for (long pid : pids) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      }
      load.disconnected();
      nothingRuns();
      up = up("--size", "64M");
      load.verify(up.uri());
    }
    load.start(up.uri());
    load.randomInstant(faults);
    load.stop();
    load.verify(up.uri());
    bothInSync();
    stores().compareAtRest(load);
    // Now only `up` itself is killed: its children end by themselves.
    load.start(up.uri());
    load.randomInstant(faults);
    up.process().destroyForcibly();
    load.disconnected();
    nothingRuns();
    up = up();
    load.verify(up.uri());
    RawStores stores = stores();
    up.process().destroy();
    awaitEnd(up.process(), 20, 0);
    nothingIsLeftBehind();
    stores.compare(load);
    passed = true;
  }

  @Test
  void threeLegsNeedNoWitness() throws Exception {
    Up up = up("--size", "64M", "--legs", "3");
    Dist.Ended s = Dist.run(folder.path(), "status", "vol0", "--dir", "" + dir);
    System.out.print(s.out());
    assertThat(s.out()).contains("node-a", "node-b", "node-c").doesNotContain("witness");
    HistoryWorkload load = load();
    load.start(up.uri());
    load.randomInstant(faults);
    kill(pid("node-a"));
    load.awaitMore(300);
    load.stop();
    load.verify(up.uri());
    up.process().destroy();
    awaitEnd(up.process(), 20, 0);
    Dist.Ended other = Dist.run(folder.path(), "up", "--dir", "" + dir, "--legs", "2");
    assertThat(other.code()).as("another number of legs: " + other).isEqualTo(3);
    assertThat(other.err()).contains("has 3 legs, not 2");
    nothingIsLeftBehind();
    passed = true;
  }

  private long pid(String name) {
    try {
      Path file = dir.resolve("run").resolve(name + ".pid");
      return Files.exists(file) ? Long.parseLong(Files.readString(file).strip()) : -1;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void kill(long pid) {
    ProcessHandle h = ProcessHandle.of(pid).orElseThrow();
    h.destroyForcibly();
    h.onExit().join();
  }
}
