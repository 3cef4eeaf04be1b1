package io.onehop.node.resync;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.Ops;
import io.onehop.node.leg.LegEdge;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.roaringbitmap.RoaringBitmap;

/**
 * A leg in sync gets back what its medium has lost (rule 4.3): fetched from the other in-sync legs
 * as a syncing leg does, dropped from own-missing after a store sync. What a client overwrites in
 * the meantime is not fetched. Works by itself, without an order. On the leg's data thread.
 */
public final class Mender implements Fetcher.Work {
  private final LegBooks books;
  private final Consumer<LegEdge> edges;
  private final Fetcher fetcher;
  private final Pace pace;
  private boolean holding;
  private boolean syncing;

  /** Parts as named; edges go to {@code edges}. */
  public Mender(
      LegBooks books,
      Ops ops,
      Ops.PayloadCopier copier,
      PeerLinks links,
      Loop loop,
      Consumer<LegEdge> edges,
      LongSupplier lastForeground) {
    this.books = books;
    this.edges = edges;
    this.pace = new Pace(loop, lastForeground);
    this.fetcher = new Fetcher(books, ops, copier, links, loop, this, pace);
  }

  /** A view was adopted: what was under way is void. */
  public void adopted(PoolView v) {
    pace.policies(v.policies());
    fetcher.stop();
    holding = false;
  }

  /** A view waits at the barrier: nothing more is begun (rule 2.1). */
  public void hold() {
    fetcher.stop();
    holding = true;
  }

  /** Begins when something is missing, asks again for what was not answered. */
  public void tick() {
    PoolView v = books.view();
    if (holding
        || v == null
        || !v.ready()
        || books.state() != LegState.IN_SYNC
        || books.disk.ownMissing().size() == 0) {
      return;
    }
    int peers = v.inSyncSet() & ~(1 << books.self());
    if (peers == 0) {
      // Nobody to fetch from; what was overwritten is whole again.
      checkpoint();
    } else if (fetcher.running()) {
      fetcher.pump();
      if (fetcher.idle()) {
        checkpoint(); // what nobody has must not keep the rest from being durable
      }
    } else {
      fetcher.start(v.generation(), peers);
    }
  }

  /** A FETCHED frame; false if nothing is being mended. */
  public boolean fetched(int source, FrameHeader h, ByteBuffer payload) {
    if (!fetcher.running()) {
      return false;
    }
    fetcher.answer(source, h, payload);
    return true;
  }

  /** See {@link PeerLinks.Answers#linkDown}. */
  public void linkDown(int index) {
    fetcher.linkDown(index);
  }

  @Override
  public long next(long from) {
    return books.nextMissing(from);
  }

  @Override
  public long until(long from, long max) {
    return books.missingUntil(from, max);
  }

  @Override
  public boolean wants(long block) {
    return books.missing(block);
  }

  @Override
  public void stored(long from, long to) {
    books.markClean(from, to);
  }

  @Override
  public void finished() {
    if (books.disk.ownMissing().size() == 0) {
      fetcher.stop();
    } else {
      checkpoint();
    }
  }

  @Override
  public void failed(int status) {
    edges.accept(new LegEdge.DiskFailed("write of a healed block: " + Status.name(status)));
  }

  private void checkpoint() {
    if (syncing || books.clean.isEmpty()) {
      return;
    }
    syncing = true;
    RoaringBitmap done = books.clean.clone();
    long stint = books.stint;
    books.sync(status -> {
      syncing = false;
      if (status != Status.OK) {
        edges.accept(new LegEdge.DiskFailed(books.syncFailed(Status.name(status))));
      } else if (stint == books.stint) {
        durable(done);
      }
    });
  }

  private void durable(RoaringBitmap done) {
    // What was lost again while the sync ran is not whole.
    done.and(books.clean);
    try {
      books.healed(done);
    } catch (IOException e) {
      edges.accept(new LegEdge.DiskFailed("own-missing set: " + e.getMessage()));
    }
  }
}
