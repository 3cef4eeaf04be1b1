package io.onehop.client;

import io.onehop.transport.FrameHeader;

/** The parts of all reads under way: so many, of so many bytes, and no more. */
final class ReadParts {
  /** Most parts; a power of two, for a part's index is the low bits of its id. */
  static final int MOST = 1024;

  // What a leg that answers at once can make its connection queue.
  private static final long MAX_BYTES = 64L << 20;

  /** Every part, used or not. */
  final ReadPart[] all = new ReadPart[MOST];

  private final int[] free = new int[MOST];
  private int freeCount = MOST;
  private long bytes;

  ReadParts() {
    for (int i = 0; i < MOST; i++) {
      all[i] = new ReadPart(i);
      free[i] = MOST - 1 - i;
    }
  }

  /** The part that a frame's id names. */
  ReadPart of(long id) {
    return all[(int) id & MOST - 1];
  }

  /** Whether the parts for another request, at most two at once, can be had. */
  boolean room() {
    return freeCount >= 2 && bytes < MAX_BYTES;
  }

  /** A part for {@code [offset, offset + length)}, all of it wanted. */
  ReadPart take(Op op, long offset, long length) {
    ReadPart p = all[free[--freeCount]];
    p.begin(op, offset, (int) Math.min(length, FrameHeader.MAX_PAYLOAD));
    bytes += p.size;
    return p;
  }

  void free(ReadPart p) {
    bytes -= p.size;
    p.clear();
    free[freeCount++] = p.index;
  }

  /** Frees all. */
  void clear() {
    freeCount = 0;
    bytes = 0;
    for (ReadPart p : all) {
      p.clear();
      free[freeCount++] = p.index;
    }
  }
}
