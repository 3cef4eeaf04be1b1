package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import io.onehop.transport.Transport;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The client of one pool: a deterministic, single-threaded engine between a {@link BlockDevice}
 * user and the pool's members. Clock, network and identity come in by constructor; every method is
 * called on the loop. At most {@link EngineSettings#maxRequests} requests are accepted and not
 * complete; further ones are answered AGAIN at once, as are all before the attach. While a session
 * that the pool ended waits to go on (rule 5.3) they are accepted and wait. After the end all are
 * answered FENCED.
 *
 * <p>Parts: {@link Views} (the newest view), {@link Links} (lanes), {@link Session} (attach,
 * detach), {@link Requests} with {@link RangeLocks} and {@link Edges} (what the application asks),
 * {@link Writes}, {@link Reads}, {@link Flushes} (what travels), {@link Lease}, {@link Suspects}.
 */
public final class VolumeEngine implements BlockDevice {
  private static final long KEEP_BUFFERS = 4L << 20;

  final Loop loop;
  final LongSupplier clock;
  final Transport transport;
  final EngineSettings settings;
  final ClientRules rules;
  final VolumeListener listener;
  final BufPool buffers = new BufPool(KEEP_BUFFERS);
  final FrameHeader out = new FrameHeader();
  final Tally tally = new Tally();
  final Views views = new Views();
  final Links links;
  final Session session;
  final Requests requests;
  final Writes writes;
  final Reads reads;
  final Flushes flushes;
  final Lease lease;
  final Suspects suspects;

  /** Size of the pool, bytes; 0 before a view is known. */
  long size;

  /** Ages do not count from before: this process was stopped for a while. */
  long graceFrom = Long.MIN_VALUE / 2;

  private long lastTick;
  private Loop.@Nullable Timer timer;
  private @Nullable String waiting;
  private final Set<UUID> forgotten = new HashSet<>();

  /**
   * An engine that does nothing before {@link #start}.
   *
   * @param clock nanoseconds, counting suspend, read afresh at each call: leases are judged by it
   *     (rule 5.4); the same time line as {@code loop}'s
   */
  @SuppressWarnings("this-escape")
  public VolumeEngine(
      Loop loop,
      LongSupplier clock,
      Transport transport,
      EngineSettings settings,
      ClientRules rules,
      VolumeListener listener) {
    this.loop = loop;
    this.clock = clock;
    this.transport = transport;
    this.settings = settings;
    this.rules = rules;
    this.listener = listener;
    links = new Links(this);
    session = new Session(this);
    requests = new Requests(this);
    writes = new Writes(this);
    reads = new Reads(this);
    flushes = new Flushes(this);
    lease = new Lease(this);
    suspects = new Suspects(this);
  }

  /** Connects and attaches; the outcome comes to the listener. */
  public void start() {
    lastTick = loop.now();
    session.start();
    links.start();
    arm();
  }

  /** Drains, flushes, ends the session in order; the outcome comes to the listener. */
  public void detach() {
    session.detach();
  }

  /** Ends this engine at once, without a word to the pool, as the death of the process would. */
  public void abandon() {
    if (!session.over()) {
      end("abandoned");
    }
  }

  /** The newest known view, or null. */
  public @Nullable PoolView view() {
    return views.view;
  }

  /** The epoch granted to this session; 0 before the attach. */
  public long epoch() {
    return session.epoch;
  }

  /** What is waited for longer than it should be, in words; null if nothing. */
  public @Nullable String waiting() {
    return waiting;
  }

  /** Counters as they are now. */
  public VolumeCounters counters() {
    return new VolumeCounters(
        tally.writes,
        tally.reads,
        tally.flushes,
        tally.bytesWritten,
        tally.bytesRead,
        tally.resends,
        tally.voidAnswers,
        tally.suspects,
        tally.views,
        tally.connects,
        tally.leaseLosses,
        tally.refused,
        tally.failed,
        tally.resumes,
        tally.creditWaits,
        requests.count(),
        writes.inFlight(),
        tally.longestStall);
  }

  @Override
  public long sizeBytes() {
    return size;
  }

  @Override
  public void read(long offset, int length, Buf into, int at, Completion done) {
    requests.submit(Op.READ, offset, length, into, at, false, false, done);
  }

  @Override
  public void write(long offset, int length, Buf from, int at, boolean fua, Completion done) {
    requests.submit(Op.WRITE, offset, length, from, at, false, fua, done);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean punch, boolean fua, Completion done) {
    requests.submit(Op.ZERO, offset, length, null, 0, punch, fua, done);
  }

  @Override
  public void trim(long offset, long length, boolean fua, Completion done) {
    if (offset < 0 || length < 0 || offset > size - length) {
      requests.submit(Op.ZERO, offset, length, null, 0, true, fua, done);
      return;
    }
    // Rule 3.9: inward, but the pool's last block is whole on the legs.
    long end = offset + length;
    long from = (offset + PoolView.BLOCK_SIZE - 1) & -PoolView.BLOCK_SIZE;
    long to = end == size ? end : end & -PoolView.BLOCK_SIZE;
    boolean nothing = to <= from;
    requests.submit(Op.ZERO, nothing ? 0 : from, nothing ? 0 : to - from, null, 0, true, fua, done);
  }

  @Override
  public void flush(Completion done) {
    requests.submit(Op.FLUSH, 0, 0, null, 0, false, false, done);
  }

  /** The lineage that answered first has no leg left that serves: look for the other one. */
  void forgetLineage() {
    PoolView v = views.view;
    if (v != null) {
      forgotten.clear(); // only the last one: all others may have come to serve meanwhile
      forgotten.add(v.lineage());
      links.closeAll("another lineage serves the pool");
      views.forget();
      links.start();
    }
  }

  /** Another lineage left this one behind (rule 8.6): a session of it is over for good. */
  void leftBehind(String why) {
    if (session.seeking()) {
      forgetLineage();
    } else if (!session.over()) {
      end("the pool has another lineage, by a forced promotion: " + why);
    }
  }

  /** A view came from somewhere: taken if it is a newer one of the same pool and lineage. */
  void offer(PoolView v) {
    PoolView old = views.view;
    if (session.over()
        || (old == null
            ? !v.name().equals(settings.pool()) || forgotten.contains(v.lineage())
            : !v.pool().equals(old.pool())
                || !v.lineage().equals(old.lineage())
                || v.generation() <= old.generation())) {
      return;
    }
    int voided = views.take(v, loop.now());
    size = v.sizeBytes();
    tally.views++;
    Session.Turn turn = session.onView(v);
    if (session.over()) {
      return;
    }
    switch (turn) {
      case NONE -> {}
      case ATTACHED -> writes.start(v.policies().window());
      case SUSPENDED -> epochOver();
      case RESUMED -> {
        tally.resumes++;
        epochOver();
        // Every leg counts as newly connected, so that each gets everything unanswered.
        links.usable = 0;
        requests.leaveErrored();
      }
    }
    writes.onView(voided);
    flushes.beginAgain();
    links.onView(v, old, voided);
    lease.onView(v, old);
    if (session.attached()) {
      suspects.onView(voided, turn == Session.Turn.RESUMED);
      flushes.sendRest();
      reads.onView(voided);
      // A leg that left may have been the last that something waited for.
      writes.completeAll();
      flushes.completeAll();
    }
    listener.viewChanged(v);
    tell(turn, v);
  }

  /** Rule 5.3: answers, lease and suspicions of an epoch end with it; requests wait. */
  private void epochOver() {
    lease.drop();
    suspects.clear();
    writes.epochOver();
    reads.epochOver();
  }

  private void tell(Session.Turn turn, PoolView v) {
    switch (turn) {
      case NONE -> session.poke();
      case ATTACHED -> {
        links.heartbeatAll();
        listener.attached(v);
      }
      case SUSPENDED -> {
        listener.suspended(session.endedWhy());
        session.poke();
      }
      case RESUMED -> {
        links.heartbeatAll();
        writes.pump();
        reads.unpark();
        listener.resumed(v);
        session.idle();
      }
    }
  }

  /** The session is over, and not by its own wish. */
  void end(String reason) {
    session.overNow();
    shut(reason);
    listener.ended(reason);
  }

  /** Everything unanswered fails, every connection closes. */
  void shut(String reason) {
    if (timer != null) {
      timer.cancel();
    }
    writes.clear();
    reads.clear();
    flushes.clear();
    links.closeAll(reason);
    requests.failAll(Status.FENCED);
  }

  private void arm() {
    long every = Math.max(1_000_000, views.policies.heartbeatNanos() / 5);
    timer = loop.schedule(every, this::tick);
  }

  private void tick() {
    long now = loop.now();
    if (now - lastTick > views.policies.failureNanos() / 2) {
      graceFrom = now;
    }
    lastTick = now;
    arm();
    links.tick(now);
    session.tick(now);
    if (session.over()) {
      return;
    }
    if (session.attached()) {
      writes.tick(now);
      reads.tick(now);
      flushes.tick(now);
      requests.tick(now);
      suspects.tick(now);
      lease.tick();
    } else if (session.resuming()) {
      requests.tickSuspended(now);
    }
    String text = Waiting.describe(this, now);
    if (!Objects.equals(text, waiting)) {
      waiting = text;
      listener.waiting(text);
    }
  }
}
