package io.onehop.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.onehop.nbd.wire.NbdAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The story of the README, for real. */
@Command(
    name = "demo",
    header = "Shows it all for real: writes, a killed node, the one-hop resync, a comparison.",
    description = {
      "",
      "Starts a pool of two data nodes, a witness and an NBD client as processes of their own,"
          + " writes",
      "through NBD, kills a data node with SIGKILL, goes on writing, restarts it, watches the"
          + " one-hop",
      "resync, and compares both stores with each other and with every acknowledged write."
    },
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  private static final int DEPTH = 16;
  private static final long LEAST_BYTES = 1 << 20;
  private static final String VICTIM = "node-b";

  @Option(names = "--dir", paramLabel = "DIR", description = "Use and keep this folder.")
  private @Nullable Path dir;

  @Option(names = "--size", paramLabel = "SIZE", description = "Size of the pool (default 256M).")
  private String size = "256M";

  private boolean held = true;

  @Override
  public Integer call() throws Exception {
    if (UpCommand.usage(() -> Units.bytes(size)) < LEAST_BYTES) {
      throw new Failure(Failure.USAGE, "--size: the demo needs at least 1 MiB");
    }
    boolean keep = dir != null;
    Path tmp = Path.of(System.getProperty("java.io.tmpdir"));
    Path at = dir != null ? dir : TempFolder.make(tmp, "onehop-demo-", "demo");
    Upper up = Upper.in(at, 2);
    Signals.onStop(Signals.INTERRUPTED, () -> finish(up, keep));
    try {
      story(up);
    } finally {
      finish(up, keep);
    }
    say(held ? "everything held" : "NOT everything held: see above");
    return held ? 0 : Failure.NO;
  }

  private static void finish(Upper up, boolean keep) {
    up.close();
    if (!keep) {
      TempFolder.delete(up.pool().dir());
    }
  }

  private static void say(String text) {
    System.out.println(text);
    System.out.flush();
  }

  private void check(boolean good, String text) {
    held &= good;
    say((good ? "  ok    " : "  WRONG ") + text);
  }

  private void story(Upper up) throws IOException {
    say("starting node-a, node-b, a witness and a client in " + up.pool().dir());
    up.startNodes();
    up.createPool(size);
    String uri = up.startClient(new NbdAddress.Unix(up.pool().socket()));
    Upper.await("both legs are in sync", 30, up::inSync);
    say("serving " + uri);
    try (Workload load = new Workload(uri, DEPTH, System.nanoTime())) {
      say("writing at random, queue depth " + DEPTH);
      pause(3_000);
      long before = load.writes();
      long afterKill = kill(up, load);
      pause(3_000);
      long degraded = load.writes() - before;
      JsonNode resync = restart(up, load);
      load.stop();
      check(
          load.errors() == 0,
          "no write failed" + (load.errors() == 0 ? "" : ": " + load.firstError()));
      long wrong = load.wrongThroughNbd();
      check(wrong == 0, "read back through NBD: " + wrong + " wrong blocks");
      JsonNode status = status(up);
      JsonNode shown = up.api().get("/v1/pools/" + LocalPool.POOL);
      say("stopping everything in order");
      up.close();
      compare(load, shown);
      summary(load, degraded, afterKill, resync, status);
    }
  }

  private static JsonNode status(Upper up) {
    return up.api().get("/v1/status?pool=" + LocalPool.POOL).path("pools").path(0);
  }

  private long kill(Upper up, Workload load) {
    Optional<ProcessHandle> victim = up.pool().node(VICTIM);
    if (victim.isEmpty()) {
      throw new Failure(Failure.NO, VICTIM + " is not running");
    }
    say("SIGKILL to " + VICTIM + " (pid " + victim.get().pid() + ") in the middle of writing");
    victim.get().destroyForcibly();
    load.mark();
    Upper.await(
        "a write is acknowledged again", 30, () -> load.firstAfterMark() >= 0 || load.errors() > 0);
    Upper.await(
        VICTIM + " is out of the write set", 30, () -> !state(status(up)).equals("in-sync"));
    return load.firstAfterMark();
  }

  private static String state(JsonNode pool) {
    return leg(pool).path("state").asText();
  }

  private static JsonNode leg(JsonNode pool) {
    for (JsonNode l : pool.path("legs")) {
      if (l.path("node").asText().equals(VICTIM)) {
        return l;
      }
    }
    return pool.path("nowhere");
  }

  private JsonNode restart(Upper up, Workload load) {
    say("restarting " + VICTIM + "; writing goes on");
    up.startNode(VICTIM);
    boolean terminal = Terminal.console() != null;
    long[] most = {0};
    try (ProgressBar bar = terminal ? bar() : null) {
      Upper.await(
          VICTIM + " is in sync again",
          120,
          () -> {
            JsonNode p = status(up);
            long missing = leg(p).path("missingBytes").asLong();
            most[0] = Math.max(most[0], missing);
            if (bar != null && state(p).equals("syncing") && most[0] > 0) {
              bar.maxHint(most[0] >> 20);
              bar.stepTo((most[0] - missing) >> 20);
            }
            return state(p).equals("in-sync") || load.errors() > 0;
          });
    }
    JsonNode last = leg(status(up)).path("lastResync");
    say(VICTIM + " is in sync again");
    return last;
  }

  private static ProgressBar bar() {
    return new ProgressBarBuilder()
        .setTaskName("resync")
        .setUnit(" MiB", 1)
        .setInitialMax(1)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(100)
        .build();
  }

  private void compare(Workload load, JsonNode shown) throws IOException {
    List<FileChannel> stores = new ArrayList<>();
    List<Long> offsets = new ArrayList<>();
    try {
      for (JsonNode l : shown.path("legs")) {
        stores.add(FileChannel.open(Path.of(l.path("store").asText()), StandardOpenOption.READ));
        offsets.add(l.path("dataOffset").asLong());
      }
      long differ = 0;
      long wrong = 0;
      ByteBuffer first = ByteBuffer.allocateDirect(Workload.BLOCK);
      ByteBuffer other = ByteBuffer.allocateDirect(Workload.BLOCK);
      for (int b = 0; b < load.blocks(); b++) {
        read(stores.getFirst(), offsets.getFirst() + (long) b * Workload.BLOCK, first);
        for (int s = 1; s < stores.size(); s++) {
          read(stores.get(s), offsets.get(s) + (long) b * Workload.BLOCK, other);
          differ += first.mismatch(other) < 0 ? 0 : 1;
        }
        wrong += load.matches(first, b) ? 0 : 1;
      }
      check(stores.size() == 2 && differ == 0, "raw stores compared: " + differ + " blocks differ");
      check(wrong == 0, "every acknowledged write is there: " + wrong + " wrong blocks");
    } finally {
      for (FileChannel c : stores) {
        c.close();
      }
    }
  }

  private static void read(FileChannel c, long at, ByteBuffer into) throws IOException {
    into.clear();
    while (into.hasRemaining()) {
      if (c.read(into, at + into.position()) < 0) {
        throw new IOException("a store ends early, at " + at);
      }
    }
    into.clear();
  }

  private void summary(
      Workload load, long degraded, long afterKill, JsonNode resync, JsonNode status) {
    long missed = resync.path("missedBytes").asLong() / Workload.BLOCK;
    long copied = resync.path("copiedBytes").asLong() / Workload.BLOCK;
    long through = status.path("resyncBytesThroughClient").asLong(-1);
    check(missed > 0 && copied <= missed, "blocks copied are no more than blocks missed");
    check(through == 0, "no resync byte went through the client");
    say("");
    say(
        "writes acknowledged              "
            + load.writes()
            + " ("
            + Units.size(load.bytes())
            + ")");
    say("  of them while degraded         " + degraded);
    say("kill to next acknowledged write  " + afterKill / 1_000_000 + " ms");
    say("longest stall                    " + load.longestStallNanos() / 1_000_000 + " ms");
    say("blocks missed / copied           " + missed + " / " + copied);
    say("resync took                      " + resync.path("seconds").asDouble() + " s");
    say("resync bytes through the client  " + through);
  }

  static void pause(long millis) {
    long end = System.nanoTime() + millis * 1_000_000;
    Upper.within((int) (millis / 1000) + 1, () -> System.nanoTime() >= end);
  }
}
