package io.onehop.sim;

import java.util.Arrays;

/**
 * What clients wrote and read, block by block. A write's value is its place in the order: writer
 * epoch, then order of submission (overlapping requests of a session take effect in that order). 0
 * stands for zeroes, whose places are kept apart.
 */
final class History {
  private static final int COUNTER_BITS = 40;

  private final long[] acknowledged;
  private final long[] seen;
  private final long[][] zeroes;
  private final long[] newest;
  private long counter;

  /** Writes (counted by block) that were acknowledged. */
  long acks;

  /** Blocks read and judged. */
  long reads;

  History(int blocks) {
    acknowledged = new long[blocks];
    seen = new long[blocks];
    newest = new long[blocks];
    // Every block reads zeroes before the first write: place 0.
    zeroes = new long[blocks][1];
  }

  /** A new value for a request of a session with this epoch. */
  long next(long epoch) {
    return epoch << COUNTER_BITS | ++counter;
  }

  /** A write of {@code place} to [block, block + count) begins; zeroes if {@code zero}. */
  void begin(int block, int count, long place, boolean zero) {
    for (int b = block; b < block + count; b++) {
      newest[b] = Math.max(newest[b], place);
      if (zero) {
        zeroes[b] = Arrays.copyOf(zeroes[b], zeroes[b].length + 1);
        zeroes[b][zeroes[b].length - 1] = place;
        // A fenced client may still submit: its places are older than its successor's.
        Arrays.sort(zeroes[b]);
      }
    }
  }

  /** It was acknowledged. */
  void acknowledge(int block, int count, long place) {
    acks += count;
    for (int b = block; b < block + count; b++) {
      acknowledged[b] = Math.max(acknowledged[b], place);
      seen[b] = Math.max(seen[b], place);
    }
  }

  /** Whether content {@code value} is no older than what was acknowledged (invariant 1). */
  boolean holdsAcknowledged(int block, long value) {
    return noOlder(block, value, acknowledged[block]);
  }

  private boolean noOlder(int block, long value, long floor) {
    return value != 0 ? value >= floor : zeroes[block][zeroes[block].length - 1] >= floor;
  }

  /** What a read that begins now may not fall behind. */
  long floor(int block) {
    return seen[block];
  }

  /** A read that began at {@code floor} returned {@code value} (invariant 2). */
  void read(int block, long value, long floor) {
    reads++;
    if (!noOlder(block, value, floor)) {
      throw new Violation(
          "read-back",
          "a read of block %d returned %s, older than %s"
              .formatted(block, text(value), text(floor)));
    }
    if (value > newest[block]) {
      throw new Violation(
          "read-invented", "block %d returned %s, never written".formatted(block, text(value)));
    }
    long place = value;
    if (value == 0) {
      for (long z : zeroes[block]) {
        if (z >= floor) {
          place = z;
          break;
        }
      }
    }
    seen[block] = Math.max(seen[block], place);
  }

  /** The newest acknowledged place. */
  long acknowledged(int block) {
    return acknowledged[block];
  }

  /** The writer epoch of a place. */
  static long epoch(long place) {
    return place >>> COUNTER_BITS;
  }

  /** A value for people: epoch.counter. */
  static String text(long value) {
    return value == 0
        ? "zeroes"
        : (value >>> COUNTER_BITS) + "." + (value & (1L << COUNTER_BITS) - 1);
  }
}
