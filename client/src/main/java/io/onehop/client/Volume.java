package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.BootClock;
import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import io.onehop.transport.Status;
import io.onehop.transport.tcp.DataLoop;
import io.onehop.transport.tcp.TcpOptions;
import io.onehop.transport.tcp.TcpTransport;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An attached pool for programs: every method may be called by any thread. It owns a data loop;
 * futures complete on it, so what depends on them must not block (use the {@code …Async} methods).
 * A failure is a {@link VolumeException}. Servers that need no hand-over between threads run on the
 * loop themselves: see {@link #loop} and {@link #onLoop}.
 *
 * <p>Requests survive what the pool survives: a leg lost, every node killed and started again, this
 * process stopped for a while. They wait, without an error (unless the pool's policy says
 * otherwise), as long as nobody can be reached; and when the pool has ended the session, because it
 * heard nothing of this process for too long, for up to {@link EngineSettings#DEFAULT_RESUME_NANOS}
 * in which the session tries to go on. It cannot if another client was admitted meanwhile, if it
 * was taken over or ended by an operator, or if power was lost where acknowledged data lay: then,
 * and when the time is up, every request fails with {@link Status#FENCED}, for good, and {@link
 * #ended} says why.
 */
public final class Volume implements AutoCloseable {
  /** Most bytes of one read or write. */
  public static final int MAX_REQUEST = 32 << 20;

  private static final long KEEP_BUFFERS = 64L << 20;
  private static final long CLOSE_SECONDS = 20;

  private final DataLoop loop;
  private final VolumeEngine engine;
  private final VolumeListener events;
  private final BufPool buffers = new BufPool(KEEP_BUFFERS);
  private final CompletableFuture<Volume> attached = new CompletableFuture<>();
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private final Set<CompletableFuture<?>> pending = ConcurrentHashMap.newKeySet();
  private volatile @Nullable PoolView view;

  private Volume(VolumeSettings settings, VolumeListener events) {
    this.events = events;
    TcpOptions d = TcpOptions.DEFAULT;
    TcpOptions options =
        new TcpOptions(
            settings.payloadChecksums(),
            d.connectTimeoutNanos(),
            d.maxQueuedBytes(),
            d.socketBufferBytes());
    EngineSettings engineSettings =
        new EngineSettings(
            settings.pool(),
            settings.servers(),
            UUID.randomUUID(),
            settings.host(),
            settings.pid(),
            settings.attachWaitNanos(),
            EngineSettings.DEFAULT_MAX_REQUESTS,
            settings.takeover(),
            EngineSettings.DEFAULT_RESUME_NANOS);
    loop = new DataLoop("onehop-client-" + settings.pool(), this::loopDied);
    engine =
        new VolumeEngine(
            loop,
            new BootClock()::nanos,
            new TcpTransport(loop, options),
            engineSettings,
            ClientRules.ALL,
            new Events());
  }

  /**
   * Attaches and waits for it.
   *
   * @throws VolumeException if it is refused or does not come about in time; the message says why
   */
  public static Volume attach(VolumeSettings settings)
      throws VolumeException, InterruptedException {
    CompletableFuture<Volume> f = attach(settings, Quiet.INSTANCE);
    try {
      return f.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof VolumeException v) {
        throw v;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /**
   * Begins to attach.
   *
   * @param events hears what happens to the session, on the loop; it must not block
   * @return complete when attached, or exceptionally if it is refused or does not come in time
   */
  public static CompletableFuture<Volume> attach(VolumeSettings settings, VolumeListener events) {
    Volume v = new Volume(settings, events);
    v.loop.start();
    v.loop.execute(v.engine::start);
    return v.attached;
  }

  /** Size in bytes. */
  public long sizeBytes() {
    PoolView v = view;
    return v == null ? 0 : v.sizeBytes();
  }

  /** The newest known view. */
  public @Nullable PoolView view() {
    return view;
  }

  /** Complete, with the reason, when the session has ended: "detached" if by {@link #close}. */
  public CompletableFuture<String> ended() {
    return ended;
  }

  /** Fills the remaining bytes of {@code into} one after the other, from {@code offset} on. */
  public CompletableFuture<Void> read(long offset, ByteBuffer... into) {
    int length = remaining(into);
    return submit(f -> {
      Buf b = buffers.take(length);
      engine.read(
          offset,
          length,
          b,
          0,
          status -> {
            int at = 0;
            for (ByteBuffer d : into) {
              int n = d.remaining();
              if (status == Status.OK) {
                d.put(d.position(), b.bytes(), at, n);
                d.position(d.position() + n);
              }
              at += n;
            }
            b.release();
            settle(f, status);
          });
    });
  }

  /**
   * Writes the remaining bytes of {@code from}, one after the other, at {@code offset}; they must
   * not change before the future completes, and their positions stay.
   *
   * @param fua durable on every leg before completion
   */
  public CompletableFuture<Void> write(long offset, boolean fua, ByteBuffer... from) {
    int length = remaining(from);
    return submit(f -> {
      Buf b = buffers.take(length);
      int at = 0;
      for (ByteBuffer s : from) {
        b.bytes().put(at, s, s.position(), s.remaining());
        at += s.remaining();
      }
      engine.write(offset, length, b, 0, fua, status -> settle(f, status));
      b.release();
    });
  }

  /** Makes the range read as zeroes; {@code punch} gives leave to make holes. */
  public CompletableFuture<Void> writeZeroes(long offset, long length, boolean punch, boolean fua) {
    return submit(f -> engine.writeZeroes(offset, length, punch, fua, s -> settle(f, s)));
  }

  /** As writeZeroes with leave to punch, rounded inward to blocks. */
  public CompletableFuture<Void> trim(long offset, long length) {
    return submit(f -> engine.trim(offset, length, false, s -> settle(f, s)));
  }

  /** Everything completed before is durable on every leg of the write set. */
  public CompletableFuture<Void> flush() {
    return submit(f -> engine.flush(s -> settle(f, s)));
  }

  /** The loop, for servers that run on it; it lives until {@link #close} or the session's end. */
  public DataLoop loop() {
    return loop;
  }

  /** Runs {@code task} with the engine on the loop; its result comes as a future. */
  public <T> CompletableFuture<T> onLoop(Function<VolumeEngine, T> task) {
    CompletableFuture<T> f = new CompletableFuture<>();
    track(f);
    loop.execute(() -> {
      try {
        f.complete(task.apply(engine));
      } catch (RuntimeException e) {
        f.completeExceptionally(e);
      }
    });
    return f;
  }

  /**
   * Begins to detach: drains, flushes, ends the session in order. Complete, with the reason, when
   * the session has ended; {@link #close} ends the loop afterwards.
   */
  public CompletableFuture<String> detach() {
    loop.execute(engine::detach);
    return ended;
  }

  /**
   * Detaches, waits for it and ends the loop. A pool that cannot confirm the detach (no majority)
   * is left after 20 s, as by {@link #abandon}: its legs then end the session by themselves. Not on
   * the loop.
   */
  @Override
  public void close() {
    if (loop.onLoop()) {
      throw new IllegalStateException("the loop cannot wait for itself; use detach()");
    }
    try {
      detach().copy().orTimeout(CLOSE_SECONDS, TimeUnit.SECONDS).join();
    } catch (CompletionException e) {
      abandon();
    }
    loop.close();
  }

  /** Ends at once without a word to the pool, as the death of the process would. */
  public void abandon() {
    loop.execute(engine::abandon);
    ended.join();
    loop.close();
  }

  private static int remaining(ByteBuffer... buffers) {
    long sum = 0;
    for (ByteBuffer b : buffers) {
      sum += b.remaining();
    }
    if (sum > MAX_REQUEST) {
      throw new IllegalArgumentException(sum + " bytes in one request; at most " + MAX_REQUEST);
    }
    return (int) sum;
  }

  private interface Task {
    void run(CompletableFuture<Void> f);
  }

  private CompletableFuture<Void> submit(Task task) {
    CompletableFuture<Void> f = new CompletableFuture<>();
    track(f);
    loop.execute(() -> task.run(f));
    return f;
  }

  /** A loop that ended runs no task any more: who waits must hear of it. */
  @SuppressWarnings("CollectionUndefinedEquality") // Identity is meant.
  private void track(CompletableFuture<?> f) {
    pending.add(f);
    var _ = f.whenComplete((x, y) -> pending.remove(f));
    if (ended.isDone()) {
      f.completeExceptionally(new VolumeException(Status.FENCED, ended.join()));
    }
  }

  private static void settle(CompletableFuture<Void> f, int status) {
    if (status == Status.OK) {
      f.complete(null);
    } else {
      f.completeExceptionally(new VolumeException(status, Status.name(status)));
    }
  }

  private void loopDied(Throwable why) {
    over(Status.IO_ERROR, "internal error: " + why);
  }

  private void over(int status, String reason) {
    ended.complete(reason);
    attached.completeExceptionally(new VolumeException(status, reason));
    for (CompletableFuture<?> f : pending) {
      f.completeExceptionally(new VolumeException(status, reason));
    }
  }

  /** Turns the engine's events into futures and passes them on. */
  private final class Events implements VolumeListener {
    @Override
    public void attached(PoolView v) {
      view = v;
      events.attached(v);
      attached.complete(Volume.this);
    }

    @Override
    public void suspended(String reason) {
      events.suspended(reason);
    }

    @Override
    public void resumed(PoolView v) {
      events.resumed(v);
    }

    @Override
    public void waiting(@Nullable String reason) {
      events.waiting(reason);
    }

    @Override
    public void viewChanged(PoolView v) {
      view = v;
      events.viewChanged(v);
    }

    @Override
    public void detached() {
      events.detached();
      over(Status.FENCED, "detached");
    }

    @Override
    public void ended(String reason) {
      events.ended(reason);
      boolean never = !attached.isDone();
      over(never ? Status.REFUSED : Status.FENCED, reason);
      if (never) {
        // Nobody got the volume, so nobody can close it.
        loop.close();
      }
    }
  }

  /** Hears nothing. */
  private enum Quiet implements VolumeListener {
    INSTANCE;

    @Override
    public void attached(PoolView v) {}

    @Override
    public void waiting(@Nullable String reason) {}

    @Override
    public void viewChanged(PoolView v) {}

    @Override
    public void detached() {}

    @Override
    public void ended(String reason) {}
  }
}
