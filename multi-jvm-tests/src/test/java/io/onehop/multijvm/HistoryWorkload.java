package io.onehop.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.chaos.RecordedLoad;
import io.onehop.chaos.RequestMix;
import io.onehop.chaos.RequestMix.Request;
import io.onehop.history.HistoryCheck;
import io.onehop.history.HistoryRecorder;
import io.onehop.history.Stamp;
import io.onehop.history.Verdict;
import io.onehop.nbd.client.NbdClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Random writes, zeroes, trims, reads and flushes through NBD at a fixed queue depth, aligned and
 * unaligned, recorded in a history of 512-byte cells, an eighth of a block. It survives its
 * server's death: {@link #start} on another one goes on with the same history. {@link #check}
 * judges all of it so far.
 */
final class HistoryWorkload implements AutoCloseable {
  /** Requests in flight. */
  static final int DEPTH = 32;

  /** Bytes of a cell; the last one may be shorter. */
  static final int CELL = 512;

  private static final int BLOCK_CELLS = RequestMix.BLOCK / CELL;
  private static final int READ_PERCENT = 12;
  private static final int REMEMBERED = 4096;
  private static final int PATIENCE_SECONDS = 60;

  private final long sizeBytes;
  private final Path file;
  private final HistoryRecorder history;
  private final RecordedLoad load;
  private final BitSet touched = new BitSet();
  private final ArrayDeque<Request> recent = new ArrayDeque<>();
  private @Nullable String violated;

  HistoryWorkload(long sizeBytes, long seed) {
    this.sizeBytes = sizeBytes;
    int cells = Math.toIntExact((sizeBytes + CELL - 1) / CELL);
    try {
      this.file = Files.createTempFile("onehop-it-", ".history");
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.history = new HistoryRecorder(file, CELL, cells, System::nanoTime);
    RequestMix mix = new RequestMix(CELL, 0, cells, READ_PERCENT, seed);
    this.load = new RecordedLoad(history, mix, CELL, sizeBytes, DEPTH, 0, this::drawn);
  }

  private synchronized void drawn(Request r) {
    if (r.changes()) {
      recent.add(r);
      if (recent.size() > REMEMBERED) {
        recent.remove();
      }
      touch(r);
    }
  }

  private void touch(Request r) {
    touched.set(r.first() / BLOCK_CELLS, (r.first() + r.count() - 1) / BLOCK_CELLS + 1);
  }

  /** Connects and begins, or goes on, writing. */
  HistoryWorkload start(String uri) {
    try {
      load.start(uri);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until so many more writes are acknowledged. */
  void awaitMore(long more) {
    long goal = acks() + more;
    Eventually.await(
        more + " more writes are acknowledged",
        60,
        () -> {
          assertThat(load.endedBecause()).as("connection's end").isNull();
          return acks() >= goal;
        });
  }

  /** A random instant with at least 16 requests in flight: where a fault may strike. */
  void randomInstant(SplittableRandom faults) {
    awaitMore(200 + faults.nextInt(2000));
    Eventually.await("16 requests are in flight", 20, () -> inFlight() >= 16);
  }

  long acks() {
    return load.acks();
  }

  /** Bytes of all acknowledged writes. */
  long bytes() {
    return load.bytes();
  }

  int inFlight() {
    return load.inFlight();
  }

  /** Between {@link #start} and {@link #stop} or {@link #disconnected}. */
  boolean running() {
    return load.running();
  }

  int errors() {
    return load.errors();
  }

  /** From now on the longest stall is measured anew. */
  void forgetStalls() {
    load.forgetStalls();
  }

  /** Longest time between two acknowledged writes while there were some to wait for. */
  long longestStallMillis() {
    return load.longestStallMillis();
  }

  /** From now on blocks touched are counted, those of the last requests of a window included. */
  void countTouched() {
    load.moveZone();
    synchronized (this) {
      touched.clear();
      recent.forEach(this::touch);
    }
  }

  /** Blocks that a leg may have missed, or may doubt, since {@link #countTouched}. */
  synchronized int touchedBlocks() {
    return touched.cardinality();
  }

  /**
   * Ends the writing: waits for what is in flight, flushes, closes; no error may have been seen.
   */
  void stop() {
    NbdClient c = rest();
    try {
      assertThat(c.endedBecause()).as("the NBD connection ended").isNull();
      assertThat(errors()).as("NBD errors, first " + load.firstError()).isZero();
      long number = history.flush(load.session());
      c.flush();
      history.done(number);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      c.close();
    }
  }

  /**
   * The server is gone, with its session: what was in flight may or may not have been done, but not
   * after the next one serves.
   */
  void disconnected() {
    Eventually.await(
        "the server is gone", 20, () -> !load.running() || load.endedBecause() != null);
    rest().close();
    load.sessionOver();
  }

  /**
   * Gives the connection up with requests in flight, which may or may not have been done before the
   * next client serves; their answers do not count any more. The connection stays open.
   */
  NbdClient abandon() {
    load.sessionOver();
    return load.abandon();
  }

  private NbdClient rest() {
    try {
      NbdClient c = load.rest(PATIENCE_SECONDS);
      if (c == null) {
        throw new AssertionError(inFlight() + " requests were never answered");
      }
      return c;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** The history so far does not contradict itself; a bad one is kept. */
  void check() {
    history.flush();
    try {
      Verdict verdict = HistoryCheck.of(file);
      if (!verdict.good() && violated == null) {
        Path kept = Path.of("target", "it-logs").resolve(String.valueOf(file.getFileName()));
        Files.createDirectories(Path.of("target", "it-logs"));
        Files.copy(file, kept, StandardCopyOption.REPLACE_EXISTING);
        violated = kept.toAbsolutePath().toString();
      }
      assertThat(verdict.good()).as(violated + ":\n" + verdict.text()).isTrue();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads all of the pool through NBD, and judges. */
  void verify(String uri) {
    try {
      load.readBack(uri);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    check();
  }

  /** Writes all of some blocks, in one request. Not between {@link #start} and {@link #stop}. */
  void overwrite(String uri, int block, int blocks) {
    int first = block * BLOCK_CELLS;
    int count = blocks * BLOCK_CELLS;
    int value = history.newValue();
    ByteBuffer content = ByteBuffer.allocateDirect(count * CELL);
    for (int cell = first; cell < first + count; cell++) {
      Stamp.put(content, CELL, cell, value);
    }
    try (NbdClient c = NbdClient.connect(uri)) {
      long number = history.write(load.session(), first, count, value, true);
      c.write((long) first * CELL, content.flip(), true);
      history.done(number);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same with zeroes. */
  void zero(String uri, int block, int blocks) {
    int first = block * BLOCK_CELLS;
    int count = blocks * BLOCK_CELLS;
    try (NbdClient c = NbdClient.connect(uri)) {
      long number = history.zeroes(load.session(), first, count, true);
      c.writeZeroes((long) first * CELL, (long) count * CELL, true, true);
      history.done(number);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A part of a raw store, from a cell's begin on, counts as read just now. */
  void observed(long offset, ByteBuffer content) {
    load.observed(offset, content);
  }

  long sizeBytes() {
    return sizeBytes;
  }

  String summary() {
    return "%d writes acknowledged, longest stall %d ms".formatted(acks(), longestStallMillis());
  }

  /** Closes the connection, if there is one. */
  void hangUp() {
    load.close();
  }

  @Override
  public void close() {
    hangUp();
    history.close();
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
