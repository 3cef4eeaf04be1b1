package io.onehop.chaos;

import io.onehop.chaos.RequestMix.Kind;
import io.onehop.chaos.RequestMix.Request;
import io.onehop.history.HistoryRecorder;
import io.onehop.nbd.client.NbdClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Random requests through NBD at a fixed queue depth, recorded in a history. It survives its
 * server's death: {@link #start} on another one goes on with the same history. Any thread may call.
 */
public final class RecordedLoad implements AutoCloseable {
  private static final long SECOND = 1_000_000_000L;

  /** A request of one connection: {@code connection} counts the calls of {@link #start}. */
  private record Op(Request request, long number, ByteBuffer buffer, int connection) {}

  private final HistoryRecorder history;
  private final RequestMix mix;
  private final Geometry units;
  private final int depth;
  private final int perSecond;
  private final Consumer<Request> listener;
  private final ArrayDeque<ByteBuffer> buffers = new ArrayDeque<>();
  private @Nullable NbdClient nbd;
  private @Nullable Thread issuer;
  private int connections;
  private int session;
  private boolean sessionOver = true;
  private int inFlight;
  private boolean stopping;
  private long acks;
  private long bytes;
  private int errors;
  private String firstError = "";
  private final Stalls stalls = new Stalls();

  /**
   * A load at rest.
   *
   * @param history of the device, of units of {@code unitBytes}
   * @param mix what is asked for
   * @param unitBytes size of a unit
   * @param sizeBytes of the device; its last unit may be shorter
   * @param depth requests in flight
   * @param perSecond requests per second at most; 0 for as many as there can be
   * @param listener hears of every request before it is sent, under the load's lock
   */
  public RecordedLoad(
      HistoryRecorder history,
      RequestMix mix,
      int unitBytes,
      long sizeBytes,
      int depth,
      int perSecond,
      Consumer<Request> listener) {
    this.history = history;
    this.mix = mix;
    this.units = new Geometry(unitBytes, sizeBytes);
    this.depth = depth;
    this.perSecond = perSecond;
    this.listener = listener;
    for (int i = 0; i < depth; i++) {
      buffers.add(buffer());
    }
  }

  private static ByteBuffer buffer() {
    return ByteBuffer.allocateDirect(RequestMix.MOST_BLOCKS * RequestMix.BLOCK);
  }

  /**
   * Connects and begins, or goes on.
   *
   * @throws IOException if there is no such server, or one of another size
   */
  public void start(String uri) throws IOException {
    NbdClient c = NbdClient.connect(uri);
    if (c.sizeBytes() != units.sizeBytes()) {
      c.close();
      throw new IOException(uri + " has " + c.sizeBytes() + " bytes, not " + units.sizeBytes());
    }
    int connection;
    synchronized (this) {
      if (issuer != null) {
        c.close();
        throw new IllegalStateException("it runs already");
      }
      nbd = c;
      session();
      stopping = false;
      errors = 0;
      firstError = "";
      connection = ++connections;
      stalls.begin();
      mix.moveZone();
      Thread t = new Thread(() -> issue(c, connection), "recorded-load");
      t.setDaemon(true);
      issuer = t;
      t.start();
    }
  }

  /** The session that serves now; a new one after the last one's end, which is then known. */
  public synchronized int session() {
    if (sessionOver) {
      if (session != 0) {
        history.sessionEnded(session);
      }
      session = history.newSession();
      sessionOver = false;
    }
    return session;
  }

  /**
   * The session's client was killed, or its session taken over: what it had not answered can take
   * effect until the next one serves.
   */
  public synchronized void sessionOver() {
    sessionOver = true;
  }

