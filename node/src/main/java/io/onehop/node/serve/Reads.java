package io.onehop.node.serve;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.MediaErrors;
import io.onehop.node.books.Ops;
import io.onehop.node.resync.Healer;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import org.jspecify.annotations.Nullable;

/**
 * Serves admitted reads: from the store what is not missing; on a syncing leg the rest after a
 * fetch (rule 4.2), on one in sync not at all (rule 4.3). On the data loop.
 */
final class Reads implements Ops.Owner {
  private static final int BLOCK = PoolView.BLOCK_SIZE;

  /** On a read that has failed once; no flag of the wire is as high. */
  private static final int TRIED = 1 << 30;

  private final LegBooks books;
  private final Ops ops;
  private final BufPool bufs;
  private final MediaErrors media;
  private final ClientAnswers answers;
  private final DemandReads.Source source;
  private @Nullable DemandReads demand;

  Reads(
      LegBooks books,
      Ops ops,
      BufPool bufs,
      MediaErrors media,
      ClientAnswers answers,
      DemandReads.Source source) {
    this.books = books;
    this.ops = ops;
    this.bufs = bufs;
    this.media = media;
    this.answers = answers;
    this.source = source;
  }

  /** Who fetches what a reader waits for. Without one, a syncing leg serves no reads. */
  DemandReads fetchBy(Healer healer, Loop loop) {
    DemandReads d = new DemandReads(books, loop, healer, source);
    demand = d;
    return d;
  }

  /** Whether a leg in this state serves reads at all. */
  boolean served(LegState state) {
    return state == LegState.IN_SYNC || (demand != null && demand.mapsCame());
  }

  /** Another view is adopted. */
  void adopted() {
    if (demand != null) {
      demand.adopted();
    }
  }

  /** Nothing is served any more. */
  void end() {
    media.end();
    if (demand != null) {
      demand.end();
    }
  }

  /** An admitted read. */
  void read(ClientLink link, FrameHeader h) {
    if (!books.missesAny(h.offset / BLOCK, (h.offset + h.length) / BLOCK)) {
      read(link, h, h.flags & TRIED);
    } else if (books.state() == LegState.IN_SYNC) {
      source.refuse(link, h, Status.MISSING); // the client goes on to another leg
    } else if (demand == null || !demand.await(link, h)) {
      source.refuse(link, h, Status.NOT_IN_SYNC);
    }
  }

  private void read(ClientLink link, FrameHeader h, int flags) {
    Ops.Op op = ops.take();
    op.kind = Ops.Kind.READ;
    op.buf = bufs.take((int) h.length);
    op.from = 0;
    op.offset = h.offset;
    op.length = h.length;
    op.owner = this;
    op.tag = link;
    op.epoch = h.epoch;
    op.sequence = h.sequence;
    op.generation = h.generation;
    op.flags = flags;
    op.lane = h.lane;
    op.type = h.type;
    ops.submit(op, null, Reads::noPayload);
  }

  private static Buf noPayload(java.nio.ByteBuffer payload) {
    throw new IllegalStateException("a read has no payload");
  }

  @Override
  public void ended(Ops.Op op, int status) {
    ClientLink link = java.util.Objects.requireNonNull((ClientLink) op.tag);
    Buf data = op.buf;
    if (status == Status.OK && data != null) {
      answers.data(link, op.sequence, op.epoch, op.lane, data, (int) op.length);
    } else if (status == Status.IO_ERROR) {
      failed(link, op);
    } else {
      answers.ack(link, status, op.sequence, op.epoch, op.lane, op.type);
    }
  }

  /** Rule 4.3: what cannot be read is missing from now on; the rest may be read after all. */
  private void failed(ClientLink link, Ops.Op op) {
    FrameHeader h = new FrameHeader();
    h.type = op.type;
    h.sequence = op.sequence;
    h.epoch = op.epoch;
    h.lane = op.lane;
    h.generation = op.generation;
    h.offset = op.offset;
    h.length = op.length;
    boolean tried = (op.flags & TRIED) != 0;
    media.failed(
        h.offset,
        h.length,
        lost -> {
          if (lost < 0 || (lost == 0 && tried)) {
            source.refuse(link, h, Status.MISSING);
          } else {
            h.flags = TRIED;
            source.again(link, h);
          }
        });
  }
}
