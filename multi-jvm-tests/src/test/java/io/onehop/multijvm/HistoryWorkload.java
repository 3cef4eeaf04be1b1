package io.onehop.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.multijvm.RequestMix.Kind;
import io.onehop.multijvm.RequestMix.Request;
import io.onehop.nbd.client.NbdClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Random writes, zeroes, trims, reads and flushes through NBD at a fixed queue depth, aligned and
 * unaligned, with a history of every cell. At most one request per cell is in flight, requests
 * within one block may be many; reads are judged as they come. It survives its server's death:
 * {@link #start} on another one goes on with the same history.
 */
final class HistoryWorkload implements AutoCloseable {
  /** Requests in flight. */
  static final int DEPTH = 32;

  private static final int BUFFER_BYTES = RequestMix.MOST_BLOCKS * RequestMix.BLOCK;
  private static final int REMEMBERED = 4096;
  private static final long PATIENCE_SECONDS = 60;

  /** A request of one connection: {@code connection} counts the calls of {@link #start}. */
  private record Op(Request request, int version, ByteBuffer buffer, int connection) {}

  private final CellHistory history;
  private final RequestMix mix;
  private final BitSet busy = new BitSet();
  private final BitSet touched = new BitSet();
  private final ArrayDeque<Request> recent = new ArrayDeque<>();
  private final ArrayDeque<ByteBuffer> buffers = new ArrayDeque<>();
  private @Nullable NbdClient nbd;
  private @Nullable Thread issuer;
  private int connections;
  private final Set<Op> open = Collections.newSetFromMap(new IdentityHashMap<>());
  private int version;
  private int inFlight;
  private boolean stopping;
  private long acks;
  private long bytes;
  private int errors;
  private String wrong = "";
  private long lastAck = System.nanoTime();
  private long longestStall;

  HistoryWorkload(long sizeBytes, long seed) {
    this.history = new CellHistory(sizeBytes);
    this.mix = new RequestMix(history.cells(), seed);
    for (int i = 0; i < DEPTH; i++) {
      buffers.add(ByteBuffer.allocateDirect(BUFFER_BYTES));
    }
  }

  /** Connects and begins, or goes on, writing. */
  HistoryWorkload start(String uri) {
    assertThat(issuer).as("the workload rests").isNull();
    try {
      NbdClient c = NbdClient.connect(uri);
      assertThat(c.sizeBytes()).as("size of the export").isEqualTo(history.sizeBytes());
      nbd = c;
      synchronized (this) {
        stopping = false;
        errors = 0;
        connections++;
        lastAck = System.nanoTime();
        mix.moveZone();
      }
      int connection = connections;
      Thread t = new Thread(() -> issue(c, connection), "history-workload");
      t.setDaemon(true);
      t.start();
      issuer = t;
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void issue(NbdClient c, int connection) {
    try {
      while (true) {
        Op op = next(connection);
        if (op == null) {
          return;
        }
        submit(c, op);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The next request that meets none in flight; null at the end. */
  private synchronized @Nullable Op next(int connection) throws InterruptedException {
    while (!stopping && connection == connections && inFlight == DEPTH) {
      wait();
    }
    ByteBuffer buffer = buffers.peek();
    if (stopping || connection != connections || buffer == null) {
      return null;
    }
    Request r = mix.draw();
    while (!busy.get(r.first(), r.first() + r.count()).isEmpty()) {
      r = mix.draw();
    }
    Op op = new Op(r, r.kind().data() ? ++version : CellHistory.ZERO, buffer.clear(), connection);
    busy.set(r.first(), r.first() + r.count());
    buffers.remove();
    open.add(op);
    inFlight++;
    if (r.changes()) {
      recent.add(r);
      if (recent.size() > REMEMBERED) {
        recent.remove();
      }
      touched.set(r.firstBlock(), r.endBlock());
    }
    if (r.kind().data()) {
      history.fill(buffer, r.first(), r.count(), op.version);
      buffer.flip();
    }
    return op;
  }

  private void submit(NbdClient c, Op op) {
    Request r = op.request;
    long at = (long) r.first() * CellHistory.CELL;
    long length = r.count() == 0 ? 0 : history.end(r.first() + r.count() - 1) - at;
    NbdClient.Callback done = error -> done(op, error);
    try {
      switch (r.kind()) {
        case WRITE, FUA -> c.write(at, op.buffer, r.kind() == Kind.FUA, done);
        case ZEROES -> c.writeZeroes(at, length, r.first() % 2 == 0, false, done);
        case TRIM -> c.trim(at, length, false, done);
        case READ -> c.read(at, op.buffer.limit((int) length), done);
        case FLUSH -> c.flush(done);
      }
    } catch (IOException e) {
      synchronized (this) { // nothing was sent
        if (op.connection == connections) {
          stopping = true;
          vacate(op);
        }
      }
    }
  }

  private synchronized void done(Op op, int error) {
    if (op.connection != connections) {
      return; // it was given up, in doubt, before this connection's successor
    }
    Request r = op.request;
    if (error == 0) {
      if (r.kind() == Kind.READ) {
        judge(r.first(), r.count(), op.buffer, "read while writing");
      } else if (r.changes()) {
        history.acknowledged(r.first(), r.count(), op.version);
        long now = System.nanoTime();
        longestStall = Math.max(longestStall, now - lastAck);
        lastAck = now;
        acks++;
        bytes += (long) r.count() * CellHistory.CELL;
      }
    } else {
      doubt(op);
      if (error == NbdClient.DISCONNECTED) {
        stopping = true;
      } else {
        errors++;
      }
    }
    vacate(op);
  }

  private void doubt(Op op) {
    if (op.request.changes()) {
      history.doubtful(op.request.first(), op.request.count(), op.version);
    }
  }

  private void vacate(Op op) {
    open.remove(op);
    busy.clear(op.request.first(), op.request.first() + op.request.count());
    buffers.add(op.buffer);
    inFlight--;
    notifyAll();
  }

  private void judge(int first, int count, ByteBuffer content, String where) {
    long start = (long) first * CellHistory.CELL;
    for (int cell = first; cell < first + count; cell++) {
      int at = (int) ((long) cell * CellHistory.CELL - start);
      if (!history.observed(cell, content, at) && wrong.isEmpty()) {
        wrong = where + ": " + history.describe(cell, content, at);
      }
    }
  }

  /** Waits until so many more writes are acknowledged. */
  void awaitMore(long more) {
    long goal = acks() + more;
    Eventually.await(
        more + " more writes are acknowledged",
        60,
        () -> {
          NbdClient c = nbd;
          assertThat(c == null ? "none" : c.endedBecause()).as("connection's end").isNull();
          return acks() >= goal;
        });
  }

  /** A random instant with at least 16 requests in flight: where a fault may strike. */
  void randomInstant(SplittableRandom faults) {
    awaitMore(200 + faults.nextInt(2000));
    Eventually.await("16 requests are in flight", 20, () -> inFlight() >= 16);
  }

  synchronized long acks() {
    return acks;
  }

  /** Bytes of all acknowledged writes. */
  synchronized long bytes() {
    return bytes;
  }

  synchronized int inFlight() {
    return inFlight;
  }

  /** Between {@link #start} and {@link #stop} or {@link #disconnected}. */
  boolean running() {
    return issuer != null;
  }

  synchronized int errors() {
    return errors;
  }

  /** From now on the longest stall is measured anew. */
  synchronized void forgetStalls() {
    longestStall = 0;
  }

  /** Longest time between two acknowledged writes while there were some to wait for. */
  synchronized long longestStallMillis() {
    return Math.max(longestStall, inFlight == 0 ? 0 : System.nanoTime() - lastAck) / 1_000_000;
  }

  /** From now on blocks touched are counted, those of the last requests of a window included. */
  synchronized void countTouched() {
    mix.moveZone();
    touched.clear();
    recent.forEach(r -> touched.set(r.firstBlock(), r.endBlock()));
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
      assertThat(errors()).as("NBD errors").isZero();
      c.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      c.close();
    }
    check();
  }

  /** The server is gone: takes in that what was in flight may or may not have been done. */
  void disconnected() {
    NbdClient dying = nbd;
    Eventually.await("the server is gone", 20, () -> dying == null || dying.endedBecause() != null);
    rest().close();
    check();
  }

  /**
   * Gives the connection up with requests in flight, which may or may not have been done; their
   * answers do not count any more. The connection stays open.
   */
  synchronized NbdClient abandon() {
    NbdClient c = nbd;
    if (c == null) {
      throw new IllegalStateException("never started");
    }
    connections++;
    for (Op op : List.copyOf(open)) {
      doubt(op);
      vacate(op);
      // The old connection may still use its buffer.
      buffers.removeLast();
      buffers.add(ByteBuffer.allocateDirect(BUFFER_BYTES));
    }
    issuer = null;
    nbd = null;
    return c;
  }

  private NbdClient rest() {
    NbdClient c = nbd;
    Thread t = issuer;
    if (c == null || t == null) {
      throw new IllegalStateException("never started");
    }
    synchronized (this) {
      stopping = true;
      notifyAll();
    }
    try {
      assertThat(t.join(Duration.ofSeconds(PATIENCE_SECONDS))).as("it comes to rest").isTrue();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      synchronized (this) {
        while (inFlight > 0 && System.nanoTime() - end < 0) {
          TimeUnit.SECONDS.timedWait(this, 1);
        }
        assertThat(inFlight).as("requests never answered").isZero();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    issuer = null;
    nbd = null;
    return c;
  }

  /** No read so far was wrong. */
  synchronized void check() {
    assertThat(wrong).as("a wrong read").isEmpty();
  }

  /** Reads all of the pool through NBD. */
  void verify(String uri) {
    ByteBuffer b = ByteBuffer.allocateDirect(1 << 20);
    try (NbdClient c = NbdClient.connect(uri)) {
      int step = b.capacity() / CellHistory.CELL;
      for (int first = 0; first < history.cells(); first += step) {
        int count = Math.min(step, history.cells() - first);
        long at = (long) first * CellHistory.CELL;
        b.clear().limit((int) (history.end(first + count - 1) - at));
        c.read(at, b);
        synchronized (this) {
          judge(first, count, b, "read back through NBD");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    check();
  }

  /** Judges a part of a raw store, from cell {@code first} on. */
  synchronized void judgeStore(int first, ByteBuffer content, String where) {
    int count = (content.limit() + CellHistory.CELL - 1) / CellHistory.CELL;
    judge(first, count, content, where);
  }

  long sizeBytes() {
    return history.sizeBytes();
  }

  synchronized String summary() {
    return "%d writes acknowledged, longest stall %d ms, %d cells in doubt"
        .formatted(acks, longestStallMillis(), history.doubtfulCells());
  }

  @Override
  public void close() {
    NbdClient c = nbd;
    if (c != null) {
      c.close();
    }
  }
}
