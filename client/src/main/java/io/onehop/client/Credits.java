package io.onehop.client;

import io.onehop.transport.FrameType;

/**
 * What a leg's hello allows to be in flight on its connection: requests sent and not answered,
 * whatever has become of them here since. Neither reads nor writes take more than three quarters
 * while the others want some, and a flush that waits goes before writes.
 */
final class Credits {
  /** Fewer could let one kind of request keep out the others for ever. */
  static final int LEAST = 2;

  private int all;
  private int most;
  private int reads;
  private int writes;

  /** A flush was turned away. */
  boolean flushWaits;

  /** A request was turned away: at the next answer those that wait have to be looked at. */
  boolean denied;

  /** A new connection, on which {@code announced} may be in flight. */
  void begin(int announced) {
    all = announced;
    most = Math.max(1, (int) (announced * 3L / 4));
    reads = 0;
    writes = 0;
    flushWaits = false;
    denied = false;
  }

  boolean mayRead() {
    return reads < most && reads + writes < all;
  }

  boolean mayWrite() {
    return !flushWaits && writes < most && reads + writes < all;
  }

  boolean mayFlush() {
    return reads + writes < all;
  }

  void sentRead() {
    reads++;
  }

  /** A write, zeroes or a flush. */
  void sentWrite() {
    writes++;
  }

  /** An answer of this type came. */
  void answered(int type) {
    if (type == FrameType.DATA) {
      reads = Math.max(0, reads - 1);
    } else if (type == FrameType.ACK) {
      writes = Math.max(0, writes - 1);
    }
  }
}
