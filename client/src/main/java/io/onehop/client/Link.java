package io.onehop.client;

import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.HelloAck;
import io.onehop.protocol.wire.HelloAckCodec;
import io.onehop.protocol.wire.TextCodec;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.Buf;
import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The client's lane to one member, connected again for ever: at once after a good connection broke,
 * then with back-off. Before a view is known, links to the configured servers have index -1.
 */
final class Link {
  private static final long FIRST_BACKOFF = 20_000_000L;
  private static final long MAX_BACKOFF = 500_000_000L;

  final int index;
  final Endpoint to;
  private final VolumeEngine e;

  /** Greeted; requests may be sent if the incarnation is the view's. */
  boolean ready;

  /** Bound by HELLO_ACK to every answer of the present connection (rule 3.3). */
  long incarnation;

  /** Everything unanswered was sent again then; ages of requests at this leg count from it. */
  long freshSince;

  /** Reads sent, not answered and not asked of another leg since. */
  int reads;

  final Credits credits = new Credits();

  /** Requests were refused and have to be sent again: at the end of this batch, or later. */
  boolean againNow;

  boolean againLater;

  /** First write that found no credit; {@link Long#MAX_VALUE} if none. */
  long deniedFrom = Long.MAX_VALUE;

  /** Not before: its store has just failed. */
  long againFrom;

  /** Speaks for another lineage of the pool: a forced promotion left us behind (rule 8.6). */
  boolean foreign;

  /** Whether it was ready, or an attempt failed, since this link began. */
  boolean sounded;

  /** Why it is not ready, for people. */
  String problem = "not connected yet";

  private int handle;
  private long viewSent;
  private long viewSentAt;
  private long heartbeatAt;
  private long attemptAt;
  private long backoff;
  private boolean closed;
  private @Nullable Attempt attempt;
  private @Nullable Connection conn;
  private Loop.@Nullable Timer retry;

  Link(VolumeEngine e, int index, Endpoint to) {
    this.e = e;
    this.index = index;
    this.to = to;
  }

  int bit() {
    return 1 << index;
  }

  void open() {
    retry = null;
    if (closed || attempt != null) {
      return;
    }
    Attempt a = new Attempt();
    attempt = a;
    attemptAt = e.loop.now();
    Connection c = e.transport.connect(to, a);
    if (attempt == a && conn == null) {
      conn = c;
    }
  }

  /** For good. */
  void close(String why) {
    closed = true;
    if (retry != null) {
      retry.cancel();
    }
    drop(why);
  }

  /** Ends the present connection and, unless closed for good, begins another. */
  void drop(String why) {
    Attempt a = attempt;
    Connection c = conn;
    if (a != null) {
      a.lost(why);
    }
    if (c != null) {
      c.close(why);
    }
  }

  /** Rule 3.3: the answer is of the present stint and incarnation, under a view that we know. */
  boolean counts(FrameHeader h) {
    return h.generation >= e.views.since[index]
        && h.generation <= e.views.generation
        && incarnation == e.views.incarnation[index];
  }

  /** When the present connection last brought something. */
  long heardAt() {
    return conn == null ? Long.MIN_VALUE / 2 : conn.lastReceived();
  }

  /** A header for this connection with everything that rides on each frame of the session. */
  FrameHeader head(int type) {
    FrameHeader h = e.out;
    h.type = type;
    h.flags = 0;
    h.status = 0;
    h.handle = handle;
    h.lane = 0;
    h.sequence = 0;
    h.generation = e.views.generation;
    h.epoch = e.session.epoch;
    h.watermark = e.writes.watermark();
    h.offset = 0;
    h.length = 0;
    h.extra = 0;
    return h;
  }

  boolean send(FrameHeader h, @Nullable Buf payload, int from, int length) {
    Connection c = conn;
    return c != null && c.send(h, payload, from, length);
  }

  boolean send(FrameHeader h) {
    return send(h, null, 0, 0);
  }

  /** A frame whose payload is {@code text}. */
  void sendText(FrameHeader h, String text) {
    Buf b = e.buffers.take(TextCodec.MAX_BYTES);
    ByteBuffer v = b.view(0, TextCodec.MAX_BYTES);
    TextCodec.encode(text, v);
    int length = v.position();
    b.done(v);
    send(h, b, 0, length);
    b.release();
  }

  /** Rule 2.6: the view goes out before the first request under it. */
  void ensureView() {
    PoolView v = e.views.view;
    if (v == null || index < 0 || !ready || viewSent >= v.generation()) {
      return;
    }
    if (e.views.adopted(index) >= v.generation()) {
      return;
    }
    Buf b = e.buffers.take(ViewCodec.MAX_BYTES);
    ByteBuffer out = b.view(0, ViewCodec.MAX_BYTES);
    ViewCodec.encode(v, out);
    int length = out.position();
    b.done(out);
    send(head(FrameType.VIEW), b, 0, length);
    b.release();
    viewSent = v.generation();
    viewSentAt = e.loop.now();
  }

  void heartbeat() {
    heartbeatAt = e.loop.now();
    FrameHeader h = head(FrameType.HEARTBEAT);
    h.extra = e.clock.getAsLong();
    h.length = e.links.ready & 0xffff_ffffL;
    if (e.lease.wanted()) {
      h.flags = FrameType.FLAG_LEASE;
      e.lease.name(h);
    }
    send(h);
  }