  private void issue(NbdClient c, int connection) {
    long due = System.nanoTime();
    try {
      while (true) {
        Op op = next(connection, due);
        if (op == null) {
          return;
        }
        submit(c, op);
        long step = perSecond == 0 ? 0 : SECOND / perSecond;
        // What was missed is not made up for.
        due = Math.max(due + step, System.nanoTime() - SECOND / 10);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The next request, when there is room for it and its time has come; null at the end. */
  private synchronized @Nullable Op next(int connection, long due) throws InterruptedException {
    long early = perSecond == 0 ? 0 : due - System.nanoTime();
    while (!stopping && connection == connections && (inFlight == depth || early > 0)) {
      if (inFlight < depth) {
        TimeUnit.NANOSECONDS.timedWait(this, early);
      } else {
        wait();
      }
      early = perSecond == 0 ? 0 : due - System.nanoTime();
    }
    if (stopping || connection != connections) {
      return null;
    }
    Request r = mix.draw();
    listener.accept(r);
    ByteBuffer buffer = Objects.requireNonNull(buffers.poll()).clear();
    stalls.asked(inFlight);
    inFlight++;
    return new Op(r, invoke(r, buffer), buffer, connection);
  }

  private long invoke(Request r, ByteBuffer buffer) {
    return switch (r.kind()) {
      case WRITE, FUA -> {
        int value = history.newValue();
        units.stamp(buffer, r.first(), r.count(), value);
        buffer.flip();
        yield history.write(session, r.first(), r.count(), value, r.kind() == Kind.FUA);
      }
      case ZEROES, TRIM -> history.zeroes(session, r.first(), r.count(), false);
      case READ -> history.read(session, r.first(), r.count());
      case FLUSH -> history.flush(session);
    };
  }

  private void submit(NbdClient c, Op op) {
    Request r = op.request;
    long at = units.start(r.first());
    long length = units.bytes(r.first(), r.count());
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
      done(op, NbdClient.DISCONNECTED); // nothing was sent
    }
  }

  private synchronized void done(Op op, int error) {
    if (op.connection != connections) {
      return; // given up before
    }
    Request r = op.request;
    if (error == 0) {
      if (r.kind() == Kind.READ) {
        history.done(op.number, r.count(), i -> units.value(op.buffer, r.first(), i));
      } else {
        history.done(op.number);
      }
      if (r.changes()) {
        stalls.acknowledged();
        acks++;
        bytes += units.bytes(r.first(), r.count());
      }
    } else {
      history.failed(op.number);
      if (error == NbdClient.DISCONNECTED) {
        stopping = true;
      } else {
        errors++;
        firstError = firstError.isEmpty() ? r + ": " + error : firstError;
      }
    }
    buffers.add(op.buffer);
    inFlight--;
    stalls.left(inFlight);
    notifyAll();
  }

  /**
   * Records content that was read in some other way, just now, as a read by the session; what is
   * outside of this load's part is ignored.
   *
   * @param offset of the content on the device, at a unit's begin
   */
  public void observed(long offset, ByteBuffer content) {
    int begin = (int) (offset / units.unitBytes());
    int first = Math.max(begin, mix.base());
    int end = begin + (content.limit() + units.unitBytes() - 1) / units.unitBytes();
    int count = Math.min(end, mix.base() + mix.units()) - first;
    if (count > 0) {
      ByteBuffer part = content.duplicate().position((int) (units.start(first) - offset)).slice();
      long number = history.read(session(), first, count);
      history.done(number, count, i -> units.value(part, first, i));
    }
  }

  /**
   * Reads all of this load's part through NBD.
   *
   * @throws IOException if that fails
   */
  public void readBack(String uri) throws IOException {
    ByteBuffer b = ByteBuffer.allocateDirect(1 << 20);
    try (NbdClient c = NbdClient.connect(uri)) {
      int step = b.capacity() / units.unitBytes();
      int to = mix.base() + mix.units();
      for (int first = mix.base(); first < to; first += step) {
        int count = Math.min(step, to - first);
        b.clear().limit((int) units.bytes(first, count));
        long number = history.read(session(), first, count);
        int at = first;
        c.read(units.start(first), b);
        history.done(number, count, i -> units.value(b, at, i));
      }
    }
  }

  /**
   * Ends the asking and waits for the answers; the connection is given back, open or ended.
   *
   * @param seconds how long it waits for answers
   * @return null if some are still missing
   */
  public @Nullable NbdClient rest(int seconds) throws InterruptedException {
    NbdClient c;
    Thread t;
    synchronized (this) {
      c = Objects.requireNonNull(nbd, "it never ran");
      t = Objects.requireNonNull(issuer, "it rests already");
      stopping = true;
      notifyAll();
    }
    long end = System.nanoTime() + seconds * SECOND;
    t.join(TimeUnit.SECONDS.toMillis(seconds));
    synchronized (this) {
      while (inFlight > 0 && System.nanoTime() - end < 0) {
        TimeUnit.NANOSECONDS.timedWait(this, SECOND);
      }
      if (inFlight > 0 || t.isAlive()) {
        return null;
      }
      stalls.pause();
      issuer = null;
      nbd = null;
      return c;
    }
  }

  /**
   * Gives the connection up with requests in flight; their answers do not count any more. It stays
   * open.
   */
  public synchronized NbdClient abandon() {
    NbdClient c = Objects.requireNonNull(nbd, "it never ran");
    connections++;
    while (buffers.size() < depth) { // the old connection may still use the others
      buffers.add(buffer());
    }
    inFlight = 0;
    stalls.pause();
    issuer = null;
    nbd = null;
    notifyAll();
    return c;
  }

  /** Why the connection ended; null while it lives, or where there is none. */
  public @Nullable String endedBecause() {
    NbdClient c;
    synchronized (this) {
      c = nbd;
    }
    return c == null ? null : c.endedBecause();
  }

  /** Between {@link #start} and {@link #rest} or {@link #abandon}. */
  public synchronized boolean running() {
    return issuer != null;
  }

  /** To another part of its part. */
  public synchronized void moveZone() {
    mix.moveZone();
  }

  /** Acknowledged changes. */
  public synchronized long acks() {
    return acks;
  }

  /** Bytes of all acknowledged changes. */
  public synchronized long bytes() {
    return bytes;
  }

  /** Requests in flight. */
  public synchronized int inFlight() {
    return inFlight;
  }

  /** Requests answered with an error since the last {@link #start}. */
  public synchronized int errors() {
    return errors;
  }

  /** The first of these errors. */
  public synchronized String firstError() {
    return firstError;
  }

  /** From now on something is wrong with the pool, or not any more. */
  synchronized void trouble(boolean is) {
    stalls.trouble(is);
  }

  /** Longest time without an acknowledged change while nothing was wrong with the pool. */
  synchronized long longestCalmStallMillis() {
    return stalls.longestCalm() / 1_000_000;
  }

  /** From now on the longest stall is measured anew. */
  public synchronized void forgetStalls() {
    stalls.forget();
  }

  /** Longest time without an acknowledged change while some request was in flight. */
  public synchronized long longestStallMillis() {
    return Math.max(stalls.longestCalm(), stalls.longestTroubled()) / 1_000_000;
  }

  @Override
  public void close() {
    NbdClient c;
    synchronized (this) {
      c = nbd;
    }
    if (c != null) {
      c.close();
    }
  }
}
