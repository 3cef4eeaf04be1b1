package io.onehop.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The peers that the benchmark measures against, and fio, which measures. */
final class BenchPeers implements AutoCloseable {
  private final List<Process> processes = new ArrayList<>();
  private final Path root;

  private BenchPeers(Path root) {
    this.root = root;
  }

  /** Three nbdkits on files in {@code root}; a QEMU quorum over two of them. */
  static BenchPeers start(Path root) throws IOException {
    BenchPeers p = new BenchPeers(root);
    try {
      for (String name : List.of("one", "q1", "q2")) {
        try (RandomAccessFile f =
            new RandomAccessFile(root.resolve(name + ".img").toFile(), "rw")) {
          f.setLength(1L << 30);
        }
        p.run("nbdkit", "-f", "-U", p.socket(name), "file", root.resolve(name + ".img").toString());
      }
      p.awaitSocket("one");
      p.awaitSocket("q1");
      p.awaitSocket("q2");
      p.run(
          "qemu-storage-daemon",
          "--blockdev",
          "driver=nbd,node-name=c1,server.type=unix,server.path=" + p.socket("q1"),
          "--blockdev",
          "driver=nbd,node-name=c2,server.type=unix,server.path=" + p.socket("q2"),
          "--blockdev",
          "{\"driver\":\"quorum\",\"node-name\":\"q\",\"vote-threshold\":2,\"children\":[\"c1\",\"c2\"]}",
          "--nbd-server",
          "addr.type=unix,addr.path=" + p.socket("quorum"),
          "--export",
          "type=nbd,id=e,node-name=q,name=q,writable=on");
      p.awaitSocket("quorum");
      return p;
    } catch (IOException | RuntimeException e) {
      p.close();
      throw e;
    }
  }

  private String socket(String name) {
    return root.resolve(name + ".sock").toString();
  }

  private void run(String... command) {
    try {
      // Its stdin is a pipe from us: when we are killed, that ends, and so does the peer.
      List<String> bound =
          new ArrayList<>(
              List.of(
                  "sh",
                  "-c",
                  "exec 3<&0; \"$@\" </dev/null 3<&- & p=$!; trap 'kill $p' TERM; cat <&3"
                      + " >/dev/null & wait $!; kill $p; wait $p",
                  "sh"));
      bound.addAll(List.of(command));
      processes.add(
          new ProcessBuilder(bound)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(root.resolve("peers.log").toFile()))
              .start());
    } catch (IOException e) {
      throw new Failure(
          Failure.REFUSED,
          "cannot start " + command[0] + ": is it installed? (suite throughput)",
          e);
    }
  }

  private void awaitSocket(String name) {
    Upper.await("peer " + name + " listens", 15, () -> Files.exists(Path.of(socket(name))));
  }

  String quorumUri() {
    return "nbd+unix:///q?socket=" + socket("quorum");
  }

  String fileUri() {
    return "nbd+unix:///?socket=" + socket("one");
  }

  /** One fio run; I/O operations per second. */
  static double fio(String uri, String rw, String bs, int depth, int seconds) throws IOException {
    Process p;
    try {
      p =
          new ProcessBuilder(
                  "fio",
                  "--name=f",
                  "--ioengine=nbd",
                  "--uri=" + uri,
                  "--rw=" + rw,
                  "--bs=" + bs,
                  "--iodepth=" + depth,
                  "--size=1G",
                  "--time_based",
                  "--runtime=" + seconds,
                  "--ramp_time=1",
                  "--output-format=json")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      throw new Failure(
          Failure.REFUSED, "cannot start fio: is it installed? (suite throughput)", e);
    }
    String out =
        new String(p.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    int brace = out.indexOf('{');
    if (brace < 0) {
      throw new Failure(Failure.NO, "fio " + rw + " on " + uri + " failed: " + out.strip());
    }
    JsonNode job = Api.JSON.readTree(out.substring(brace)).path("jobs").path(0);
    if (job.path("error").asInt() != 0) {
      throw new Failure(
          Failure.NO, "fio " + rw + " on " + uri + ": error " + job.path("error").asInt());
    }
    return job.path(rw.contains("read") ? "read" : "write").path("iops").asDouble();
  }

  @Override
  public void close() {
    for (Process p : processes.reversed()) {
      p.destroy();
      try {
        if (!p.waitFor(5, TimeUnit.SECONDS)) {
          p.destroyForcibly();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        p.destroyForcibly();
      }
    }
  }
}
