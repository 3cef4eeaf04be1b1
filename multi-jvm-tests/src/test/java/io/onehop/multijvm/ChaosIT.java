package io.onehop.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@code onehop chaos}: a minute of it, one that is broken off, and one that must see a lie. */
class ChaosIT {
  private static final int START_SECONDS = 120;

  private final long seed = Seed.of("ChaosIT");
  private final ItFolder folder = ItFolder.make("ChaosIT");
  private final Path dir = folder.path().resolve("chaos");
  private boolean passed;

  @AfterEach
  void end() throws IOException {
    if (!passed) {
      Files.createDirectories(folder.path().resolve("log"));
      try (Stream<Path> all = Files.walk(dir)) {
        for (Path p : all.filter(f -> f.toString().matches(".*\\.(log|history)")).toList()) {
          Files.copy(p, folder.path().resolve("log").resolve(p.getFileName()));
        }
      }
    }
    folder.close(!passed);
  }

  private static String small(long seed) {
    return "" + Math.floorMod(seed, 1_000_000_007L);
  }

  @Test
  void aMinuteOfFaultsIsSurvived() throws Exception {
    Path log = folder.path().resolve("chaos.log");
    Process p = chaos(log, "1");
    assertThat(p.waitFor(60 + 300, TimeUnit.SECONDS)).as("it ends").isTrue();
    String said = Files.readString(log);
    System.out.println(said);
    assertThat(p.exitValue()).as("exit code: " + said).isZero();
    assertThat(said).containsPattern("legs identical +yes, 2").containsPattern("violations +0");
    assertThat(said).containsPattern("operations +[1-9][0-9]{3}");
    assertThat(ItFolder.processesNaming(dir)).as("processes left behind").isEmpty();
    passed = true;
  }

  @Test
  @Tag("long")
  void brokenOffItStopsEverything() throws Exception {
    Path log = folder.path().resolve("chaos.log");
    Process p = chaos(log, "10");
    Dist.tool(folder.path(), 5, "kill", "-INT", "" + p.pid());
    assertThat(p.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
    assertThat(p.exitValue()).isEqualTo(130);
    assertThat(ItFolder.processesNaming(dir)).as("processes left behind").isEmpty();
    passed = true;
  }

  /** Whoever checks must be able to fail: some bytes of one store are changed behind its back. */
  @Test
  void aLieIsSeen() throws Exception {
    Path log = folder.path().resolve("chaos.log");
    Process p = chaos(log, "0.1");
    List<Path> stores;
    try (Stream<Path> all = Files.walk(dir.resolve("store").resolve("node-a"))) {
      stores = all.filter(f -> Files.isRegularFile(f) && size(f) > (32 << 20)).toList();
    }
    assertThat(stores).as("the store of node-a").hasSize(1);
    try (RandomAccessFile store = new RandomAccessFile(stores.getFirst().toFile(), "rw")) {
      // The last bytes of the device belong to no load.
      store.seek(store.length() - 5);
      store.write(1);
    }
    assertThat(p.waitFor(240, TimeUnit.SECONDS)).as("it ends").isTrue();
    assertThat(p.exitValue()).as(Files.readString(log)).isEqualTo(1);
    passed = true;
  }

  private static long size(Path f) {
    try {
      return Files.size(f);
    } catch (IOException e) {
      return 0;
    }
  }

  /** Starts it on the distribution's processes and waits until the loads run. */
  private Process chaos(Path log, String minutes) throws IOException {
    // It is no part of a distribution: it runs from these tests' own classes.
    ProcessBuilder b =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-Donehop.launcher=" + Dist.launcher(),
            "-cp",
            System.getProperty("java.class.path"),
            "io.onehop.cli.Main",
            "chaos",
            "--minutes",
            minutes,
            "--seed",
            small(seed),
            "--dir",
            dir.toString());
    b.environment().put("ONEHOP_JAVA_OPTS", "-XX:TieredStopAtLevel=1");
    Process p = b.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    folder.remember(p);
    Eventually.await(
        "the loads run: see " + log,
        START_SECONDS,
        () -> Files.readString(log).contains("well in the beginning"));
    return p;
  }
}
