package io.onehop.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Programs of others on regions of their own, again and again: what they wrote must be there, later
 * too. They may fail only if the client that they were connected to was killed or taken over.
 */
final class Jobs {
  private static final long GIVE_UP_MILLIS = 10_000;

  private final Path dir;
  private final Keeper keeper;
  private final Tally tally;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopping;

  Jobs(Path dir, Keeper keeper, Tally tally) {
    this.dir = dir;
    this.keeper = keeper;
    this.tally = tally;
  }

  private interface Round {
    /** One round; false if its server went away meanwhile. */
    void run(SplittableRandom random) throws IOException, InterruptedException;
  }

  private void loop(String name, long seed, Round round) {
    SplittableRandom random = new SplittableRandom(seed);
    Thread t =
        new Thread(
            () -> {
              try {
                while (!stopping) {
                  round.run(random);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (IOException | RuntimeException e) {
                tally.violation(name + " cannot be run: " + e);
              }
            },
            "chaos-" + name);
    t.setDaemon(true);
    threads.add(t);
    t.start();
  }

  /** Lets the rounds under way end, and no other begin. */
  void stop() throws InterruptedException {
    stopping = true;
    for (Thread t : threads) {
      t.join();
    }
  }

  /** Breaks the rounds off. */
  void giveUp() throws InterruptedException {
    stopping = true;
    for (Thread t : threads) {
      t.interrupt();
      t.join(GIVE_UP_MILLIS);
    }
  }

  private Keeper.@Nullable Serving serving() throws InterruptedException {
    while (!stopping) {
      Keeper.Serving s = keeper.serving();
      if (s != null) {
        return s;
      }
      Thread.sleep(20);
    }
    return null;
  }

  private void pause(SplittableRandom random) throws InterruptedException {
    long end = System.nanoTime() + random.nextInt(3_000) * 1_000_000L;
    while (!stopping && System.nanoTime() < end) {
      Thread.sleep(20);
    }
  }

  /**
   * Runs a tool while one client serves; null if that client went away, and the outcome is void.
   */
  private @Nullable Boolean run(
      String what, Keeper.Serving s, Path log, List<String> command, SplittableRandom random)
      throws IOException, InterruptedException {
    Tool.Ended e = Tool.run(log, command);
    if (e.code() == 0) {
      tally.work(what, 1);
      return true;
    }
    // The client's end is seen here a moment later than by the tool.
    pause(random);
    if (!keeper.still(s)) {
      boolean data = e.said().contains("verify:") || e.said().contains("crc32c:");
      if (data) {
        tally.violation(what + " found wrong data: " + String.join(" ", command) + ": " + e.said());
      }
      tally.work(what + " broken off by the end of the client", 1);
      return null;
    }
    tally.violation(
        what
            + " failed, code "
            + e.code()
            + ": "
            + e.last()
            + " ("
            + String.join(" ", command)
            + ")");
    return false;
  }

  /** fio: random writes with checksums, verified at once, and again some time and faults later. */
  void fio(long seed, long offset, long bytes) {
    loop(
        "fio",
        seed,
        random -> {
          Keeper.Serving s = serving();
          if (s == null) {
            return;
          }
          long randseed = random.nextInt(1 << 30);
          int depth = 1 << random.nextInt(6);
          String size = List.of("4k", "4k", "16k", "64k").get(random.nextInt(4));
          List<String> write = fioCommand(s, offset, bytes, randseed, depth, size);
          if (Boolean.TRUE.equals(
              run("fio write and verify", s, dir.resolve("fio.txt"), write, random))) {
            pause(random);
            Keeper.Serving later = serving();
            if (later != null) {
              List<String> verify = fioCommand(later, offset, bytes, randseed, depth, size);
              verify.add("--verify_only");
              var _ = run("fio verify later", later, dir.resolve("fio.txt"), verify, random);
            }
          }
        });
  }

  private static List<String> fioCommand(
      Keeper.Serving s, long offset, long bytes, long randseed, int depth, String size) {
    return new ArrayList<>(
        List.of(
            "fio",
            "--name=chaos",
            "--ioengine=nbd",
            "--uri=" + s.uri(),
            "--rw=randwrite",
            "--bs=" + size,
            "--iodepth=" + depth,
            "--offset=" + offset,
            "--size=" + bytes,
            "--randseed=" + randseed,
            "--verify=crc32c",
            "--verify_fatal=1",
            "--do_verify=1",
            "--verify_state_save=0"));
  }

  /** nbdcopy: random content into a region, and out again. */
  void nbdcopy(long seed, long offset, int bytes) {
    Path in = dir.resolve("copy-in.raw");
    Path out = dir.resolve("copy-out.raw");
    loop(
        "nbdcopy",
        seed,
        random -> {
          byte[] noise = new byte[bytes];
          random.nextBytes(noise);
          // Some holes.
          for (int i = random.nextInt(8); i > 0; i--) {
            int from = random.nextInt(bytes);
            java.util.Arrays.fill(noise, from, Math.min(bytes, from + 70_000), (byte) 0);
          }
          Files.write(in, noise);
          Keeper.Serving s = serving();
          if (s == null) {
            return;
          }
          List<String> there = new ArrayList<>(List.of("nbdcopy", "--flush", "--", in.toString()));
          there.addAll(region(s, offset, bytes));
          if (!Boolean.TRUE.equals(
              run("nbdcopy in", s, dir.resolve("nbdcopy.txt"), there, random))) {
            return;
          }
          pause(random);
          Keeper.Serving later = serving();
          if (later == null) {
            return;
          }
          Files.deleteIfExists(out);
          List<String> back = new ArrayList<>(List.of("nbdcopy", "--"));
          back.addAll(region(later, offset, bytes));
          back.add(out.toString());
          if (Boolean.TRUE.equals(
              run("nbdcopy out", later, dir.resolve("nbdcopy.txt"), back, random))) {
            long differs = Files.mismatch(in, out);
            if (differs >= 0) {
              tally.violation(
                  "nbdcopy read other content than it wrote, from byte " + (offset + differs));
            }
          }
        });
  }

  private static List<String> region(Keeper.Serving s, long offset, long bytes) {
    return List.of(
        "[",
        "nbdkit",
        "--exit-with-parent",
        "--filter=offset",
        "nbd",
        "uri=" + s.uri(),
        "offset=" + offset,
        "range=" + bytes,
        "]");
  }
}
