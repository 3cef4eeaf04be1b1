package io.onehop.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One client process and what it serves.
 *
 * @param name of the process: client-N
 * @param process of {@code onehop attach}
 * @param uri where NBD is served
 */
record Attached(String name, Process process, String uri) {
  private static final int READY_SECONDS = 60;

  /**
   * Starts a client and waits until it serves.
   *
   * @param number of the client, its first one is 1
   * @throws ChaosException if it does not serve in a minute; the message says what it said last
   */
  static Attached start(Cluster cluster, int number, boolean takeover)
      throws IOException, InterruptedException {
    String name = "client-" + number;
    String socket = "unix:" + cluster.dir().resolve("nbd-" + number + ".sock");
    String pid = "" + cluster.dir().resolve("run").resolve("client.pid");
    List<String> args =
        new java.util.ArrayList<>(
            List.of(
                "attach",
                Cluster.POOL,
                "--server",
                cluster.servers(),
                "--pid-file",
                pid,
                "--nbd",
                socket));
    if (takeover) {
      args.add("--takeover");
    }
    Path log = cluster.log(name);
    Process p = Launch.process(log, true, cluster.options(name), args.toArray(String[]::new));
    CompletableFuture<String> uri = new CompletableFuture<>();
    Thread.ofPlatform().daemon().name(name + "-output").start(() -> readUri(p, uri));
    try {
      return new Attached(name, p, uri.get(READY_SECONDS, TimeUnit.SECONDS));
    } catch (ExecutionException | TimeoutException e) {
      Launch.kill(p);
      List<String> said = Files.readAllLines(log);
      throw new ChaosException(
          name + " does not serve: " + (said.isEmpty() ? "see " + log : said.getLast()));
    } catch (InterruptedException e) {
      Launch.kill(p);
      throw e;
    }
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
    uri.completeExceptionally(new IOException("it ended without serving"));
  }

  /** The last line that it said. */
  String lastWord(Cluster cluster) {
    try {
      List<String> said = Files.readAllLines(cluster.log(name));
      return said.isEmpty() ? "" : said.getLast();
    } catch (IOException e) {
      return "";
    }
  }
}
