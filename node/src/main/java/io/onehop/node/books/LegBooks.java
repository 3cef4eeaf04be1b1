package io.onehop.node.books;

import io.onehop.node.store.BlockSet;
import io.onehop.node.store.LegDisk;
import io.onehop.node.store.Superblock;
import io.onehop.node.store.UnconfirmedLog;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

/**
 * What a leg knows: the adopted view and who misses what. Single-threaded. The map work of adoption
 * (rules 2.2 to 2.5) is here and nowhere else.
 *
 * <p>Effective missing = own-missing on disk, less {@link #clean} in memory (healed or overwritten
 * in this stint, not yet durable).
 */
public final class LegBooks {
  private static final int BLOCK = PoolView.BLOCK_SIZE;

  /** The disk. */
  public final LegDisk disk;

  /** Which rules hold (all of them, outside the simulator). */
  public final LegRules rules;

  /** This leg's member id. */
  public final UUID member;

  /** This run. */
  public final long incarnation;

  /** Blocks healed or wholly overwritten in this stint whose durability is not yet known. */
  public final RoaringBitmap clean = new RoaringBitmap();

  /** Blocks wholly written by the client in this stint and epoch (rule 6.4). */
  public final RoaringBitmap fresh = new RoaringBitmap();

  /** Members whose map of this leg has come in this stint and epoch (mask). */
  public int mapsFrom;

  /** What has been stored since the last good sync. */
  public final Unsynced unsynced;

  /** Counts stints, so that work begun in one is recognised in the next. */
  public long stint;

  @Nullable PoolView view;
  int self = -1;
  BlockSet[] staleMaps = new BlockSet[0];
  long carriedUntil;
  boolean mapsDamaged;
  private long losses;
  private boolean cleanStart;

  /** Books over {@code disk}; nothing is read before {@link #start}. */
  public LegBooks(LegDisk disk, LegRules rules, UUID member, long incarnation) {
    this.disk = disk;
    this.rules = rules;
    this.member = member;
    this.incarnation = incarnation;
    this.unsynced = new Unsynced(this);
  }

  /**
   * First thing of a run: what this leg cannot vouch for goes into own-missing, durably, and the
   * run is marked (rules 6.2, 8.3).
   *
   * @param bootId of the running kernel
   */
  public void start(UUID bootId) throws IOException {
    Superblock sb = disk.superblock();
    boolean first = sb.incarnation() == 0;
    boolean survived = first || sb.clean() || sb.bootId().equals(bootId);
    cleanStart = first || sb.clean();
    String misses = "";
    if (!survived) {
      misses = "power was lost without an orderly stop";
    } else if (!disk.damage().isEmpty()) {
      misses = disk.damage();
      mapsDamaged = true;
    }
    BlockSet own = disk.ownMissing();
    Unreadable.atStart(disk);
    if (!misses.isEmpty()) {
      own.add(0, disk.blocks());
    }
    if (rules.suspectsDurable()) {
      addUnconfirmed(own);
      own.force();
    }
    // What a former run missed is in own-missing, less what has healed since.
    misses = misses.isEmpty() ? sb.missesEverything() : misses;
    disk.save(sb.run(incarnation, bootId, false, sb.lostPower() || !survived, misses));
  }

  /** The adopted view, or null before the first adoption of this run. */
  public @Nullable PoolView view() {
    return view;
  }

  /** Adopted generation; 0 before the first adoption. */
  public long generation() {
    return view == null ? 0 : view.generation();
  }

  /** Index of this leg in the adopted view; -1 before the first adoption. */
  public int self() {
    return self;
  }

  /** State of this leg if the adopted view names this very incarnation, else STALE. */
  public LegState state() {
    PoolView v = view;
    if (v == null || self < 0 || v.members().get(self).incarnation() != incarnation) {
      return LegState.STALE;
    }
    return v.members().get(self).state();
  }

  /** The writer of the adopted view, or null. */
  public @Nullable Writer writer() {
    return view == null ? null : view.writer();
  }

  /** Whether {@code v} may be adopted: newer than the adopted one and not older than the disk's. */
  public boolean newer(PoolView v) {
    return v.generation() > generation()
        && (!rules.generationDurable()
            || v.generation() >= disk.superblock().adoptedGeneration()
            || !v.lineage().equals(disk.superblock().lineage()));
  }

