package io.onehop.node.resync;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.Speech;
import io.onehop.node.leg.LegEdge;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.RunsCodec;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.Connection;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.roaringbitmap.RoaringBitmap;

/**
 * The authority's part of reconciling (rule 7.2): gather the unconfirmed sets, have everyone record
 * their union, then have everyone copy it from here. Each step is asked again until it is answered
 * or another view is adopted. On the leg's data thread.
 */
public final class Reconciler {
  private enum Step {
    IDLE,
    GATHER,
    RECORD,
    COPY
  }

  private static final long ASK_AGAIN_NANOS = 300_000_000L;

  private final LegBooks books;
  private final PeerLinks links;
  private final Speech speech;
  private final Loop loop;
  private final Consumer<LegEdge> edges;
  private final long[] askedAt = new long[PoolView.MAX_MEMBERS];
  private final RoaringBitmap union = new RoaringBitmap();
  private Step step = Step.IDLE;
  private long generation;
  private int open;
  private long request;

  /** Parts as named. */
  public Reconciler(
      LegBooks books, PeerLinks links, Speech speech, Loop loop, Consumer<LegEdge> edges) {
    this.books = books;
    this.links = links;
    this.speech = speech;
    this.loop = loop;
    this.edges = edges;
  }

  /** A view was adopted: what was under way is void. */
  public void adopted() {
    step = Step.IDLE;
    union.clear();
    open = 0;
  }

  /** See {@code LegOrder.GatherUnion}. */
  public void gather(long inGeneration, int members) {
    if (inGeneration != books.generation()) {
      return;
    }
    union.clear();
    union.or(books.unconfirmedBlocks());
    begin(Step.GATHER, inGeneration, members);
  }

  /** See {@code LegOrder.RecordUnion}. */
  public void record(long inGeneration, int members) {
    if (inGeneration != books.generation()) {
      return;
    }
    if (members != 0 && lostSome()) {
      // Rule 4.3: it cannot be copied from here, and what the others have may differ.
      edges.accept(
          new LegEdge.DiskFailed("its medium has lost a block that this leg was to decide"));
      return;
    }
    try {
      books.recordUnion(union);
    } catch (IOException | UncheckedIOException e) {
      edges.accept(new LegEdge.DiskFailed("union: " + e.getMessage()));
      return;
    }
    begin(Step.RECORD, inGeneration, members);
  }

  private boolean lostSome() {
    if (books.disk.ownMissing().size() != 0) {
      for (long b = union.nextValue(0); b >= 0; b = union.nextValue((int) b + 1)) {
        if (books.missing(b)) {
          return true;
        }
      }
    }
    return false;
  }

  /** See {@code LegOrder.CopyUnion}. */
  public void copy(long inGeneration, int members) {
    if (inGeneration == books.generation()) {
      begin(Step.COPY, inGeneration, members);
    }
  }

  private void begin(Step next, long inGeneration, int members) {
    step = next;
    generation = inGeneration;
    open = members;
    request++;
    java.util.Arrays.fill(askedAt, Long.MIN_VALUE / 2);
    tick();
  }

  /** Asks whoever has not answered; completes the step when nobody is left. */
  public void tick() {
    if (step == Step.IDLE) {
      return;
    }
    if (open == 0) {
      complete();
      return;
    }
    long now = loop.now();
    for (int i = 0; i < askedAt.length; i++) {
      Connection c = links.connection(i);
      if ((open & 1 << i) != 0 && c != null && now - askedAt[i] >= ASK_AGAIN_NANOS) {
        askedAt[i] = now;
        ask(i, c);
      }
    }
  }

  private void ask(int member, Connection c) {
    int type =
        switch (step) {
          case GATHER -> FrameType.UNION_REQUEST;
          case RECORD -> FrameType.UNION_RECORD;
          case COPY, IDLE -> FrameType.UNION_COPY;
        };
    FrameHeader h = links.header(type, member, request);
    h.generation = generation;
    if (step == Step.RECORD) {
      speech.runs(c, h, union);
    } else {
      c.send(h);
    }
  }

  private void complete() {
    Step done = step;
    step = Step.IDLE;
    switch (done) {
      case GATHER -> edges.accept(new LegEdge.UnionGathered(generation));
      case RECORD -> edges.accept(new LegEdge.UnionRecorded(generation));
      case COPY -> edges.accept(new LegEdge.UnionCopied(generation));
      case IDLE -> {}
    }
  }

  /** A UNION or PEER_ACK frame of {@code member}. */
  public void answer(int member, FrameHeader h, ByteBuffer payload) throws WireException {
    boolean kind = h.type == (step == Step.GATHER ? FrameType.UNION : FrameType.PEER_ACK);
    if (!kind || h.sequence != request || step == Step.IDLE || (open & 1 << member) == 0) {
      return;
    }
    if (h.status != Status.OK || h.generation != generation) {
      // Not adopted yet, or busy with it: asked again shortly.
      askedAt[member] = Math.min(askedAt[member], loop.now() - ASK_AGAIN_NANOS + 20_000_000L);
      return;
    }
    if (step == Step.GATHER) {
      RunsCodec.forEach(
          payload, books.disk.blocks(), (start, count) -> union.add(start, start + count));
      if ((h.flags & FrameType.FLAG_MORE) != 0) {
        return;
      }
    }
    open &= ~(1 << member);
    tick();
  }

  /** See {@link PeerLinks.Answers#linkDown}. */
  public void linkDown(int index) {
    askedAt[index] = Long.MIN_VALUE / 2;
  }
}
