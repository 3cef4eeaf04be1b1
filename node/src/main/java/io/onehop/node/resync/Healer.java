package io.onehop.node.resync;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.Ops;
import io.onehop.node.books.Speech;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.store.BlockSet;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Connection;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.roaringbitmap.RoaringBitmap;

/**
 * A syncing leg's way back (rules 6.2, 6.5, 6.7, 6.9) when the maps are there: fetches, syncs,
 * clears. On the leg's data thread.
 */
public final class Healer implements Fetcher.Work {
  private static final long CHECKPOINT_BLOCKS = 16384;

  private final LegBooks books;
  private final PeerLinks links;
  private final Speech speech;
  private final Loop loop;
  private final Consumer<LegEdge> edges;
  private final Fetcher fetcher;
  private final Pace pace;
  private final RoaringBitmap clearable = new RoaringBitmap();
  private long healGeneration;
  private boolean syncing;
  private boolean announced;
  private long sinceCheckpoint;
  private long ids;
  private long missed;
  private long copied;
  private long startedAt;
  private long tookNanos = -1;
  private long storedBytes;
  private long arrivedBytes;
  private Runnable whenStored = () -> {};

  /** Parts as named; edges go to {@code edges}. */
  public Healer(
      LegBooks books,
      Ops ops,
      Ops.PayloadCopier copier,
      PeerLinks links,
      Speech speech,
      Loop loop,
      Consumer<LegEdge> edges,
      java.util.function.LongSupplier lastForeground) {
    this.books = books;
    this.links = links;
    this.speech = speech;
    this.loop = loop;
    this.edges = edges;
    this.pace = new Pace(loop, lastForeground);
    this.fetcher = new Fetcher(books, ops, copier, links, loop, this, pace);
  }

  /** The maps of all in-sync peers have come. */
  public void mapsArrived() {
    missed = Math.max(missed, copied + books.missingBlocks());
  }

  /** From now on {@code r} is called when something healed. */
  public void whenStored(Runnable r) {
    whenStored = r;
  }

  /** Missing blocks that no in-sync peer has either (rule 4.3). */
  public RoaringBitmap nowhere() {
    return fetcher.refused();
  }

  /** A reader waits for blocks [from, to): what of them is missing goes first (rule 4.2). */
  public void urge(long from, long to) {
    fetcher.urge(from, to);
  }

  /** A view was adopted: what was under way is void. */
  public void adopted(PoolView v, boolean newStint) {
    pace.policies(v.policies());
    fetcher.stop();
    clearable.clear();
    healGeneration = 0;
    if (newStint) {
      missed = 0;
      copied = 0;
      tookNanos = -1;
      startedAt = loop.now();
    }
  }

  /** A view waits at the barrier: nothing more is begun (rule 2.1). */
  public void hold() {
    fetcher.stop();
  }

  /** See {@code LegOrder.Heal}. */
  public void heal(long generation) {
    PoolView v = books.view();
    if (v == null || generation != books.generation() || books.state() != LegState.SYNCING) {
      return;
    }
    if (books.rules.allMapsFirst() && (v.inSyncSet() & ~books.mapsFrom) != 0) {
      return;
    }
    if (healGeneration == generation && fetcher.running()) {
      return;
    }
    healGeneration = generation;
    announced = false;
    fetcher.start(generation, v.inSyncSet());
  }

  /** Bytes of healed blocks that no peer sent: 0, or resync has a bug. */
  public long healedElsewhere() {
    return Math.max(0, storedBytes - arrivedBytes);
  }

  /** A FETCHED frame; false if no heal is under way. */
  public boolean fetched(int source, FrameHeader h, ByteBuffer payload) {
    if (healGeneration == 0 && books.rules.fetchChecked()) {
      return false;
    }
    // A hole arrives as its length.
    boolean hole = (h.flags & FrameType.FLAG_HOLE) != 0;
    arrivedBytes += hole ? h.length : payload.remaining();
    fetcher.answer(source, h, payload);
    return true;
  }

  /** Retries what was not answered. */
  public void tick() {
    fetcher.pump();
    if (fetcher.running() && fetcher.idle() && !books.clean.isEmpty()) {
      checkpoint(); // what nobody has must not keep the rest from being durable
    }
  }

  /** See {@link PeerLinks.Answers#linkDown}. */
  public void linkDown(int index) {
    fetcher.linkDown(index);
  }

  /** Bytes per second healed lately; 0 when not healing. */
  public long rate() {
    return fetcher.running() ? pace.rate() : 0;
  }

  /** Blocks missed in this stint. */
  public long missed() {
    return missed;
  }

  /** Blocks copied in this stint. */
  public long copied() {
    return copied;
  }

  /** How long the last completed stint took; -1 if none. */
  public long tookNanos() {
    return tookNanos;
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
    whenStored.run();
    clearable.add(from, to);
    copied += to - from;
    storedBytes += (to - from) * PoolView.BLOCK_SIZE;
    sinceCheckpoint += to - from;
    if (sinceCheckpoint >= CHECKPOINT_BLOCKS) {
      checkpoint();
    }
  }

  @Override
  public void finished() {
    // What was lost to the medium after it was said (rule 4.3) heals the same way.
    if (!announced || books.disk.ownMissing().size() != 0) {
      checkpoint();
    }
  }

  @Override
  public void failed(int status) {
    edges.accept(new LegEdge.DiskFailed("write of a healed block: " + Status.name(status)));
  }

  /**
   * Store sync; then what was clean before it leaves own-missing, and the peers' maps (6.2, 6.7).
   */
  private void checkpoint() {
    if (syncing) {
      return;
    }
    syncing = true;
    sinceCheckpoint = 0;
    RoaringBitmap done = books.clean.clone();
    long stint = books.stint;
    long generation = books.generation();
    books.sync(status -> {
      syncing = false;
      if (status != Status.OK) {
        edges.accept(new LegEdge.DiskFailed(books.syncFailed(Status.name(status))));
      } else if (stint == books.stint && books.state() == LegState.SYNCING) {
        synced(done, generation);
      }
    });
  }

  private void synced(RoaringBitmap done, long generation) {
    BlockSet own = books.disk.ownMissing();
    // What the medium has lost again while the sync ran is not whole.
    done.and(books.clean);
    try {
      books.healed(done);
    } catch (IOException e) {
      edges.accept(new LegEdge.DiskFailed("own-missing set: " + e.getMessage()));
      return;
    }
    if (generation != books.generation()) {
      return;
    }
    clearPeers(done);
    // Rule 6.9: own-missing itself is empty. What healed while the sync ran is clean in memory
    // only; the next checkpoint covers it.
    if (healGeneration == generation && own.next(0) < 0 && !announced) {
      announced = true;
      tookNanos = loop.now() - startedAt;
      edges.accept(new LegEdge.Healed(generation));
    }
  }

  private void clearPeers(RoaringBitmap done) {
    PoolView v = books.view();
    RoaringBitmap told = RoaringBitmap.and(done, clearable);
    clearable.andNot(done);
    if (v == null || !v.ready() || told.isEmpty()) {
      return;
    }
    for (int i = 0; i < v.members().size(); i++) {
      Connection c = links.connection(i);
      if ((v.inSyncSet() & 1 << i) != 0 && c != null) {
        FrameHeader h = links.header(FrameType.CLEAR, i, ++ids);
        h.offset = v.members().get(books.self()).since();
        h.extra = books.incarnation;
        speech.runs(c, h, told);
      }
    }
  }
}
