package io.onehop.node.serve;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.MediaErrors;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Admits a session's requests, stores and answers its writes, zeroes and flushes (rules 3.x, 4.1).
 * While a view waits at the barrier nothing is admitted; requests are kept and judged by the new
 * view. On the data loop.
 */
final class Admission implements Ops.Owner, DemandReads.Source {
  /** Told of every admitted write, for comparisons that must not see a moving range. */
  interface WriteWatch {
    /** A write to this byte range was admitted. */
    void touched(long offset, long length);
  }

  private record Held(ClientLink link, FrameHeader header, @Nullable Buf payload) {}

  private record Range(long offset, long length) {}

  private record Joined(ClientLink link, Ops.Op op, int lane) {}

  private static final int BLOCK = PoolView.BLOCK_SIZE;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** Most payload bytes kept while a view waits at the barrier; a client beyond it is cut off. */
  private static final long MAX_HELD_BYTES = 256L << 20;

  /** Most requests kept then. */
  private static final int MAX_HELD = 1 << 16;

  private final LegBooks books;
  private final Ops ops;
  private final Speech speech;
  private final Loop loop;
  private final WriteWatch watch;
  private final Reads reads;
  private final Ops.PayloadCopier copier;
  private final ArrayDeque<Held> held = new ArrayDeque<>();
  private final List<Joined> joined = new ArrayList<>();

  /**
   * Sequences recorded but not applied because the store failed: sent again they are no duplicates.
   * Of one stint and epoch, as the log is.
   */
  private final Map<Long, Range> failed = new HashMap<>();

  private final ClientAnswers answers;
  private long failedStint;
  private long failedEpoch;
  private long heldBytes;

  private boolean holding;
  private boolean stopped;
  private long writes;
  private long lastForeground;

  /**
   * @param diskFailed told why this run must end (rule 3.10)
   */
  Admission(
      LegBooks books,
      Ops ops,
      Speech speech,
      Loop loop,
      WriteWatch watch,
      MediaErrors media,
      Consumer<String> diskFailed) {
    this.books = books;
    this.ops = ops;
    this.speech = speech;
    this.loop = loop;
    this.watch = watch;
    this.answers = new ClientAnswers(books, diskFailed);
    this.copier =
        payload -> {
          Buf b = speech.bufs().take(payload.remaining());
          b.bytes().clear().put(payload.duplicate());
          return b;
        };
    this.reads = new Reads(books, ops, speech.bufs(), media, answers, this);
  }

  /** How reads are served. */
  Reads reads() {
    return reads;
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
    heldBytes = 0;
    if (books.stint != failedStint || (books.writer() != null && epoch() != failedEpoch)) {
      failed.clear();
      failedStint = books.stint;
      failedEpoch = epoch();
    }
    reads.adopted();
    for (Held h = held.poll(); h != null; h = held.poll()) {
      if (h.payload == null) {
        request(h.link, h.header, NOTHING);
      } else {
        ByteBuffer v = h.payload.view(0, h.header.payloadBytes);
        try {
          request(h.link, h.header, v);
        } finally {
          h.payload.done(v);
          h.payload.release();
        }
      }
    }
  }

  private long epoch() {
    Writer w = books.writer();
    return w == null ? 0 : w.epoch();
  }

  /** Nothing is admitted any more. */
  void stop() {
    stopped = true;
  }

  /** As {@link #stop}, and what is kept is let go. */
  void end() {
    stopped = true;
    reads.end();
    for (Held h = held.poll(); h != null; h = held.poll()) {
      if (h.payload != null) {
        h.payload.release();
      }
    }
  }

  /** A data frame of a client. */
  void request(ClientLink link, FrameHeader h, ByteBuffer payload) {
    if (!link.open) {
      return;
    }
    if (holding) {
      heldBytes += payload.remaining();
      if (stopped || heldBytes > MAX_HELD_BYTES || held.size() >= MAX_HELD) {
        link.connection.close("too much was sent while a view is being adopted");
        return;
      }
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
      case FrameType.READ -> reads.read(link, h);
      case FrameType.FLUSH -> answers.afterSync(link, h.sequence, h.epoch, h.lane, FrameType.FLUSH);
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
    if (!state.inWriteSet() || (h.type == FrameType.READ && !reads.served(state))) {
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
          case FrameType.WRITE -> h.sequence > 0 && h.payloadBytes == h.length;
          case FrameType.READ -> h.payloadBytes == 0 && h.length <= FrameHeader.MAX_PAYLOAD;
          default -> h.sequence > 0 && h.payloadBytes == 0;
        };
    return inside && sized ? Status.OK : Status.INVALID;
  }

  @Override
  public void refuse(ClientLink link, FrameHeader h, int status) {
    PoolView v = books.view();
    if (v != null && link.knownGeneration < v.generation()) {
      speech.view(link.connection, link.handle, v);
      link.knownGeneration = v.generation();
    }
    answers.ack(link, status, h.sequence, h.epoch, h.lane, h.type);
  }

  private void write(ClientLink link, FrameHeader h, ByteBuffer payload) {
    boolean fua = (h.flags & FrameType.FLAG_FUA) != 0;
    if (books.rules.duplicates() && (failed.isEmpty() || !failed.containsKey(h.sequence))) {
      for (Ops.Op o = ops.first(); o != null; o = o.next()) {
        if (o.owner == this
            && o.type != FrameType.READ
            && o.epoch == h.epoch
            && o.sequence == h.sequence) {
          o.flags |= h.flags & FrameType.FLAG_FUA;
          joined.add(new Joined(link, o, h.lane)); // each request has one answer
          return;
        }
      }
      if (h.sequence <= books.disk.unconfirmed().confirmed(h.epoch)
          || books.disk.unconfirmed().holds(h.epoch, h.sequence)) {
        if (fua) {
          answers.afterSync(link, h.sequence, h.epoch, h.lane, h.type);
        } else {
          answers.ack(link, Status.OK, h.sequence, h.epoch, h.lane, h.type);
        }
        return;
      }
    }
    if (h.sequence - books.disk.unconfirmed().confirmed(h.epoch)
        > books.disk.unconfirmed().window()) {
      refuse(link, h, Status.INVALID);
      return;
    }
    if (!failed.isEmpty() && !sameRange(h)) {
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

  /** A sequence number names one write only, also when it is sent again. */
  private boolean sameRange(FrameHeader h) {
    Range r = failed.get(h.sequence);
    return r == null || (r.offset == h.offset && r.length == h.length);
  }

  @Override
  public void again(ClientLink link, FrameHeader h) {
    request(link, h, NOTHING);
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
    if (status == Status.OK) {
      books.stored(op.epoch, op.sequence, op.offset, op.length);
      if (!failed.isEmpty()) {
        failed.remove(op.sequence);
      }
    } else {
      failed.put(op.sequence, new Range(op.offset, op.length));
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
      answers.afterSync(link, op.sequence, op.epoch, lane, op.type);
    } else {
      answers.ack(link, status, op.sequence, op.epoch, lane, op.type);
    }
  }
}
