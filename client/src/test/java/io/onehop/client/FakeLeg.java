package io.onehop.client;

import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.protocol.wire.AttachRequest;
import io.onehop.protocol.wire.AttachRequestCodec;
import io.onehop.protocol.wire.Hello;
import io.onehop.protocol.wire.HelloAck;
import io.onehop.protocol.wire.HelloAckCodec;
import io.onehop.protocol.wire.HelloCodec;
import io.onehop.protocol.wire.TextCodec;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The leg's side of the protocol, with everything a test wants to go wrong. */
final class FakeLeg {
  /** The client at the other end of a connection. */
  interface Peer {
    /** Sends a frame to it; both are copied. */
    void answer(FrameHeader h, @Nullable ByteBuffer payload);

    /** Breaks the connection. */
    void close(String why);
  }

  final int index;
  final Endpoint at;
  final FakePool pool;
  final ByteBuffer store;
  final List<Peer> lanes = new ArrayList<>();

  /** Frames received, if wanted. */
  final List<FrameHeader> log = new ArrayList<>();

  boolean logging = true;
  long incarnation;

  /** Refuses connections. */
  boolean down;

  /** Swallows everything, like a stopped process. */
  boolean mute;

  /** Applies, but keeps its answers to writes, reads and flushes until {@link #release}. */
  boolean hold;

  /** Greets and closes at once. */
  boolean hangsUp;

  /** Shown in its hello instead of the pool's view. */
  @Nullable PoolView greeting;

  /** Of the connections greeted, as the hellos told them. */
  final List<Long> numbers = new ArrayList<>();

  /** Has not had its first register round. */
  boolean greetsWithoutView;

  /** Swallows frames of this type. */
  int drops;

  boolean grantsLease = true;
  boolean adopts = true;

  /** Announced in its hello. */
  int credits = 10_000;

  int writeStatus = Status.OK;
  int readStatus = Status.OK;

  /** Blocks that its medium has lost (rule 4.3). */
  final java.util.BitSet lostBlocks = new java.util.BitSet();

  @Nullable PoolView adopted;
  private final ArrayDeque<Runnable> held = new ArrayDeque<>();
  private final FrameHeader answer = new FrameHeader();
  private final boolean[] seen = new boolean[1 << 16];

  FakeLeg(FakePool pool, int index, Endpoint at) {
    this.pool = pool;
    this.index = index;
    this.at = at;
    this.incarnation = 100L + index;
    this.store = ByteBuffer.allocateDirect(FakePool.STORE);
  }

  /** Breaks every connection. */
  void cut(String why) {
    for (Peer l : List.copyOf(lanes)) {
      l.close(why);
    }
  }

  /** Adopts a view by order of its control plane and says so to every client. */
  void adopt(PoolView v) {
    PoolView old = adopted;
    if (old != null && old.generation() >= v.generation()) {
      return;
    }
    adopted = v;
    Member m = v.members().get(index);
    if (old == null
        || old.epoch() != v.epoch()
        || (m.since() > old.generation() && m.state() != LegState.IN_SYNC)) {
      java.util.Arrays.fill(seen, false);
    }
    for (Peer l : lanes) {
      sendView(l, v);
      l.answer(clear(FrameType.VIEW_ACK), null);
    }
  }

  void sendView(Peer l, PoolView v) {
    l.answer(clear(FrameType.VIEW), ByteBuffer.wrap(ViewCodec.encode(v)));
  }

  /** Lets the answers kept so far go. */
  void release() {
    hold = false;
    for (Runnable r = held.poll(); r != null; r = held.poll()) {
      r.run();
    }
  }

  /** Lets the oldest kept answer go. */
  void releaseOne() {
    Runnable r = held.poll();
    if (r != null) {
      r.run();
    }
  }

  /** The frames of one type received so far. */
  List<FrameHeader> got(int type) {
    return log.stream().filter(h -> h.type == type).toList();
  }

  void frame(Peer lane, FrameHeader h, ByteBuffer payload) {
    if (mute || h.type == drops) {
      return;
    }
    if (logging) {
      log.add(new FrameHeader().copyFrom(h));
    }
    try {
      dispatch(lane, h, payload);
    } catch (WireException e) {
      throw new AssertionError(e);
    }
  }