  void tick(long now) {
    long failure = e.views.policies.failureNanos();
    Connection c = conn;
    if (attempt == null || c == null) {
      return;
    }
    if (!ready) {
      if (now - Math.max(attemptAt, e.graceFrom) > failure) {
        drop("no answer from " + to);
      }
      return;
    }
    if (now - Math.max(Math.max(c.lastReceived(), attemptAt), e.graceFrom) > failure) {
      drop("silent for " + failure / 1_000_000 + " ms");
      return;
    }
    if (now - heartbeatAt >= e.views.policies.heartbeatNanos()) {
      heartbeat();
    }
    if (index >= 0
        && e.views.adopted(index) < e.views.generation
        && now - viewSentAt > MAX_BACKOFF) {
      viewSent = 0;
      if (e.session.attached() && (e.views.writeSet & bit()) != 0) {
        ensureView();
      }
    }
  }

  private void greeted(FrameHeader h, ByteBuffer payload) throws WireException {
    if (h.status != Status.OK) {
      String text = TextCodec.decode(payload);
      foreign = index >= 0 && h.status == Status.WRONG_POOL;
      drop(text.isEmpty() ? Status.name(h.status) : text);
      if (index >= 0 && h.status == Status.FENCED) {
        e.leftBehind(to + ": " + text);
      }
      return;
    }
    HelloAck ack = HelloAckCodec.decode(payload);
    PoolView v = e.views.view;
    UUID expected = v == null || index < 0 ? null : v.members().get(index).id();
    if (expected != null && !expected.equals(ack.member())) {
      drop(to + " is another member than the view names");
      return;
    }
    PoolView theirs = ack.view();
    if (v != null
        && theirs != null
        && !(theirs.pool().equals(v.pool()) && theirs.lineage().equals(v.lineage()))) {
      foreign = index >= 0;
      drop(to + " belongs to another pool or lineage");
      return;
    }
    if (h.extra < Credits.LEAST) {
      drop(to + " allows only " + h.extra + " requests in flight; at least 2 are needed");
      return;
    }
    foreign = false;
    handle = ack.handle();
    credits.begin((int) Math.min(h.extra, Integer.MAX_VALUE));
    incarnation = ack.incarnation();
    viewSent = 0;
    ready = true;
    sounded = true;
    problem = "";
    heartbeatAt = e.loop.now();
    e.tally.connects++;
    if (theirs != null) {
      e.offer(theirs);
    } else if (v == null) {
      e.session.problem(to + " does not know the pool's view yet");
    }
    if (ready) {
      e.links.changed();
      heartbeat();
      e.session.poke();
    }
  }

  /** One connection; what a former one still says is not listened to. */
  private final class Attempt implements ConnectionListener {
    private boolean over;

    @Override
    public void connected(Connection c) {
      if (over) {
        c.close("not wanted any more");
        return;
      }
      conn = c;
      handle = 0;
      e.links.hello(Link.this, c);
    }

    @Override
    public void frame(Connection c, FrameHeader h, ByteBuffer payload) {
      if (over) {
        return;
      }
      try {
        dispatch(h, payload);
      } catch (WireException | IllegalArgumentException bad) {
        drop("sent nonsense: " + bad.getMessage());
      }
    }

    @Override
    public void endOfBatch(Connection c) {
      if (!over && againNow) {
        againNow = false;
        e.writes.resend(Link.this, false);
        e.flushes.resend(Link.this);
      }
      if (!over && credits.denied) {
        e.links.creditsCame(Link.this);
      }
    }

    @Override
    public void closed(Connection c, String why) {
      lost(why);
    }

    private void lost(String why) {
      if (over) {
        return;
      }
      over = true;
      sounded = true;
      boolean wasReady = ready;
      attempt = null;
      conn = null;
      ready = false;
      againNow = false;
      reads = 0;
      problem = why;
      if (!closed) {
        // One that is lost as soon as it is made is no good connection: do not spin on it.
        backoff = wasReady && e.loop.now() - attemptAt > MAX_BACKOFF ? 0 : backoff;
        retry = e.loop.schedule(backoff, Link.this::open);
        backoff = Math.clamp(backoff * 2, FIRST_BACKOFF, MAX_BACKOFF);
      }
      e.links.lost(Link.this, why);
    }

    private void dispatch(FrameHeader h, ByteBuffer payload) throws WireException {
      credits.answered(h.type);
      switch (h.type) {
        case FrameType.HELLO_ACK -> greeted(h, payload);
        case FrameType.VIEW -> e.offer(ViewCodec.decode(payload));
        case FrameType.ACK -> {
          adopted(h);
          if (h.extra == FrameType.FLUSH) {
            e.flushes.answer(Link.this, h);
          } else {
            e.writes.answer(Link.this, h);
          }
        }
        case FrameType.DATA -> {
          adopted(h);
          e.reads.answer(Link.this, h, payload);
        }
        case FrameType.VIEW_ACK -> {
          adopted(h);
          if (againLater && h.status == Status.OK) {
            againLater = false;
            againNow = true;
          }
          e.reads.unpark();
        }
        case FrameType.HEARTBEAT_ACK -> {
          adopted(h);
          e.lease.heartbeatAnswer(Link.this, h);
        }
        case FrameType.LEASE_ACK -> e.lease.relayAnswer(h);
        case FrameType.ATTACH_ACK ->
            e.session.attachAnswer(Link.this, h, TextCodec.decode(payload));
        case FrameType.DETACH_ACK -> e.session.detachAnswer(h.status, TextCodec.decode(payload));
        default -> drop("sent a frame of unknown type " + h.type);
      }
    }

    /** Rule 3.3: every answer carries its leg's adopted generation. */
    private void adopted(FrameHeader h) {
      if (index >= 0
          && h.generation > 0
          && h.status != Status.NO_VIEW
          && e.views.noteAdopted(index, incarnation, h.generation)) {
        e.writes.completeAll();
        e.flushes.completeAll();
      }
    }
  }
}
