package io.onehop.node.pool;

import io.onehop.node.pool.PoolMessage.Report;
import io.onehop.protocol.model.PoolView;

/**
 * Which reports are news: messages may overtake each other, and one of a run that has ended, or of
 * the time before a leg was opened again, must not make a healthy leg look dead.
 */
final class ReportOrder {
  private static final int REMEMBERED_RUNS = 8;

  /** No message is later than this. */
  private static final long LATE_NANOS = 10_000_000_000L;

  private final long[] run = new long[PoolView.MAX_MEMBERS];
  private final long[] number = new long[PoolView.MAX_MEMBERS];
  private final long[][] endedRuns = new long[PoolView.MAX_MEMBERS][REMEMBERED_RUNS];
  private final long[][] endedAt = new long[PoolView.MAX_MEMBERS][REMEMBERED_RUNS];
  private final int[] ended = new int[PoolView.MAX_MEMBERS];

  /** Whether this report is later than every one seen of its sender; it is the last one then. */
  boolean isNew(Report r, long now) {
    int i = r.from();
    if (ended[i] > 0 && hasEnded(i, r.process(), now)) {
      return false;
    }
    if (number[i] != 0 && run[i] == r.process()) {
      if (r.number() <= number[i]) {
        return false;
      }
    } else if (number[i] != 0) {
      int slot = ended[i]++ % REMEMBERED_RUNS;
      endedRuns[i][slot] = run[i];
      endedAt[i][slot] = now;
    }
    run[i] = r.process();
    number[i] = r.number();
    return true;
  }

  private boolean hasEnded(int i, long process, long now) {
    for (int slot = 0; slot < Math.min(ended[i], REMEMBERED_RUNS); slot++) {
      // Not for ever: reports that overtook each other must not shut a living run out.
      if (endedRuns[i][slot] == process && now - endedAt[i][slot] < LATE_NANOS) {
        return true;
      }
    }
    return false;
  }
}