  /**
   * The step of adoption, after the barrier (rules 2.2 to 2.5): marks, moves, saves, switches.
   *
   * @throws UncheckedIOException if the metadata cannot be made durable; the leg must then fail
   */
  public void adopt(PoolView v) {
    try {
      new MapWork(this).adopt(v);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Adds every block of the unconfirmed and carried sets to {@code to}. */
  public void addUnconfirmed(BlockSet to) {
    disk.unconfirmed()
        .visit((e, s, offset, length) -> to.add(offset / BLOCK, (offset + length) / BLOCK));
    to.addAll(disk.carried());
  }

  /** The unconfirmed and carried blocks as a set in memory (rule 7.2). */
  public RoaringBitmap unconfirmedBlocks() {
    RoaringBitmap u = new RoaringBitmap();
    disk.unconfirmed()
        .visit((e, s, offset, length) -> u.add(offset / BLOCK, (offset + length) / BLOCK));
    BlockSet carried = disk.carried();
    for (long b = carried.next(0); b >= 0; ) {
      long e = carried.nextAbsent(b);
      u.add(b, e);
      b = carried.next(e);
    }
    return u;
  }

  /** Rule 7.2: makes {@code union} unconfirmed here and missed by everyone not in sync, durably. */
  public void recordUnion(RoaringBitmap union) throws IOException {
    PoolView v = java.util.Objects.requireNonNull(view);
    if (rules.unionRecorded()) {
      addRuns(union, disk.carried());
      disk.carried().force();
    }
    for (Member m : v.members()) {
      if (rules.unionIntoMaps()
          && m.isLeg()
          && m.state() != LegState.IN_SYNC
          && !m.id().equals(member)) {
        addRuns(union, disk.missMap(m.id()));
        disk.missMap(m.id()).force();
      }
    }
  }

  /** Adds every run of {@code from} to {@code to}. */
  public static void addRuns(RoaringBitmap from, BlockSet to) {
    forEachRun(from, to::add);
  }

  /** Receives runs of blocks. */
  public interface RunConsumer {
    /** Blocks [from, to). */
    void run(long from, long to);
  }

  /** Visits the maximal runs of {@code set} in order. */
  public static void forEachRun(RoaringBitmap set, RunConsumer each) {
    var it = set.getIntIterator();
    long start = -1;
    long end = -1;
    while (it.hasNext()) {
      long b = Integer.toUnsignedLong(it.next());
      if (b != end) {
        if (start >= 0) {
          each.run(start, end);
        }
        start = b;
      }
      end = b + 1;
    }
    if (start >= 0) {
      each.run(start, end);
    }
  }

  /** Rule 3.1, first half: before the store is touched. */
  public void admit(long epoch, long sequence, long offset, long length) {
    if (rules.recordFirst()) {
      disk.unconfirmed().put(epoch, sequence, offset, length);
    }
    for (BlockSet map : staleMaps) {
      map.add(offset / BLOCK, (offset + length) / BLOCK);
    }
  }

  /** Rule 3.1, second half: the store has it. */
  public void stored(long epoch, long sequence, long offset, long length) {
    if (!rules.recordFirst()) {
      disk.unconfirmed().put(epoch, sequence, offset, length);
    }
    // An in-sync leg misses only what its medium has lost; a whole block heals that, too.
    if (disk.ownMissing().size() != 0) {
      markClean(offset / BLOCK, (offset + length) / BLOCK);
      // The store has answered for it again: after a kill it is suspect, not lost (rule 4.3).
      if (disk.unreadable().size() != 0) {
        disk.unreadable().remove(offset / BLOCK, (offset + length) / BLOCK);
      }
    }
    // Not before it is stored: a map bit that comes in between keeps the leg from being promoted
    // with what the block held before.
    if (state() == LegState.SYNCING) {
      fresh.add(offset / BLOCK, (offset + length) / BLOCK);
    }
  }

  /**
   * Blocks [from, to) hold what they should, in the store's cache at least. {@link #clean} stays a
   * subset of own-missing.
   */
  public void markClean(long from, long to) {
    BlockSet own = disk.ownMissing();
    for (long b = own.next(from); b >= 0 && b < to; ) {
      long e = Math.min(to, own.nextAbsent(b));
      clean.add(b, e);
      b = own.next(e);
    }
  }

  /** Rule 3.6; ignored unless epoch and generation are the leg's. */
  public void watermark(long epoch, long generation, long watermark) {
    Writer w = writer();
    if (generation == generation() && w != null && epoch == w.epoch()) {
      UnconfirmedLog log = disk.unconfirmed();
      log.confirm(epoch, watermark);
      if (carriedUntil > 0 && watermark >= carriedUntil) {
        disk.carried().clear();
        carriedUntil = 0;
      }
    }
  }

  /** Rule 6.6: fetched blocks [from, to) carry the source's doubt up to {@code sequence}. */
  public void carry(long from, long to, long sequence) {
    if (!rules.doubtTravels()) {
      return;
    }
    disk.carried().add(from, to);
    carriedUntil = Math.max(carriedUntil, sequence);
  }

  /** Up to which sequence carried blocks are in doubt; Long.MAX_VALUE: until the session's end. */
  public long carriedDoubt() {
    return carriedUntil > 0 ? carriedUntil : Long.MAX_VALUE;
  }

  /** First effectively missing block at or after {@code from}, or -1. */
  public long nextMissing(long from) {
    BlockSet own = disk.ownMissing();
    for (long b = own.next(from); b >= 0; b = own.next(b)) {
      if (clean.isEmpty() || !clean.contains((int) b)) {
        return b;
      }
      long c = clean.nextAbsentValue((int) b);
      b = c < 0 ? disk.blocks() : c;
      if (b >= disk.blocks()) {
        return -1;
      }
    }
    return -1;
  }

  /** Whether {@code block} is effectively missing. */
  public boolean missing(long block) {
    return disk.ownMissing().contains(block) && !clean.contains((int) block);
  }

  /**
   * End (exclusive) of the effectively missing run that begins at {@code from}, at most {@code
   * max}.
   */
  public long missingUntil(long from, long max) {
    long end = Math.min(max, disk.ownMissing().nextAbsent(from));
    if (clean.isEmpty()) {
      return end;
    }
    long c = clean.nextValue((int) from);
    return c >= 0 && c < end ? c : end;
  }

  /** Effectively missing blocks. */
  public long missingBlocks() {
    return disk.ownMissing().size() - clean.getLongCardinality();
  }

  /** Rule 6.9: this generation is going to name this leg in sync. */
  public void recordPromotion(long generation) throws IOException {
    Superblock sb = disk.superblock();
    disk.save(
        sb.adopted(sb.adoptedGeneration(), sb.lineage(), Math.max(generation, sb.lastInSync())));
  }

  /** Whether any of blocks [from, to) is effectively missing. */
  public boolean missesAny(long from, long to) {
    if (disk.ownMissing().size() == 0) {
      return false;
    }
    long b = nextMissing(from);
    return b >= 0 && b < to;
  }

  /**
   * Blocks {@code done} are durable in the store: they leave own-missing, durably (rule 6.2), and
   * {@link #clean}.
   */
  public void healed(RoaringBitmap done) throws IOException {
    BlockSet own = disk.ownMissing();
    forEachRun(done, own::remove);
    own.force();
    if (disk.unreadable().size() != 0) {
      forEachRun(done, disk.unreadable()::remove);
    }
    clean.andNot(done);
  }

  /**
   * A store sync that vouches for everything stored before the call; {@code done} as in {@link
   * LegDisk#sync}. What it does not bring home is suspect (rule 3.10), so every sync goes this way.
   */
  public void sync(LegDisk.Done done) {
    unsynced.sync(done);
  }

  /** See {@link Unsynced#failed}. */
  public String syncFailed(String what) {
    return unsynced.failed(what);
  }

  /**
   * Clean mark: nothing is admitted after it (rule 8.3). The next run trusts the marks and the
   * unconfirmed set whatever happens to the machine in between, so they are made durable first.
   */
  public void markCleanStop() throws IOException {
    // Without an adoption nothing was added to what the run before left in the page cache at best.
    if (view != null || cleanStart) {
      CleanStop.mark(this);
    }
  }

  /**
   * Grows with every loss: a fetch that was under way then may be older than a write that the
   * medium took and lost (rule 6.5).
   */
  public long losses() {
    return losses;
  }

  /** Rule 4.3: the medium has lost these blocks; durable before the return. */
  public void unreadable(RoaringBitmap lost) throws IOException {
    losses++;
    Unreadable.record(this, lost);
  }
}
