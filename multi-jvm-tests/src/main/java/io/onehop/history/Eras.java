package io.onehop.history;

import java.util.ArrayList;
import java.util.List;

/** The times between losses of power. */
final class Eras {
  private final List<Long> ends = new ArrayList<>();
  private final List<Long> flushed = new ArrayList<>(List.of(Long.MIN_VALUE));

  /** The era now. */
  int now() {
    return ends.size();
  }

  /** How many there are. */
  int count() {
    return ends.size() + 1;
  }

  void powerLost(long time) {
    ends.add(time);
    flushed.add(Long.MIN_VALUE);
  }

  /** When an era ended; Long.MAX_VALUE for the last. */
  long end(int era) {
    return era < ends.size() ? ends.get(era) : Long.MAX_VALUE;
  }

  /** A flush begun in {@code era} at {@code invoked} was answered well. */
  void flushed(int era, long invoked) {
    flushed.set(era, Math.max(flushed.get(era), invoked));
  }

  /** Whether an acknowledged write was durable before its era's end. */
  boolean durable(int era, long returned) {
    return returned < flushed.get(era);
  }
}
