package io.onehop.history;

import java.util.List;
import java.util.Locale;

/**
 * What a history came to.
 *
 * @param operations all of them
 * @param writes of them writes of values
 * @param zeroes of them writes of zeroes, and trims
 * @param reads of them reads
 * @param flushes of them flushes
 * @param undecided operations of which nobody knows whether they took effect
 * @param powerLosses how often all copies lost power
 * @param units how many units anything was done to
 * @param nanos from the first event to the last
 * @param violations units whose operations contradict each other
 * @param contradictions some of them explained, each in several lines
 */
public record Verdict(
    long operations,
    long writes,
    long zeroes,
    long reads,
    long flushes,
    long undecided,
    int powerLosses,
    long units,
    long nanos,
    long violations,
    List<String> contradictions) {
  /** Whether everything held. */
  public boolean good() {
    return violations == 0;
  }

  /** All of it, for humans; several lines. */
  public String text() {
    StringBuilder b = new StringBuilder();
    b.append(
        String.format(
            Locale.ROOT,
            "%d operations in %.1f s on %d units: %d writes, %d of zeroes, %d reads, %d flushes;"
                + " %d without a known outcome, %d losses of power%n",
            operations,
            nanos / 1e9,
            units,
            writes,
            zeroes,
            reads,
            flushes,
            undecided,
            powerLosses));
    contradictions.forEach(c -> b.append(c).append('\n'));
    if (violations > contradictions.size()) {
      b.append("and ").append(violations - contradictions.size()).append(" more units\n");
    }
    return b.append(good() ? "no violation" : violations + " units violated").toString();
  }
}
