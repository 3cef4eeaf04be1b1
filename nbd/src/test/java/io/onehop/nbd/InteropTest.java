package io.onehop.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.nbd.wire.NbdAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The clients that people use, against the server over a device that completes late and out of
 * order.
 */
@Timeout(120)
class InteropTest {
  private static final int SIZE = 24 << 20;

  @TempDir Path folder;
  private Running running;
  private String uri;

  @BeforeEach
  void start() throws IOException {
    NbdAddress at = new NbdAddress.Unix(folder.resolve("a pool.sock"));
    running = new Running(loop -> new MemoryDevice(loop, SIZE, 11L), at);
    uri = running.server.uri();
  }

  @AfterEach
  void stop() {
    running.close();
  }

  private Path randomFile() throws IOException {
    byte[] bytes = new byte[SIZE];
    new Random(12).nextBytes(bytes);
    Arrays.fill(bytes, 3 << 20, 9 << 20, (byte) 0);
    Path file = folder.resolve("random.img");
    Files.write(file, bytes);
    return file;
  }

  @Test
  void nbdinfoSeesWhatWeOffer() throws Exception {
    Tools.require("nbdinfo");
    String info = Tools.run(folder, "nbdinfo", uri);
    assertThat(info)
        .contains("newstyle-fixed without TLS, using structured packets")
        .contains("export-size: " + SIZE)
        .contains("base:allocation")
        .contains("block_size_minimum: 1")
        .contains("block_size_preferred: 4096")
        .contains("block_size_maximum: 33554432");
    assertThat(Tools.run(folder, "nbdinfo", "--size", uri).strip()).isEqualTo("" + SIZE);
    assertThat(Tools.run(folder, "nbdinfo", "--list", uri)).contains("export=\"vol\"");
    assertThat(Tools.run(folder, "nbdinfo", "--map", uri)).contains("" + SIZE).contains("data");
  }

  @ParameterizedTest
  @CsvSource({
    "cache, 0",
    "df, 0",
    "fast-zero, 0",
    "flush, 0",
    "fua, 0",
    "multi-conn, 0",
    "structured-reply, 0",
    "trim, 0",
    "write, 0",
    "zero, 0",
  })
  void nbdinfoFlagMatrix(String flag, int exit) throws Exception {
    Tools.require("nbdinfo");
    Tools.run(folder, exit, "nbdinfo", "--can", flag, uri);
  }

  @ParameterizedTest
  @CsvSource({"read-only, 2", "rotational, 2", "tls, 2"})
  void nbdinfoSaysWhatWeAreNot(String what, int exit) throws Exception {
    Tools.require("nbdinfo");
    Tools.run(folder, exit, "nbdinfo", "--is", what, uri);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--connections=4", "--synchronous", "--request-size=33554432"})
  void nbdcopyThereAndBack(String option) throws Exception {
    Tools.require("nbdcopy");
    Path file = randomFile();
    Path back = folder.resolve("back.img");
    Tools.run(folder, "nbdcopy", option, "--flush", file.toString(), uri);
    assertThat(Arrays.mismatch(running.memory().content(), Files.readAllBytes(file))).isEqualTo(-1);
    Tools.run(folder, "nbdcopy", option, uri, back.toString());
    assertThat(Files.mismatch(file, back)).isEqualTo(-1);
  }

  @Test
  void qemuIoPatterns() throws Exception {
    Tools.require("qemu-io");
    String out =
        Tools.run(
            folder,
            "qemu-io",
            "-f",
            "raw",
            "-c",
            "write -P 0xab 512 1M",
            "-c",
            "read -P 0xab 512 1M",
            "-c",
            "write -f -P 0xcd 4k 8k",
            "-c",
            "write -z -u 64k 128k",
            "-c",
            "read -P 0 64k 128k",
            "-c",
            "write -z 256k 4k",
            "-c",
            "read -P 0 256k 4k",
            "-c",
            "write -z -u -n 320k 8k",
            "-c",
            "discard 512k 64k",
            "-c",
            "aio_write -P 0x11 2M 1M",
            "-c",
            "aio_write -P 0x22 4M 1M",
            "-c",
            "aio_flush",
            "-c",
            "flush",
            "-c",
            "read -P 0x22 4M 1M",
            "-c",
            "read -P 0xcd 4k 8k",
            uri);
    assertThat(out).doesNotContain("failed").doesNotContain("rror");
    assertThat(running.memory().content()[2 << 20]).isEqualTo((byte) 0x11);
  }

  @Test
  void qemuImgConvertsAndCompares() throws Exception {
    Tools.require("qemu-img");
    Path file = randomFile();
    Tools.run(folder, "qemu-img", "convert", "-n", "-O", "raw", "-f", "raw", file.toString(), uri);
    Tools.run(folder, "qemu-img", "compare", "-f", "raw", "-F", "raw", "-s", file.toString(), uri);
    assertThat(Tools.run(folder, "qemu-img", "info", uri)).contains("24 MiB");
    Path qcow = folder.resolve("copy.qcow2");
    Tools.run(folder, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", uri, qcow.toString());
    Tools.run(folder, "qemu-img", "compare", qcow.toString(), file.toString());
    assertThat(Tools.run(folder, "qemu-img", "map", "-f", "raw", "--output=json", uri))
        .contains("\"length\": " + SIZE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"randwrite", "randrw", "trimwrite"})
  void fioVerifies(String pattern) throws Exception {
    Tools.require("fio");
    String out =
        Tools.run(
            folder,
            "fio",
            "--name=verify",
            "--ioengine=nbd",
            "--uri=" + uri,
            "--rw=" + pattern,
            "--bsrange=512-64k",
            "--bs_unaligned=1",
            "--size=" + SIZE,
            "--iodepth=32",
            "--fsync=64",
            "--verify=crc32c",
            "--verify_fatal=1",
            "--loops=2");
    assertThat(out).contains("err= 0").doesNotContain("verify failed");
  }

  @Test
  void fioVerifiesWithJobsOverTcp() throws Exception {
    Tools.require("fio");
    try (Running tcp = Running.tcp(loop -> new MemoryDevice(loop, SIZE, 13L))) {
      String out =
          Tools.run(
              folder,
              "fio",
              "--name=verify",
              "--ioengine=nbd",
              "--uri=" + tcp.server.uri(),
              "--rw=randrw",
              "--bs=4k",
              "--numjobs=4",
              "--size=" + SIZE / 4,
              "--offset_increment=" + SIZE / 4,
              "--iodepth=16",
              "--verify=crc32c",
              "--verify_fatal=1",
              "--group_reporting");
      assertThat(out).contains("err= 0").doesNotContain("verify failed");
    }
  }

  @Test
  void nbdkitAsAClient() throws Exception {
    Tools.require("nbdkit");
    Tools.require("nbdcopy");
    Path file = randomFile();
    String run = "nbdcopy random.img \"$uri\" && nbdcopy \"$uri\" kit.img";
    Tools.run(folder, "nbdkit", "-U", "-", "nbd", "uri=" + uri, "shared=true", "--run", run);
    assertThat(Files.mismatch(file, folder.resolve("kit.img"))).isEqualTo(-1);
  }
}
