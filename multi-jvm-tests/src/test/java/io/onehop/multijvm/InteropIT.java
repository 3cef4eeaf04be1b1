package io.onehop.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Other people's NBD clients on a real pool. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class InteropIT {
  private static final long SIZE = 32L << 20;

  private final LocalCluster cluster = LocalCluster.running("InteropIT", "32M");
  private final String uri = cluster.attach("vol0").uri();
  private int passed;

  @AfterAll
  void end() {
    if (passed == 4) {
      cluster.passed();
    }
    cluster.close();
  }

  private Dist.Ended tool(String... command) {
    Dist.Ended found = Dist.tool(cluster.dir(), 5, "sh", "-c", "command -v " + command[0]);
    if (found.code() != 0) {
      passed++;
      System.out.println("SKIPPED: " + command[0] + " is not installed");
      Assumptions.abort(command[0] + " is not installed");
    }
    Dist.Ended e = Dist.tool(cluster.dir(), 60, command);
    assertThat(e.code()).as(String.join(" ", command) + ": " + e).isZero();
    return e;
  }

  @Test
  void fioVerifiesWhatItWrites() {
    tool(
        "fio",
        "--name=verify",
        "--ioengine=nbd",
        "--uri=" + uri,
        "--rw=randwrite",
        "--bs=4k",
        "--iodepth=32",
        "--size=8M",
        "--verify=crc32c",
        "--verify_fatal=1",
        "--do_verify=1",
        "--verify_state_save=0");
    passed++;
  }

  @Test
  void qemuIoWritesReadsZeroesAndDiscards() {
    Dist.Ended e =
        tool(
            "qemu-io",
            "-f",
            "raw",
            uri,
            "-c",
            "write -P 0x5a 1000 70000",
            "-c",
            "write -f -P 0x77 16M 1M",
            "-c",
            "write -z 16384k 4k",
            "-c",
            "discard 17000k 8k",
            "-c",
            "flush",
            "-c",
            "read -P 0x5a 1000 70000",
            "-c",
            "read -P 0 16M 4k",
            "-c",
            "read -P 0x77 16388k 512k");
    assertThat(e.out()).doesNotContain("verification failed");
    passed++;
  }

  @Test
  void nbdcopyCopiesInAndOut() throws IOException {
    Path in = cluster.dir().resolve("in.img");
    Path out = cluster.dir().resolve("out.img");
    byte[] noise = new byte[(int) SIZE];
    new java.util.SplittableRandom(Seed.of("nbdcopy")).nextBytes(noise);
    java.util.Arrays.fill(noise, 1 << 20, 9 << 20, (byte) 0);
    Files.write(in, noise);
    tool("nbdcopy", in.toString(), uri);
    tool("nbdcopy", uri, out.toString());
    assertThat(Files.mismatch(in, out)).isEqualTo(-1);
    passed++;
  }

  @Test
  void nbdinfoAndQemuImgSeeThePool() {
    assertThat(tool("nbdinfo", "--size", uri).out().strip()).isEqualTo("" + SIZE);
    assertThat(tool("nbdinfo", "--can", "multi-conn", uri).code()).isZero();
    assertThat(tool("qemu-img", "info", uri).out()).contains("32 MiB");
    passed++;
  }
}
