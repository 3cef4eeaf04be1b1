package io.onehop.node.serve;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.Ops;
import io.onehop.node.books.Speech;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.transport.Buf;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Admits, stores and answers a session's reads, writes, zeroes and flushes (rules 3.x, 4.1). While
 * a view waits at the barrier nothing is admitted; requests are kept and judged by the new view. On
 * the data loop.
 */
final class Admission implements Ops.Owner {
  /** Told of every admitted write, for comparisons that must not see a moving range. */
  interface WriteWatch {
    /** A write to this byte range was admitted. */
    void touched(long offset, long length);
  }

  private record Held(ClientLink link, FrameHeader header, @Nullable Buf payload) {}

  private record Joined(ClientLink link, Ops.Op op, int lane) {}

  private static final int BLOCK = PoolView.BLOCK_SIZE;

  private final LegBooks books;
  private final Ops ops;
  private final Speech speech;
  private final Loop loop;
  private final WriteWatch watch;
  private final Ops.PayloadCopier copier;
  private final FrameHeader out = new FrameHeader();
  private final ArrayDeque<Held> held = new ArrayDeque<>();
  private final List<Joined> joined = new ArrayList<>();

  /**
   * Sequences recorded but not applied because the store failed: sent again they are no duplicates.
   */
  private final Set<Long> failed = new HashSet<>();

  private @Nullable Sync freeSync;
  private boolean holding;
  private boolean stopped;
  private long writes;
  private long lastForeground;

  Admission(LegBooks books, Ops ops, Speech speech, Loop loop, WriteWatch watch) {
    this.books = books;
    this.ops = ops;
    this.speech = speech;
    this.loop = loop;
    this.watch = watch;
    this.copier =
        payload -> {
          Buf b = speech.bufs().take(payload.remaining());
          b.bytes().clear().put(payload.duplicate());
          return b;
        };
  }

  /** Keeps payloads that have to wait. */
  Ops.PayloadCopier copier() {
    return copier;
  }

  /** Writes admitted so far. */
  long writes() {
    return writes;
  }

  /** {@link Loop#now} of the last request of a client. */
  long lastForeground() {
    return lastForeground;
  }

  /** From now on requests are kept, not admitted (rule 2.1). */
  void hold() {
    holding = true;
  }

  /** The view is adopted: the kept requests are judged by it. */
  void resume() {
    holding = false;
    for (Held h = held.poll(); h != null; h = held.poll()) {
      if (h.payload == null) {
        request(h.link, h.header, ByteBuffer.allocate(0));
      } else {
        ByteBuffer v = h.payload.view(0, h.header.payloadBytes);
        request(h.link, h.header, v);
        h.payload.done(v);
        h.payload.release();
      }
    }
  }

  /** Nothing is admitted any more. */
  void stop() {
    stopped = true;
  }

  /** A data frame of a client. */
  void request(ClientLink link, FrameHeader h, ByteBuffer payload) {
    if (!link.open) {
      return;
    }
    if (holding) {
      Buf copy = payload.hasRemaining() ? copier.copy(payload) : null;
      held.add(new Held(link, new FrameHeader().copyFrom(h), copy));
      return;
    }
    lastForeground = loop.now();
    int refusal = judge(link, h);
    if (refusal != Status.OK) {
      refuse(link, h, refusal);
      return;
    }
    books.watermark(h.epoch, h.generation, h.watermark);
    switch (h.type) {
      case FrameType.WRITE, FrameType.WRITE_ZEROES -> write(link, h, payload);
      case FrameType.READ -> read(link, h);
      case FrameType.FLUSH -> flush(link, h.sequence, h.epoch, h.lane, FrameType.FLUSH);
      default -> link.connection.close("unknown frame type " + h.type);
    }
  }

  /** Every reason not to admit a request, once (rules 2.6, 3.1, 4.1, 5.1, 9.5). */
  private int judge(ClientLink link, FrameHeader h) {
    PoolView v = books.view();
    if (v == null || stopped) {
      return Status.NO_VIEW;
    }
    if (h.generation != v.generation()) {
      return h.generation < v.generation() ? Status.STALE_VIEW : Status.NO_VIEW;
    }
    Writer w = v.writer();
    if (w == null || w.epoch() != h.epoch || !w.session().equals(link.session)) {
      return Status.FENCED;
    }
    LegState state = books.state();
    if (!state.inWriteSet() || (h.type == FrameType.READ && state != LegState.IN_SYNC)) {
      return Status.NOT_IN_SYNC;
    }
    if (h.type == FrameType.FLUSH) {
      return Status.OK;
    }
    boolean inside =
        h.offset >= 0
            && h.length > 0
            && h.offset % BLOCK == 0
            && h.length % BLOCK == 0
            && h.length <= books.disk.blocks() * BLOCK - h.offset;
    boolean sized =
        switch (h.type) {
          case FrameType.WRITE -> h.payloadBytes == h.length;
          case FrameType.READ -> h.payloadBytes == 0 && h.length <= FrameHeader.MAX_PAYLOAD;
          default -> h.payloadBytes == 0;
        };
    return inside && sized ? Status.OK : Status.INVALID;
  }

  private void refuse(ClientLink link, FrameHeader h, int status) {
    PoolView v = books.view();
    if (v != null && link.knownGeneration < v.generation()) {
      speech.view(link.connection, link.handle, v);
      link.knownGeneration = v.generation();
    }
    int type = h.type == FrameType.READ ? FrameType.DATA : FrameType.ACK;
    answer(link, type, status, h.sequence, h.epoch, h.lane, h.type, null, 0);
  }

