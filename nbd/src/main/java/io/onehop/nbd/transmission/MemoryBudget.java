package io.onehop.nbd.transmission;

import java.util.ArrayDeque;

/**
 * Bounds the bytes of requests in flight over all connections of a server. Connections that find no
 * room wait in a queue, first come, first served. Each may always have {@link #GUARANTEED_BYTES},
 * so that those that do not read their answers cannot stop the others; and a reserve serves larger
 * requests of those that have nothing in flight.
 */
final class MemoryBudget {
  /** What every connection may have in flight whatever the others do. */
  static final int GUARANTEED_BYTES = 1 << 20;

  /** For connections that have nothing in flight: two of the largest requests. */
  static final long RESERVE_BYTES = 64L << 20;

  private final long limit;
  private final ArrayDeque<CommandLoop> waiting = new ArrayDeque<>();
  private long used;

  MemoryBudget(long limit) {
    this.limit = limit;
  }

  /** Takes {@code bytes} for {@code who}, who has {@code held} already; or puts it in the queue. */
  boolean take(CommandLoop who, long held, int bytes) {
    boolean own = held + bytes <= GUARANTEED_BYTES;
    long room = held == 0 ? limit + RESERVE_BYTES : limit;
    boolean first = waiting.isEmpty() || waiting.peekFirst() == who;
    if (own || ((first || held == 0) && used + bytes <= room)) {
      used += bytes;
      if (!waiting.isEmpty() && waiting.remove(who)) {
        wakeFirst();
      }
      return true;
    }
    if (!waiting.contains(who)) {
      waiting.addLast(who);
    }
    return false;
  }

  void giveBack(long bytes) {
    used -= bytes;
    wakeFirst();
  }

  /** {@code who} has ended. */
  void forget(CommandLoop who) {
    if (waiting.remove(who)) {
      wakeFirst();
    }
  }

  long used() {
    return used;
  }

  private void wakeFirst() {
    CommandLoop first = waiting.peekFirst();
    if (first != null) {
      first.wake();
    }
  }
}
