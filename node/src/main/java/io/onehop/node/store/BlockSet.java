package io.onehop.node.store;

import java.io.IOException;

/** A set of block numbers in a file, changed in place; survives a killed process at once. */
public interface BlockSet {
  /** Adds blocks [from, to). */
  void add(long from, long to);

  /** Removes blocks [from, to). */
  void remove(long from, long to);

  /** Whether it holds {@code block}. */
  boolean contains(long block);

  /** Whether it holds any of [from, to). */
  default boolean intersects(long from, long to) {
    long n = next(from);
    return n >= 0 && n < to;
  }

  /** The first member at or after {@code from}, or -1. */
  long next(long from);

  /** The first non-member at or after {@code from} (at most {@link LegDisk#blocks}). */
  long nextAbsent(long from);

  /** How many blocks it holds; O(1). */
  long size();

  /** Removes all. */
  void clear();

  /** Adds all of {@code other}. */
  default void addAll(BlockSet other) {
    for (long b = other.next(0); b >= 0; ) {
      long e = other.nextAbsent(b);
      add(b, e);
      b = other.next(e);
    }
  }

  /** Makes the present content durable against power loss. */
  void force() throws IOException;
}