  private void dispatch(Peer lane, FrameHeader h, ByteBuffer payload) throws WireException {
    switch (h.type) {
      case FrameType.HELLO -> {
        ByteBuffer out = ByteBuffer.allocate(HelloAckCodec.MAX_BYTES);
        Hello from = HelloCodec.decode(payload);
        numbers.add(from.connection());
        PoolView v = greeting == null ? pool.view : greeting;
        if (v.leavesBehind(from.lineage())) {
          FrameHeader no = clear(FrameType.HELLO_ACK);
          no.status = Status.FENCED;
          TextCodec.encode("left behind", out);
          lane.answer(no, out.flip());
          return;
        }
        PoolView shown = greetsWithoutView ? null : v;
        HelloAckCodec.encode(new HelloAck(v.members().get(index).id(), incarnation, 7, shown), out);
        FrameHeader hello = clear(FrameType.HELLO_ACK);
        hello.extra = credits;
        lane.answer(hello, out.flip());
        if (hangsUp) {
          pool.wire.run();
          lane.close("hung up");
        }
      }
      case FrameType.VIEW -> {
        PoolView v = ViewCodec.decode(payload);
        if (adopts) {
          adopt(v);
        }
      }
      case FrameType.HEARTBEAT -> {
        FrameHeader a = echo(FrameType.HEARTBEAT_ACK, h);
        a.extra = h.extra;
        a.flags = grantsLease ? h.flags & FrameType.FLAG_LEASE : 0;
        lane.answer(a, null);
      }
      case FrameType.WRITE, FrameType.WRITE_ZEROES, FrameType.READ, FrameType.FLUSH ->
          request(lane, h, payload);
      case FrameType.ATTACH -> attach(lane, h, AttachRequestCodec.decode(payload));
      case FrameType.DETACH -> {
        pool.change(d -> d.sessionEnded(true, false));
        lane.answer(clear(FrameType.DETACH_ACK), null);
      }
      case FrameType.LEASE -> {
        FrameHeader a = echo(FrameType.LEASE_ACK, h);
        a.length = h.length & pool.relayed;
        a.extra = h.extra;
        lane.answer(a, null);
      }
      case FrameType.SUSPECT -> {
        if (pool.view.inSyncSet() == 1 << h.extra) {
          pool.told.add(TextCodec.decode(payload));
        } else {
          pool.suspected.add((int) h.extra);
        }
      }
      default -> throw new AssertionError("frame " + h.type);
    }
  }

  private void request(Peer lane, FrameHeader h, ByteBuffer payload) {
    PoolView v = adopted;
    int status = Status.OK;
    if (v == null) {
      status = Status.NO_VIEW;
    } else if (h.generation != v.generation()) {
      status = Status.STALE_VIEW;
    } else if (v.writer() == null || v.writer().epoch() != h.epoch) {
      status = Status.FENCED;
    } else if (h.type == FrameType.READ) {
      int lost = lostBlocks.nextSetBit((int) (h.offset / 4096));
      boolean misses = lost >= 0 && lost * 4096L < h.offset + h.length;
      status = misses ? Status.MISSING : readStatus;
    } else {
      status = writeStatus;
    }
    boolean read = h.type == FrameType.READ;
    if (status == Status.OK && !read && h.type != FrameType.FLUSH) {
      apply(h, payload);
    }
    FrameHeader a = echo(read ? FrameType.DATA : FrameType.ACK, h);
    a.status = status;
    a.extra = h.type == FrameType.FLUSH ? FrameType.FLUSH : 0;
    ByteBuffer data = read && status == Status.OK ? view(h) : null;
    if (hold) {
      FrameHeader kept = new FrameHeader().copyFrom(a);
      held.add(() -> lane.answer(kept, data));
      return;
    }
    lane.answer(a, data);
    if (data != null) {
      store.clear();
    }
  }

  private ByteBuffer view(FrameHeader h) {
    ByteBuffer b = hold ? store.duplicate() : store;
    return b.limit((int) (h.offset + h.length)).position((int) h.offset);
  }

  private void apply(FrameHeader h, ByteBuffer payload) {
    if (seen[(int) h.sequence & 0xffff]) {
      return;
    }
    seen[(int) h.sequence & 0xffff] = logging;
    if (h.type == FrameType.WRITE) {
      store.put((int) h.offset, payload, payload.position(), (int) h.length);
    } else {
      for (int i = 0; i < h.length; i++) {
        store.put((int) h.offset + i, (byte) 0);
      }
    }
  }

  private void attach(Peer lane, FrameHeader h, AttachRequest r) {
    pool.attaches.add(r);
    pool.heldEpochs.add(h.epoch);
    int status = pool.attachStatus;
    Writer w = pool.view.writer();
    if (status == Status.OK && (w == null || !w.session().equals(r.session()))) {
      if (w != null && !r.takeover()) {
        status = Status.REFUSED;
      } else if (!pool.view.ready()) {
        status = Status.AGAIN;
      } else {
        if (w != null) {
          pool.change(d -> d.sessionEnded(false, false));
        }
        pool.change(d -> d.admitted(r.session(), r.host(), r.pid(), 0));
      }
    }
    FrameHeader a = echo(FrameType.ATTACH_ACK, h);
    a.status = status;
    ByteBuffer text = ByteBuffer.allocate(TextCodec.MAX_BYTES);
    TextCodec.encode(status == Status.OK ? "" : "held by host-x", text);
    lane.answer(a, text.flip());
  }

  private FrameHeader echo(int type, FrameHeader h) {
    FrameHeader a = clear(type);
    a.sequence = h.sequence;
    a.epoch = h.epoch;
    a.offset = h.offset;
    a.length = h.length;
    return a;
  }

  private FrameHeader clear(int type) {
    FrameHeader a = answer.clear();
    a.type = type;
    a.generation = adopted == null ? 0 : adopted.generation();
    return a;
  }
}
