package io.onehop.node.pool;

import io.onehop.node.pool.PoolMessage.Report;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import java.util.Arrays;

/**
 * Who was evicted how often, and when such a leg may return (rule 1.5): what every node counts from
 * the views it learns, so that neither another proposer nor a restart forgets.
 *
 * <p>A leg that returns under the run that was evicted is on trial for as long as a failure takes
 * to show, a deadline and a failure time: it is not promoted before. One that fails its trial
 * returns once a minute at most. So a leg that is good and bad in turn costs three view changes a
 * minute.
 */
final class EvictionMemory {
  /** A leg in sync for this long is forgiven its evictions (PROTOCOL §10). */
  private static final long FORGIVEN_NANOS = 60_000_000_000L;

  private static final long BACK_OFF_NANOS = 1_000_000_000L;
  private static final int MAX_DOUBLINGS = 5;
  private static final long MAX_BACK_OFF_NANOS = 30_000_000_000L;

  /** Between two returns of a leg that failed its trial, and longest wait for steadiness. */
  private static final long MINUTE_NANOS = 60_000_000_000L;

  private static final long NEVER = Long.MIN_VALUE / 2;

  private final boolean steadyReturn;
  private final int[] evictions = new int[PoolView.MAX_MEMBERS];
  private final long[] evictedAt = new long[PoolView.MAX_MEMBERS];
  private final long[] evictedRun = new long[PoolView.MAX_MEMBERS];
  private final long[] returnedAt = new long[PoolView.MAX_MEMBERS];
  private final long[] inSyncAt = new long[PoolView.MAX_MEMBERS];
  private final boolean[] trial = new boolean[PoolView.MAX_MEMBERS];
  private final boolean[] failedTrial = new boolean[PoolView.MAX_MEMBERS];

  /**
   * @param steadyReturn see {@link ControlRules}
   */
  EvictionMemory(boolean steadyReturn, long now) {
    this.steadyReturn = steadyReturn;
    Arrays.fill(inSyncAt, now);
    Arrays.fill(returnedAt, NEVER);
  }

  /** A newer view: one or several changes after the older. */
  void learned(PoolView old, PoolView v, long now) {
    for (int i = 0; i < v.members().size() && i < old.members().size(); i++) {
      Member was = old.members().get(i);
      Member is = v.members().get(i);
      if (!was.id().equals(is.id())) {
        forget(i, now);
        continue;
      }
      if (is.state() == LegState.IN_SYNC && was.state() != LegState.IN_SYNC) {
        inSyncAt[i] = now;
      }
      if (is.since() == was.since()) {
        continue;
      }
      boolean left = was.state().inWriteSet() || !is.state().inWriteSet();
      // A cold start, which counts the epoch up, evicts nobody for its own fault.
      if (left && old.epoch() == v.epoch()) {
        evicted(i, was, now, v.policies());
      }
      if (is.state().inWriteSet()) {
        returnedAt[i] = now;
        trial[i] = v.writer() != null && is.incarnation() == evictedRun[i];
      }
    }
  }

  private void evicted(int i, Member was, long now, Policies p) {
    boolean stayed = was.state() == LegState.IN_SYNC && now - inSyncAt[i] >= FORGIVEN_NANOS;
    evictions[i] = stayed ? 1 : evictions[i] + 1;
    evictedAt[i] = now;
    failedTrial[i] = onTrial(i, now, p);
    trial[i] = false;
    if (was.state().inWriteSet()) {
      evictedRun[i] = was.incarnation();
    }
  }

  /** Another disk: what its predecessor did is not its fault. */
  private void forget(int i, long now) {
    evictions[i] = 0;
    evictedRun[i] = 0;
    trial[i] = false;
    failedTrial[i] = false;
    inSyncAt[i] = now;
    returnedAt[i] = NEVER;
  }

  /** Whether a leg that returned has yet to show that it is well again. */
  boolean onTrial(int i, long now, Policies p) {
    return steadyReturn && trial[i] && now - returnedAt[i] < p.deadlineNanos() + p.failureNanos();
  }

  /** Whether it must wait, however well it seems: growing back-off, a failed trial. */
  boolean holdsBack(int i, long now) {
    return now - evictedAt[i] < backOff(i)
        || (steadyReturn && failedTrial[i] && now - returnedAt[i] < MINUTE_NANOS);
  }

  /**
   * Whether it was seen to answer without gaps for long enough. Asked of the run that was evicted
   * only, and for a minute at most: a slow network must not keep a leg out.
   */
  boolean steady(int i, Report r, long steadyNanos, long now, Policies p) {
    return !steadyReturn
        || evictions[i] == 0
        || r.incarnation() != evictedRun[i]
        || now - evictedAt[i] >= MINUTE_NANOS
        || steadyNanos >= Math.max(backOff(i), p.failureNanos());
  }

  private long backOff(int i) {
    if (evictions[i] == 0) {
      return 0;
    }
    long wait = BACK_OFF_NANOS << Math.min(evictions[i] - 1, MAX_DOUBLINGS);
    return Math.min(wait, MAX_BACK_OFF_NANOS);
  }
}
