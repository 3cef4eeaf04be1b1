package io.onehop.node.resync;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.Ops;
import io.onehop.node.books.Speech;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.store.BlockSet;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.RunsCodec;
import io.onehop.protocol.wire.WireException;
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
 * A syncing leg's way back (rules 6.2, 6.4, 6.5, 6.7, 6.9): maps of all in-sync peers, fetches,
 * syncs, clears. On the leg's data thread.
 */
public final class Healer implements Fetcher.Work {
  private static final long ASK_AGAIN_NANOS = 300_000_000L;
  private static final long CHECKPOINT_BLOCKS = 16384;

  private final LegBooks books;
  private final PeerLinks links;
  private final Speech speech;
  private final Loop loop;
  private final Consumer<LegEdge> edges;
  private final Fetcher fetcher;
  private final Pace pace;
  private final RoaringBitmap clearable = new RoaringBitmap();
  private final long[] askedAt = new long[PoolView.MAX_MEMBERS];

  /** Per source: the members whose maps it has not given yet, this leg among them (mask). */
  private final int[] awaited = new int[PoolView.MAX_MEMBERS];

  private int wantedMaps;
  private long mapGeneration;
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
    this.fetcher = new Fetcher(books, ops, copier, links, this, pace);
  }

  /** A view was adopted: what was under way is void. */
  public void adopted(PoolView v, boolean newStint) {
    pace.policies(v.policies());
    fetcher.stop();
    clearable.clear();
    wantedMaps = 0;
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

  /** See {@code LegOrder.RequestMaps}. */
  public void requestMaps(long generation, int sources) {
    PoolView v = books.view();
    if (v == null || generation != books.generation() || books.state() != LegState.SYNCING) {
      return;
    }
    mapGeneration = generation;
    wantedMaps = sources;
    for (int i = 0; i < v.members().size(); i++) {
      awaited[i] = 1 << books.self() | (absent(v) & ~(1 << i));
    }
    java.util.Arrays.fill(askedAt, Long.MIN_VALUE / 2);
    ask();
    if (!books.rules.allMapsFirst()) {
      books.mapsFrom |= sources; // the naive form: what its own books say is enough
      mapsComplete();
    }
  }

  /** The other legs that are not in sync: rule 6.8 wants the peers' maps of them, too. */
  private int absent(PoolView v) {
    int mask = 0;
    for (int i = 0; i < v.members().size(); i++) {
      Member m = v.members().get(i);
      if (i != books.self() && m.isLeg() && m.state() != LegState.IN_SYNC) {
        mask |= 1 << i;
      }
    }
    return mask;
  }

  private void ask() {
    PoolView v = books.view();
    int open = wantedMaps & ~books.mapsFrom;
    if (v == null || wantedMaps == 0) {
      return;
    }
    if (open == 0) {
      mapsComplete();
      return;
    }
    long now = loop.now();
    for (int i = 0; i < v.members().size(); i++) {
      if ((open & 1 << i) != 0 && links.up(i) && now - askedAt[i] >= ASK_AGAIN_NANOS) {
        askedAt[i] = now;
        for (int of = 0; of < v.members().size(); of++) {
          if ((awaited[i] & 1 << of) != 0) {
            FrameHeader h = links.header(FrameType.MAP_REQUEST, i, ++ids);
            h.generation = mapGeneration;
            h.offset = v.members().get(books.self()).since();
            h.extra = of == books.self() ? 0 : of + 1;
            links.send(i, h);
          }
        }
      }
    }
  }

  private void mapsComplete() {
    wantedMaps = 0;
    try {
      books.disk.ownMissing().force();
      PoolView v = java.util.Objects.requireNonNull(books.view());
      for (int i = 0; i < v.members().size(); i++) {
        if ((absent(v) & 1 << i) != 0) {
          books.disk.missMap(v.members().get(i).id()).force();
        }
      }
    } catch (IOException e) {
      edges.accept(new LegEdge.DiskFailed("own-missing set: " + e.getMessage()));
      return;
    }
    missed = Math.max(missed, copied + books.missingBlocks());
    edges.accept(new LegEdge.MapsArrived(mapGeneration));
  }

  /** A MAP frame of member {@code source}. */
  public void map(int source, FrameHeader h, ByteBuffer payload) throws WireException {
    boolean current = h.generation == mapGeneration && books.generation() == mapGeneration;
    if (h.status != Status.OK) {
      if (h.status == Status.AGAIN) {
        askedAt[source] = loop.now() - ASK_AGAIN_NANOS + 20_000_000L;
      }
      return;
    }
    if (books.state() != LegState.SYNCING || (books.rules.mapGeneration() && !current)) {
      return;
    }
    PoolView v = java.util.Objects.requireNonNull(books.view());
    int of = h.extra == 0 ? books.self() : (int) h.extra - 1;
    if (of < 0 || of >= v.members().size()) {
      return;
    }
    if (of == books.self()) {
      ownMap(payload);
    } else if ((absent(v) & 1 << of) != 0) {
      BlockSet map = books.disk.missMap(v.members().get(of).id());
      RunsCodec.forEach(
          payload, books.disk.blocks(), (start, count) -> map.add(start, start + count));
    }
    if ((h.flags & FrameType.FLAG_MORE) == 0) {
      awaited[source] &= ~(1 << of);
      if (awaited[source] == 0) {
        books.mapsFrom |= 1 << source;
      }
      ask();
    }
  }

  private void ownMap(ByteBuffer payload) throws WireException {
    BlockSet own = books.disk.ownMissing();
    RunsCodec.forEach(
        payload,
        books.disk.blocks(),
        (start, count) -> {
          for (long b = start; b < start + count; ) {
            // Rule 6.4: a late bit does not make a fresh block missing.
            if (books.fresh.contains((int) b)) {
              b = Math.min(start + count, books.fresh.nextAbsentValue((int) b));
              continue;
            }
            long f = books.fresh.nextValue((int) b);
            long e = f >= 0 ? Math.min(f, start + count) : start + count;
            own.add(b, e);
            b = e;
          }
        });
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
    ask();
    fetcher.pump();
  }

  /** See {@link PeerLinks.Answers#linkDown}. */
  public void linkDown(int index) {
    askedAt[index] = Long.MIN_VALUE / 2;
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
    if (!announced) {
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
    books.disk.sync(status -> {
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
    try {
      LegBooks.forEachRun(done, own::remove);
      own.force();
    } catch (IOException e) {
      edges.accept(new LegEdge.DiskFailed("own-missing set: " + e.getMessage()));
      return;
    }
    books.clean.andNot(done);
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