  private void write(ClientLink link, FrameHeader h, ByteBuffer payload) {
    boolean fua = (h.flags & FrameType.FLAG_FUA) != 0;
    if (books.rules.duplicates() && (failed.isEmpty() || !failed.contains(h.sequence))) {
      for (Ops.Op o = ops.first(); o != null; o = o.next()) {
        if (o.owner == this
            && o.type != FrameType.READ
            && o.epoch == h.epoch
            && o.sequence == h.sequence) {
          joined.add(new Joined(link, o, h.lane));
          o.flags |= h.flags & FrameType.FLAG_FUA;
          return;
        }
      }
      if (h.sequence <= books.disk.unconfirmed().confirmed(h.epoch)
          || books.disk.unconfirmed().holds(h.epoch, h.sequence)) {
        if (fua) {
          flush(link, h.sequence, h.epoch, h.lane, h.type);
        } else {
          answer(link, FrameType.ACK, Status.OK, h.sequence, h.epoch, h.lane, h.type, null, 0);
        }
        return;
      }
    }
    if (h.sequence - books.disk.unconfirmed().confirmed(h.epoch)
        > books.disk.unconfirmed().window()) {
      refuse(link, h, Status.INVALID);
      return;
    }
    writes++;
    watch.touched(h.offset, h.length);
    books.admit(h.epoch, h.sequence, h.offset, h.length);
    Ops.Op op = ops.take();
    op.kind = h.type == FrameType.WRITE ? Ops.Kind.WRITE : Ops.Kind.ZERO;
    op.punch = (h.flags & FrameType.FLAG_PUNCH) != 0;
    fill(op, link, h);
    ops.submit(op, h.type == FrameType.WRITE ? payload : null, copier);
  }

  private void read(ClientLink link, FrameHeader h) {
    Ops.Op op = ops.take();
    op.kind = Ops.Kind.READ;
    op.buf = speech.bufs().take((int) h.length);
    op.from = 0;
    fill(op, link, h);
    ops.submit(op, null, copier);
  }

  private void fill(Ops.Op op, ClientLink link, FrameHeader h) {
    op.offset = h.offset;
    op.length = h.length;
    op.owner = this;
    op.tag = link;
    op.epoch = h.epoch;
    op.sequence = h.sequence;
    op.generation = h.generation;
    op.flags = h.flags;
    op.lane = h.lane;
    op.type = h.type;
  }

  @Override
  public void ended(Ops.Op op, int status) {
    ClientLink link = java.util.Objects.requireNonNull((ClientLink) op.tag);
    if (op.kind == Ops.Kind.READ) {
      Buf data = status == Status.OK ? op.buf : null;
      answer(
          link,
          FrameType.DATA,
          status,
          op.sequence,
          op.epoch,
          op.lane,
          op.type,
          data,
          (int) op.length);
      return;
    }
    if (status == Status.OK) {
      books.stored(op.epoch, op.sequence, op.offset, op.length);
      if (!failed.isEmpty()) {
        failed.remove(op.sequence);
      }
    } else {
      failed.add(op.sequence);
    }
    written(link, op, op.lane, status);
    for (int i = joined.size() - 1; i >= 0; i--) {
      if (joined.get(i).op == op) {
        Joined j = joined.remove(i);
        written(j.link, op, j.lane, status);
      }
    }
  }

  private void written(ClientLink link, Ops.Op op, int lane, int status) {
    if (status == Status.OK && (op.flags & FrameType.FLAG_FUA) != 0) {
      flush(link, op.sequence, op.epoch, lane, op.type);
    } else {
      answer(link, FrameType.ACK, status, op.sequence, op.epoch, lane, op.type, null, 0);
    }
  }

  private void flush(ClientLink link, long sequence, long epoch, int lane, int type) {
    Sync s = freeSync;
    if (s == null) {
      s = new Sync();
    } else {
      freeSync = s.next;
    }
    s.link = link;
    s.sequence = sequence;
    s.epoch = epoch;
    s.lane = lane;
    s.type = type;
    books.disk.sync(s);
  }

  private void answer(
      ClientLink link,
      int type,
      int status,
      long sequence,
      long epoch,
      int lane,
      int requestType,
      @Nullable Buf payload,
      int length) {
    if (!link.open) {
      return;
    }
    out.clear();
    out.type = type;
    out.status = status;
    out.handle = link.handle;
    out.lane = lane;
    out.sequence = sequence;
    out.generation = books.generation();
    out.epoch = epoch;
    out.extra = requestType == FrameType.FLUSH ? FrameType.FLUSH : 0;
    link.connection.send(out, payload, 0, payload == null ? 0 : length);
  }

  /** One request that waits for a store sync; reused. */
  private final class Sync implements io.onehop.node.store.LegDisk.Done {
    private @Nullable Sync next;
    private @Nullable ClientLink link;
    private long sequence;
    private long epoch;
    private int lane;
    private int type;

    @Override
    public void done(int status) {
      ClientLink l = java.util.Objects.requireNonNull(link);
      answer(l, FrameType.ACK, status, sequence, epoch, lane, type, null, 0);
      link = null;
      next = freeSync;
      freeSync = this;
    }
  }
}
