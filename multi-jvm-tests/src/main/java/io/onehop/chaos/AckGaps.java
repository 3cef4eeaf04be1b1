package io.onehop.chaos;

import io.onehop.nbd.client.NbdClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Random writes through NBD at a fixed queue depth, and the longest time without an acknowledged
 * one since a fault. It outlives its server: {@link #connect} goes on with another one.
 */
final class AckGaps implements AutoCloseable {
  private static final int BLOCK = 4096;
  private static final int DEPTH = 16;

  private final SplittableRandom random;
  private final ByteBuffer content = ByteBuffer.allocateDirect(BLOCK);
  private @Nullable NbdClient nbd;
  private @Nullable Thread issuer;
  private int connections;
  private boolean lost;
  private long lastAck = System.nanoTime();
  private long struckAt;
  private long longest;
  private long recovered;
  private String failed = "";

  AckGaps(long seed) {
    random = new SplittableRandom(seed);
  }

  /** Begins, or goes on, writing. */
  void connect(String uri) throws IOException {
    NbdClient c = NbdClient.connect(uri);
    int connection;
    synchronized (this) {
      connection = ++connections;
      lost = false;
      nbd = c;
    }
    issuer = Thread.ofPlatform().daemon().name("ack-gaps").start(() -> write(c, connection));
  }

  private void write(NbdClient c, int connection) {
    long blocks = c.sizeBytes() / BLOCK;
    Semaphore free = new Semaphore(DEPTH);
    try {
      while (current(connection)) {
        free.acquire();
        long sent = System.nanoTime();
        c.write(
            random.nextLong(blocks) * BLOCK,
            content.duplicate(),
            false,
            error -> {
              done(connection, sent, error);
              free.release();
            });
      }
    } catch (IOException e) {
      done(connection, 0, NbdClient.DISCONNECTED);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean current(int connection) {
    return connection == connections && !lost;
  }

  private synchronized void done(int connection, long sent, int error) {
    if (connection != connections || lost) {
      return;
    }
    if (error != 0) {
      failed = failed.isEmpty() ? "a write failed with error " + error : failed;
      lost = true;
      return;
    }
    long now = System.nanoTime();
    longest = Math.max(longest, now - lastAck);
    lastAck = now;
    recovered += sent - struckAt >= 0 ? 1 : 0;
  }

  /** The server is about to be killed: that it goes away is no failure. */
  synchronized void expectLoss() {
    connections++;
  }

  /** A fault is about to strike: pauses count from the last write acknowledged before. */
  synchronized void fault() {
    longest = 0;
  }

  /** The fault has struck: what is acknowledged of what is sent from now on is recovery. */
  synchronized void struck() {
    struckAt = System.nanoTime();
    recovered = 0;
  }

  /** Writes sent and acknowledged after the fault had struck. */
  synchronized long recovered() {
    return recovered;
  }

  /** Longest time without an acknowledged write since the fault, until now, milliseconds. */
  synchronized double longestMillis() {
    return Math.max(longest, System.nanoTime() - lastAck) / 1e6;
  }

  /** The first error that was not expected, or empty. */
  synchronized String failed() {
    return failed;
  }

  @Override
  public void close() {
    synchronized (this) {
      connections++;
    }
    NbdClient c = nbd;
    Thread t = issuer;
    if (c != null) {
      c.close();
    }
    if (t != null) {
      t.interrupt();
    }
  }
}
