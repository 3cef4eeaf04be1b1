package io.onehop.node.resync;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.Ops;
import io.onehop.node.leg.LegEdge;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.RunsCodec;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

/**
 * The other in-sync legs' part of reconciling (rule 7.2): record the union, then copy it from the
 * authority and make it durable. On the leg's data thread.
 */
public final class UnionCopier implements Fetcher.Work {
  private final LegBooks books;
  private final Fetcher fetcher;
  private final Consumer<LegEdge> edges;
  private final RoaringBitmap union = new RoaringBitmap();
  private final RoaringBitmap todo = new RoaringBitmap();
  private boolean recorded;
  private boolean copied;
  private boolean syncing;
  private @Nullable IntConsumer whenCopied;

  /** Parts as named. */
  public UnionCopier(
      LegBooks books,
      Ops ops,
      Ops.PayloadCopier copier,
      PeerLinks links,
      Loop loop,
      Consumer<LegEdge> edges) {
    this.books = books;
    this.edges = edges;
    this.fetcher =
        new Fetcher(
            books, ops, copier, links, loop, this, new Pace(loop, () -> Long.MIN_VALUE / 2));
  }

  /** A view was adopted: what was under way is void. */
  public void adopted() {
    fetcher.stop();
    union.clear();
    todo.clear();
    recorded = false;
    copied = false;
    whenCopied = null;
  }

  /** A view waits at the barrier: nothing more is begun (rule 2.1). */
  public void hold() {
    fetcher.stop();
  }

  private int authority() {
    PoolView v = books.view();
    return v != null && v.phase() instanceof Phase.Reconciling r ? r.authority() : -1;
  }

  private int judge(FrameHeader h) {
    if (h.generation != books.generation()) {
      return h.generation > books.generation() ? Status.AGAIN : Status.STALE_VIEW;
    }
    return authority() >= 0 && books.state() == LegState.IN_SYNC ? Status.OK : Status.NOT_IN_SYNC;
  }

  /** A UNION_RECORD frame; the status to answer, or -1 if more frames follow. */
  public int record(FrameHeader h, ByteBuffer payload) throws WireException {
    int refusal = judge(h);
    if (refusal != Status.OK) {
      return refusal;
    }
    RunsCodec.forEach(
        payload, books.disk.blocks(), (start, count) -> union.add(start, start + count));
    if ((h.flags & FrameType.FLAG_MORE) != 0) {
      return -1;
    }
    try {
      books.recordUnion(union);
    } catch (IOException | UncheckedIOException e) {
      edges.accept(new LegEdge.DiskFailed("union: " + e.getMessage()));
      return Status.IO_ERROR;
    }
    recorded = true;
    return Status.OK;
  }

  /** A UNION_COPY frame; {@code answer} gets the status, perhaps later, perhaps never. */
  public void copy(FrameHeader h, IntConsumer answer) {
    int refusal = judge(h);
    if (refusal == Status.OK && !recorded) {
      refusal = Status.AGAIN;
    }
    if (refusal != Status.OK || copied) {
      answer.accept(refusal);
      return;
    }
    whenCopied = answer;
    if (!fetcher.running() && !syncing) {
      todo.clear();
      todo.or(union);
      fetcher.start(books.generation(), 1 << authority());
    }
  }

  /** A FETCHED frame; false if no copy is under way. */
  public boolean fetched(int source, FrameHeader h, ByteBuffer payload) {
    if (!fetcher.running()) {
      return false;
    }
    fetcher.answer(source, h, payload);
    return true;
  }

  /** Retries what was not answered. */
  public void tick() {
    fetcher.pump();
  }

  /** See {@link PeerLinks.Answers#linkDown}. */
  public void linkDown(int index) {
    fetcher.linkDown(index);
  }

  @Override
  public long next(long from) {
    return todo.nextValue((int) from);
  }

  @Override
  public long until(long from, long max) {
    long absent = todo.nextAbsentValue((int) from);
    return absent < 0 ? max : Math.min(max, absent);
  }

  @Override
  public boolean wants(long block) {
    return todo.contains((int) block);
  }

  @Override
  public void stored(long from, long to) {
    todo.remove(from, to);
  }

  @Override
  public void finished() {
    if (syncing) {
      return;
    }
    syncing = true;
    fetcher.stop();
    long generation = books.generation();
    books.sync(status -> {
      syncing = false;
      if (status != Status.OK) {
        edges.accept(new LegEdge.DiskFailed(books.syncFailed(Status.name(status))));
      }
      IntConsumer answer = whenCopied;
      if (generation == books.generation() && answer != null) {
        copied = status == Status.OK;
        whenCopied = null;
        answer.accept(status);
      }
    });
  }

  @Override
  public void failed(int status) {
    edges.accept(new LegEdge.DiskFailed("write of a reconciled block: " + Status.name(status)));
  }
}
