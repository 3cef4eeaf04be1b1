package io.onehop.cli;

import io.onehop.nbd.client.NbdClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Random writes through NBD at a fixed queue depth, with a history: for every block, which version
 * was acknowledged last. A block holds its number and version over and over, so a wrong, old, torn
 * or misplaced block is seen. At most one write per block is in flight, so after {@link #stop} the
 * content of every block is known exactly.
 */
final class Workload implements AutoCloseable {
  static final int BLOCK = 4096;
  private static final int MOST_BLOCKS = 16;
  private static final int READ_BLOCKS = 64;
  private static final int READ_DEPTH = 16;
  private static final long SECOND = 1_000_000_000L;

  private final NbdClient nbd;
  private final SplittableRandom random;
  private final int blocks;
  private final int[] acknowledged;
  private final int[] written;
  private final BitSet busy = new BitSet();
  private final BitSet ever = new BitSet();
  private final ArrayDeque<ByteBuffer> buffers = new ArrayDeque<>();
  private final Thread thread;
  private long writes;
  private long bytes;
  private long lastAck = System.nanoTime();
  private long longestStall;
  private long markedAt;
  private long firstAfterMark = -1;
  private int errors;
  private String firstError = "";
  private int inFlight;
  private boolean stopping;
  private final int depth;

  /** Starts writing all over the export. */
  Workload(String uri, int depth, long seed) throws IOException {
    this.nbd = NbdClient.connect(uri);
    this.depth = depth;
    this.random = new SplittableRandom(seed);
    this.blocks = (int) Math.min(nbd.sizeBytes() / BLOCK, 1 << 22);
    this.acknowledged = new int[blocks];
    this.written = new int[blocks];
    for (int i = 0; i < depth; i++) {
      buffers.add(ByteBuffer.allocateDirect(MOST_BLOCKS * BLOCK));
    }
    this.thread = Thread.ofPlatform().name("workload").start(this::run);
  }

  private void run() {
    try {
      while (true) {
        int first;
        int count;
        ByteBuffer buffer;
        synchronized (this) {
          while (!stopping && inFlight == depth) {
            wait();
          }
          if (stopping) {
            return;
          }
          count = random.nextInt(4) == 0 ? 1 + random.nextInt(MOST_BLOCKS) : 1;
          first = random.nextInt(blocks - count + 1);
          if (busy.get(first, first + count).cardinality() > 0) {
            continue;
          }
          busy.set(first, first + count);
          buffer = java.util.Objects.requireNonNull(buffers.poll());
          inFlight++;
        }
        buffer.clear();
        for (int b = first; b < first + count; b++) {
          written[b]++;
          fill(buffer, b, written[b]);
        }
        buffer.flip();
        long submitted = System.nanoTime();
        nbd.write(
            (long) first * BLOCK,
            buffer,
            false,
            error -> done(first, count, buffer, submitted, error));
      }
    } catch (IOException e) {
      synchronized (this) {
        failed(String.valueOf(e.getMessage()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void fill(ByteBuffer into, int block, int version) {
    for (int i = 0; i < BLOCK / 8; i++) {
      into.putLong(stamp(block, version, i));
    }
  }

  private static long stamp(int block, int version, int word) {
    return ((long) version << 32 | block) * 0x9E3779B97F4A7C15L + word;
  }

  private synchronized void done(
      int first, int count, ByteBuffer buffer, long submitted, int error) {
    long now = System.nanoTime();
    inFlight--;
    buffers.add(buffer);
    if (error != 0) {
      failed("NBD error " + error);
    } else {
      for (int b = first; b < first + count; b++) {
        acknowledged[b] = written[b];
      }
      ever.set(first, first + count);
      busy.clear(first, first + count);
      writes++;
      bytes += (long) count * BLOCK;
      longestStall = Math.max(longestStall, now - lastAck);
      lastAck = now;
      if (markedAt != 0 && firstAfterMark < 0 && submitted >= markedAt) {
        firstAfterMark = now - markedAt;
      }
    }
    notifyAll();
  }

  private void failed(String why) {
    errors++;
    if (firstError.isEmpty()) {
      firstError = why;
    }
    stopping = true;
    notifyAll();
  }

  /** Something was done to the pool just now. */
  synchronized void mark() {
    markedAt = System.nanoTime();
    firstAfterMark = -1;
  }

  /**
   * Nanoseconds from {@link #mark} to the first acknowledgement of a write sent after it; -1 if
   * none.
   */
  synchronized long firstAfterMark() {
    return firstAfterMark;
  }

  synchronized long writes() {
    return writes;
  }

  synchronized long bytes() {
    return bytes;
  }

  synchronized long longestStallNanos() {
    return longestStall;
  }

  synchronized int errors() {
    return errors;
  }

  synchronized String firstError() {
    return firstError;
  }

  /** Ends the writing, waits for what is in flight, flushes. */
  void stop() throws IOException {
    long end = System.nanoTime() + 60 * SECOND;
    synchronized (this) {
      stopping = true;
      notifyAll();
      try {
        while (inFlight > 0 && System.nanoTime() < end) {
          TimeUnit.NANOSECONDS.timedWait(this, SECOND);
        }
        if (inFlight > 0) {
          throw new IOException(inFlight + " writes were not answered in 60 s");
        }
      } catch (InterruptedException e) {
        throw new Failure(130, "interrupted", e);
      }
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new Failure(130, "interrupted", e);
    }
    if (errors == 0) {
      nbd.flush();
    }
  }

  /** Reads every block that was ever written back through NBD; how many are wrong. */
  long wrongThroughNbd() throws IOException {
    AtomicLong wrong = new AtomicLong();
    AtomicInteger error = new AtomicInteger();
    BlockingQueue<ByteBuffer> free = new LinkedBlockingQueue<>();
    for (int i = 0; i < READ_DEPTH; i++) {
      free.add(ByteBuffer.allocateDirect(READ_BLOCKS * BLOCK));
    }
    try {
      for (int b = ever.nextSetBit(0); b >= 0; b = ever.nextSetBit(b)) {
        int first = b;
        int next = Math.min(ever.nextClearBit(first), first + READ_BLOCKS);
        ByteBuffer into = free.take().clear().limit((next - first) * BLOCK);
        nbd.read(
            (long) first * BLOCK,
            into,
            e -> {
              error.compareAndSet(0, e);
              wrong.addAndGet(e == 0 ? wrong(into.duplicate(), first, next) : next - first);
              free.add(into);
            });
        b = next;
      }
      for (int i = 0; i < READ_DEPTH; i++) {
        free.take();
      }
    } catch (InterruptedException e) {
      throw new Failure(Signals.INTERRUPTED, "interrupted", e);
    }
    if (error.get() != 0) {
      throw new IOException("reading back through NBD: error " + error.get());
    }
    return wrong.get();
  }

  private long wrong(ByteBuffer content, int first, int next) {
    long wrong = 0;
    for (int b = first; b < next; b++) {
      int at = (b - first) * BLOCK;
      wrong += matches(content.slice(at, BLOCK), b) ? 0 : 1;
    }
    return wrong;
  }

  /** Whether {@code content} (one block) is what was acknowledged last for {@code block}. */
  boolean matches(ByteBuffer content, int block) {
    int version = acknowledged[block];
    for (int i = 0; i < BLOCK / 8; i++) {
      if (content.getLong() != (version == 0 ? 0 : stamp(block, version, i))) {
        return false;
      }
    }
    return true;
  }

  int blocks() {
    return blocks;
  }

  @Override
  public void close() {
    nbd.close();
  }
}
