package io.onehop.node.books;

import io.onehop.node.store.BlockSet;
import io.onehop.node.store.LegDisk;
import io.onehop.protocol.model.PoolView;
import java.io.IOException;
import org.roaringbitmap.RoaringBitmap;

/**
 * Blocks that the medium could not give back (rule 4.3): what they are is written nowhere on this
 * leg, so they are missing; but what was stored there was right, so a leg that misses nothing else
 * stays in sync, and a cold start's authority neither empties them nor lets others fetch them from
 * itself (rule 8.4). The set counts where own-missing says the same, so a kill between the two
 * writes leaves nothing wrong.
 */
final class Unreadable {
  private static final int BLOCK = PoolView.BLOCK_SIZE;

  private Unreadable() {}

  /** Drops what is stray, and what was written again: that is suspect, like any such block. */
  static void atStart(LegDisk disk) {
    BlockSet bad = disk.unreadable();
    if (bad.size() == 0) {
      return;
    }
    if (!disk.damage().isEmpty()) {
      bad.clear(); // not to be believed; what cannot be read will be met again
      return;
    }
    keepOnly(bad, disk.ownMissing());
    writtenAgain(disk);
  }

  /** The unconfirmed blocks are about to be suspects. */
  static void writtenAgain(LegDisk disk) {
    BlockSet bad = disk.unreadable();
    if (bad.size() != 0) {
      disk.unconfirmed()
          .visit((e, s, offset, length) -> bad.remove(offset / BLOCK, (offset + length) / BLOCK));
      BlockSet carried = disk.carried();
      for (long b = carried.next(0); b >= 0; ) {
        long e = carried.nextAbsent(b);
        bad.remove(b, e);
        b = carried.next(e);
      }
    }
  }

  /** Rule 8.4: the authority's suspects are emptied, what its medium has lost stays missing. */
  static void emptySuspects(LegDisk disk, LegRules rules) {
    if (rules.mediaKept() && disk.unreadable().size() != 0) {
      keepOnly(disk.ownMissing(), disk.unreadable());
    } else {
      disk.ownMissing().clear();
    }
  }

  /** Rule 8.4: adds the suspects to the map of a member; not what cannot be fetched from here. */
  static void addSuspects(LegDisk disk, LegRules rules, BlockSet map) {
    BlockSet own = disk.ownMissing();
    BlockSet bad = disk.unreadable();
    if (!rules.mediaKept() || bad.size() == 0) {
      map.addAll(own);
      return;
    }
    for (long b = own.next(0); b >= 0; b = own.next(b)) {
      long e = own.nextAbsent(b);
      long x = bad.next(b);
      if (x == b) {
        b = Math.min(e, bad.nextAbsent(b));
      } else {
        long to = x >= 0 ? Math.min(e, x) : e;
        map.add(b, to);
        b = to;
      }
    }
  }

  private static void keepOnly(BlockSet set, BlockSet those) {
    for (long b = set.next(0); b >= 0; b = set.next(b)) {
      long e = set.nextAbsent(b);
      long keep = those.next(b);
      if (keep == b) {
        b = Math.min(e, those.nextAbsent(b));
      } else {
        long to = keep >= 0 ? Math.min(e, keep) : e;
        set.remove(b, to);
        b = to;
      }
    }
  }

  /** Rule 4.3: {@code lost} is missing from now on, durably. */
  static void record(LegBooks books, RoaringBitmap lost) throws IOException {
    LegDisk disk = books.disk;
    LegBooks.addRuns(lost, disk.unreadable());
    disk.unreadable().force();
    LegBooks.addRuns(lost, disk.ownMissing());
    disk.ownMissing().force();
    books.clean.andNot(lost);
    books.fresh.andNot(lost);
  }
}
