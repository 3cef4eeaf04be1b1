package io.onehop.history;

import org.jspecify.annotations.Nullable;

/**
 * The write of one value (never zeroes) and all reads that returned it. In any order they are
 * neighbours. If one of them had returned before another began, the unit held the value from the
 * first return ({@link #first}) to the last invocation ({@link #last}) at least: the cluster is
 * <em>pinned</em>. Otherwise all of them are under way from {@code last} to {@code first}, and all
 * can happen at any one moment of that time (Gibbons and Korach, "Testing Shared Memories", 1997).
 */
final class Cluster {
  private @Nullable UnitOp write;
  private boolean inherited;
  private boolean read;
  private long firstReadReturn = Long.MAX_VALUE;
  private long first = Long.MAX_VALUE;
  private long last = Long.MIN_VALUE;

  void add(UnitOp op) {
    if (op.read()) {
      read = true;
      firstReadReturn = Math.min(firstReadReturn, op.returned());
    } else {
      write = op;
    }
    first = Math.min(first, op.returned());
    last = Math.max(last, op.invoked());
  }

  /** The value was there from the beginning. */
  void inherit() {
    inherited = true;
    first = Long.MIN_VALUE;
  }

  /** Whether the value was written, and no read returned it before that began. */
  boolean possible() {
    UnitOp w = write;
    return inherited || (w != null && w.invoked() <= firstReadReturn);
  }

  /** Whether it must have been written. */
  boolean certain() {
    UnitOp w = write;
    return read || inherited || (w != null && w.certain());
  }

  boolean durable() {
    UnitOp w = write;
    return w != null && w.durable();
  }

  boolean pinned() {
    return first < last;
  }

  long first() {
    return first;
  }

  long last() {
    return last;
  }
}
