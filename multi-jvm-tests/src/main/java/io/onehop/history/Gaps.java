package io.onehop.history;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Fits what is not pinned into the gaps between the zones that are: <em>marks</em> (clusters that
 * happen at one moment, after which the unit does not hold zeroes), writes of zeroes and reads of
 * zeroes, each at some moment of its own time.
 *
 * <p>Time is walked through once, deciding as late as possible. While the unit holds zeroes, reads
 * of them are satisfied as they come, and marks wait; while it holds something else, marks are set
 * as they come, and reads wait. A mark whose time runs out ends the zeroes (and all marks that wait
 * are set for nothing). A write of zeroes whose time runs out costs nothing either: marks that wait
 * are set just before it. A read whose time runs out needs a write of zeroes that is under way: the
 * one whose time runs out first, for any other can do later what this one could.
 */
final class Gaps {
  /** A time in which the unit holds the value of one cluster. */
  record Zone(long from, long to, Cluster cluster) {}

  private enum Kind {
    MARK,
    ZERO,
    READ
  }

  private static final int OPENS = 0;
  private static final int ENDS = 1;
  private static final int OPENS_LAST = 2;
  private static final int ENDS_LAST = 3;

  private static final class Item {
    final Kind kind;
    final int endGap;
    final long end;
    // For marks and reads: the turn in which it began to wait; -1 if it never had to.
    long turn = -1;
    boolean used;

    Item(Kind kind, int endGap, long end) {
      this.kind = kind;
      this.endGap = endGap;
      this.end = end;
    }
  }

  private record Step(int gap, long time, int order, Item item) {
    boolean opens() {
      return order == OPENS || order == OPENS_LAST;
    }
  }

  private final List<Zone> zones;
  private final List<Step> steps = new ArrayList<>();
  private final PriorityQueue<Item> available =
      new PriorityQueue<>(
          Comparator.<Item>comparingInt(i -> i.endGap).thenComparingLong(i -> i.end));
  private boolean reads;
  private boolean zero;
  // Counts the times when all waiting marks were set, and when all waiting reads were satisfied.
  private long marksSet;
  private long readsDone;

  /**
   * No gap holds anything yet.
   *
   * @param zones in order, without overlap; gap i is before zone i
   * @param zero whether the unit holds zeroes at the beginning
   */
  Gaps(List<Zone> zones, boolean zero) {
    this.zones = zones;
    this.zero = zero;
  }

  /** A mark, in gap {@code lastGap} at the latest; false if no gap is in its time. */
  boolean put(long from, long to, int lastGap) {
    return add(Kind.MARK, from, to, lastGap, OPENS);
  }

  /** A write of zeroes, in gap {@code lastGap} at the latest; false if no gap is in its time. */
  boolean zero(long from, long to, int lastGap) {
    return add(Kind.ZERO, from, to, lastGap, OPENS);
  }

  /** A read of zeroes; false if no gap is in its time. */
  boolean readZeroes(long from, long to) {
    reads = true;
    return add(Kind.READ, from, to, zones.size(), OPENS);
  }

  /** A read of zeroes at {@code at}, behind everything whose time runs out then. */
  boolean readZeroesAfterAll(long at) {
    reads = true;
    return add(Kind.READ, at, at, zones.size(), OPENS_LAST);
  }

  private boolean add(Kind kind, long from, long to, int lastGap, int order) {
    int first = gapOf(from);
    int last = Math.min(lastGap, lastGapOf(to));
    if (first > last) {
      return false;
    }
    long begin = first > 0 ? Math.max(from, zones.get(first - 1).to()) : from;
    long end = last < zones.size() ? Math.min(to, zones.get(last).from()) : to;
    Item item = new Item(kind, last, end);
    steps.add(new Step(first, begin, order, item));
    steps.add(new Step(last, end, order == OPENS ? ENDS : ENDS_LAST, item));
    return true;
  }

  /** The first gap that is not over at {@code time}. */
  private int gapOf(long time) {
    int low = 0;
    int high = zones.size();
    while (low < high) {
      int mid = (low + high) >>> 1;
      if (zones.get(mid).from() < time) {
        low = mid + 1;
      } else {
        high = mid;
      }
    }
    return low;
  }

  /** The last gap that has begun at {@code time}. */
  private int lastGapOf(long time) {
    int low = 0;
    int high = zones.size();
    while (low < high) {
      int mid = (low + high) >>> 1;
      if (zones.get(mid).to() <= time) {
        low = mid + 1;
      } else {
        high = mid;
      }
    }
    return low;
  }

  /** Whether everything fits. */
  boolean fit() {
    if (!reads) {
      return true; // marks and zeroes are in nobody's way
    }
    steps.sort(
        Comparator.comparingInt(Step::gap)
            .thenComparingLong(Step::time)
            .thenComparingInt(Step::order));
    int gap = 0;
    for (Step s : steps) {
      if (s.gap > gap) {
        gap = s.gap;
        zero = false;
        marksSet++;
      }
      if (s.opens()) {
        opens(s.item);
      } else if (!ends(s.item)) {
        return false;
      }
    }
    return true;
  }

  private void opens(Item item) {
    switch (item.kind) {
      case MARK -> item.turn = zero ? marksSet : -1;
      case READ -> item.turn = zero ? -1 : readsDone;
      case ZERO -> available.add(item);
    }
  }

  private boolean ends(Item item) {
    switch (item.kind) {
      case MARK -> {
        if (item.turn == marksSet) {
          zero = false;
          marksSet++;
        }
      }
      case READ -> {
        if (item.turn == readsDone) {
          Item write = available.poll();
          while (write != null && write.used) {
            write = available.poll();
          }
          if (write == null) {
            return false;
          }
          write(write);
        }
      }
      case ZERO -> {
        if (!item.used) {
          write(item);
        }
      }
    }
    return true;
  }

  /** Sets all marks that wait, writes zeroes, satisfies all reads that wait. */
  private void write(Item zeroes) {
    zeroes.used = true;
    marksSet++;
    readsDone++;
    zero = true;
  }
}
