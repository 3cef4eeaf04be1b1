package io.onehop.sim;

import java.util.SplittableRandom;

/**
 * When a process dies: every change it makes to its disk may be the moment, before or after the
 * change. One per run of a process; once dead, every use of its disk unwinds it again.
 */
final class KillSwitch {
  /** Kinds of change; a bit each. */
  static final int WRITE = 1;

  static final int LOG = 1 << 1;
  static final int OWN_ADD = 1 << 2;
  static final int OWN_REMOVE = 1 << 3;
  static final int MISS_MAP = 1 << 4;
  static final int CARRIED = 1 << 5;
  static final int SUPERBLOCK = 1 << 6;
  static final int VOTE = 1 << 7;
  static final int SYNC = 1 << 8;
  static final int ANY = -1;

  private boolean dead;
  private int kinds;
  private int countdown;

  /** Dies at the {@code after}-th of twice the coming changes of these kinds (before, after, …). */
  void arm(int kindMask, int after) {
    kinds = kindMask;
    countdown = after;
  }

  /** Not armed any more. */
  void disarm() {
    kinds = 0;
  }

  boolean armed() {
    return kinds != 0;
  }

  boolean dead() {
    return dead;
  }

  void die() {
    dead = true;
  }

  /** Called before and after a change. */
  void point(int kind) {
    if (dead) {
      throw new SimKilled();
    }
    if ((kinds & kind) != 0 && --countdown <= 0) {
      dead = true;
      throw new SimKilled();
    }
  }

  /** A kind for a random arming: often one of the rare ones. */
  static int randomKinds(SplittableRandom random) {
    return random.nextInt(3) == 0 ? ANY : 1 << random.nextInt(9);
  }
}
