package io.onehop.sim;

import java.util.Arrays;
import java.util.BitSet;

/**
 * What clients wrote and read, block by block. A write's value is its place in the order: writer
 * epoch, then order of submission (overlapping requests of a session take effect in that order). 0
 * stands for zeroes, whose places are kept apart.
 *
 * <p>Each lineage has its own, which begins with what the forced leg holds (rule 8.6): that is
 * older than everything written in the lineage, and what is written in another one is nowhere in
 * this.
 */
final class History {
  private static final int COUNTER_BITS = 40;

  /** What a block holds of which this lineage knows nothing. */
  private static final long FOREIGN = -1;

  /** How many places there are, over all lineages. */
  private static final class Counter {
    long last;
  }

  private final long[] base;
  private final BitSet issued = new BitSet();
  private final Counter counter;
  private final long[] acknowledged;
  private final long[] seen;
  private final long[][] zeroes;
  private final long[] newest;

  /** Writes (counted by block) that were acknowledged. */
  long acks;

  /** Blocks read and judged. */
  long reads;

  History(int blocks) {
    this(new long[blocks], new Counter());
  }

  private History(long[] base, Counter counter) {
    this.base = base.clone();
    this.counter = counter;
    acknowledged = new long[base.length];
    seen = new long[base.length];
    newest = new long[base.length];
    zeroes = new long[base.length][];
    for (int b = 0; b < base.length; b++) {
      // What was there before the first write has place 0.
      zeroes[b] = new long[base[b] == 0 ? 1 : 0];
    }
  }

  /** That of a lineage which begins with this content. */
  History forked(long[] content) {
    return new History(content, counter);
  }

  /** A new value for a request of a session with this epoch. */
  long next(long epoch) {
    long place = epoch << COUNTER_BITS | ++counter.last;
    issued.set((int) counter.last);
    return place;
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
    long[] z = zeroes[block];
    return value != 0 ? place(block, value) >= floor : z.length > 0 && z[z.length - 1] >= floor;
  }

  /** The place of content other than zeroes. */
  private long place(int block, long value) {
    return knows(value) ? value : value == base[block] ? 0 : FOREIGN;
  }

  /** Whether {@code value} was written in this lineage. */
  boolean knows(long value) {
    return issued.get((int) (value & (1L << COUNTER_BITS) - 1));
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
    long place = value == 0 ? 0 : place(block, value);
    if (place > newest[block]) {
      throw new Violation(
          "read-invented", "block %d returned %s, never written".formatted(block, text(value)));
    }
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
