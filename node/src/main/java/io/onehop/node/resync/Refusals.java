package io.onehop.node.resync;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Loop;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

/**
 * Blocks that sources of a fetch have not got either, because their media lost them (rule 4.3). A
 * refused run is asked for block by block, of the other sources; what was refused is left alone for
 * a while, longer each time, so that two legs with the same bad block do not ask each other for
 * ever. On the leg's data thread.
 */
final class Refusals {
  private static final long FIRST_PAUSE_NANOS = 200_000_000L;
  private static final long LONGEST_PAUSE_NANOS = 10_000_000_000L;

  private final Loop loop;
  private final RoaringBitmap single = new RoaringBitmap();
  private final RoaringBitmap parked = new RoaringBitmap();
  private final @Nullable RoaringBitmap[] by = new @Nullable RoaringBitmap[PoolView.MAX_MEMBERS];
  private long pause = FIRST_PAUSE_NANOS;
  private long until;
  private boolean any;

  Refusals(Loop loop) {
    this.loop = loop;
  }

  void clear() {
    single.clear();
    parked.clear();
    java.util.Arrays.fill(by, null);
    pause = FIRST_PAUSE_NANOS;
    any = false;
  }

  /** Source {@code source} misses something of [from, to); {@code all} may be asked (mask). */
  void refused(long from, long to, int source, int all) {
    single.add(from, to);
    if (to - from > 1) {
      return;
    }
    RoaringBitmap mine = by[source];
    if (mine == null) {
      mine = new RoaringBitmap();
      by[source] = mine;
    }
    mine.add((int) from);
    if (!any) {
      any = true;
      until = loop.now() + pause;
      pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
    }
    if ((all & ~by(from)) == 0) {
      parked.add((int) from);
    }
  }

  /** Forgets what is not wanted any more, and asks again when the pause is over. */
  void tick(Fetcher.Work work) {
    if (!any) {
      return;
    }
    for (long b = parked.nextValue(0); b >= 0; b = parked.nextValue((int) b + 1)) {
      if (!work.wants(b)) {
        parked.remove((int) b);
      }
    }
    if (loop.now() >= until) {
      any = false;
      parked.clear();
      java.util.Arrays.fill(by, null);
    }
  }

  /** Whether nothing is left alone now. */
  boolean none() {
    return parked.isEmpty();
  }

  /** Blocks that every source has refused lately. */
  RoaringBitmap nowhere() {
    return parked;
  }

  boolean parked(long block) {
    return parked.contains((int) block);
  }

  /** Whether {@code block} is to be asked for alone. */
  boolean single(long block) {
    return single.contains((int) block);
  }

  /** First such block after {@code block}, or -1. */
  long nextSingle(long block) {
    return single.isEmpty() ? -1 : single.nextValue((int) block + 1);
  }

  /** Who refused {@code block} (mask). */
  int by(long block) {
    int mask = 0;
    if (!single.isEmpty()) {
      for (int i = 0; i < by.length; i++) {
        RoaringBitmap b = by[i];
        if (b != null && b.contains((int) block)) {
          mask |= 1 << i;
        }
      }
    }
    return mask;
  }
}
