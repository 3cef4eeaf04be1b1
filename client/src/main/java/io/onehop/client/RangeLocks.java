package io.onehop.client;

import io.onehop.client.Op.LockNode;
import org.jspecify.annotations.Nullable;

/**
 * Rule 3.5: writes exclusive, reads shared, first come first served. Every op counts the earlier
 * ones that it conflicts with; the release of one counts down in the later ones. No edges are
 * stored: who conflicts follows from range, kind and ticket. Ops of at most two regions are found
 * by hashing; larger ones ("wide") are few and compared with all.
 */
final class RangeLocks {
  private static final int REGION_SHIFT = 17;
  private static final int BUCKETS = 1 << 13;

  private final @Nullable LockNode[] regions = new LockNode[BUCKETS];
  private @Nullable LockNode wide;
  private @Nullable LockNode all;
  private long tickets;

  /** Ops that the last releases made free to go, in no particular order. */
  final Op.Queue ready = new Op.Queue();

  /** Enters {@code op}; whether it may go at once. */
  boolean enter(Op op) {
    op.ticket = ++tickets;
    op.blockers = 0;
    op.inLocks = true;
    long r0 = op.from >> REGION_SHIFT;
    long r1 = (op.to - 1) >> REGION_SHIFT;
    op.wide = r1 - r0 > 1;
    op.first.region = r0;
    op.second.region = r1;
    if (op.wide) {
      op.blockers = count(all, op);
      wide = link(wide, op.first);
    } else {
      op.blockers = countRegion(op, r0) + (r1 != r0 ? countRegion(op, r1) : 0) + count(wide, op);
      regions[bucket(r0)] = link(regions[bucket(r0)], op.first);
      if (r1 != r0) {
        regions[bucket(r1)] = link(regions[bucket(r1)], op.second);
      }
    }
    all = link(all, op.among);
    return op.blockers == 0;
  }

  /** Takes {@code op} out, granted or still waiting; whoever may go then is in {@link #ready}. */
  void leave(Op op) {
    op.inLocks = false;
    all = unlink(all, op.among);
    if (op.wide) {
      wide = unlink(wide, op.first);
      release(all, op);
      return;
    }
    long r0 = op.first.region;
    long r1 = op.second.region;
    regions[bucket(r0)] = unlink(regions[bucket(r0)], op.first);
    releaseRegion(op, r0);
    if (r1 != r0) {
      regions[bucket(r1)] = unlink(regions[bucket(r1)], op.second);
      releaseRegion(op, r1);
    }
    release(wide, op);
  }

  /** Whether a write that was answered with an error stands before {@code op} (rule 3.7). */
  boolean behindFailed(Op op) {
    for (LockNode n = all; n != null; n = n.next) {
      if (n.op.reported && n.op.ticket < op.ticket && conflict(n.op, op)) {
        return true;
      }
    }
    return false;
  }

  private int countRegion(Op op, long region) {
    int found = 0;
    for (LockNode n = regions[bucket(region)]; n != null; n = n.next) {
      if (n.region == region && meet(n.op, op) == region && conflict(n.op, op)) {
        found++;
      }
    }
    return found;
  }

  private void releaseRegion(Op op, long region) {
    for (LockNode n = regions[bucket(region)]; n != null; n = n.next) {
      if (n.region == region && meet(n.op, op) == region) {
        free(n.op, op);
      }
    }
  }

  private static int count(@Nullable LockNode list, Op op) {
    int found = 0;
    for (LockNode n = list; n != null; n = n.next) {
      if (conflict(n.op, op)) {
        found++;
      }
    }
    return found;
  }

  private void release(@Nullable LockNode list, Op op) {
    for (LockNode n = list; n != null; n = n.next) {
      free(n.op, op);
    }
  }

  private void free(Op later, Op op) {
    if (later.ticket > op.ticket && conflict(later, op) && --later.blockers == 0) {
      ready.add(later);
    }
  }

  /** The first region that both can have in common: each pair is counted there, once. */
  private static long meet(Op a, Op b) {
    return Math.max(a.first.region, b.first.region);
  }

  private static boolean conflict(Op a, Op b) {
    return (a.exclusive() || b.exclusive()) && a.from < b.to && b.from < a.to;
  }

  private static int bucket(long region) {
    return (int) ((region * 0x9E3779B97F4A7C15L) >>> 51);
  }

  private static LockNode link(@Nullable LockNode head, LockNode n) {
    n.prev = null;
    n.next = head;
    if (head != null) {
      head.prev = n;
    }
    return n;
  }

  private static @Nullable LockNode unlink(@Nullable LockNode head, LockNode n) {
    LockNode prev = n.prev;
    LockNode next = n.next;
    if (next != null) {
      next.prev = prev;
    }
    n.prev = null;
    n.next = null;
    if (prev != null) {
      prev.next = next;
      return head;
    }
    return next;
  }
}
