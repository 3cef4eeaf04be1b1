package io.onehop.node.resync;

import io.onehop.protocol.model.PoolView;

/** Which peers a fetcher may ask, in turn; rather those that answer. On the leg's data thread. */
final class Sources {
  private final PeerLinks links;
  private final Refusals refusals;
  private int all;
  private int turn;

  /** Owe an answer for too long, until they give any (mask). */
  private int slow;

  Sources(PeerLinks links, Refusals refusals) {
    this.links = links;
    this.refusals = refusals;
  }

  /** From now on the members in {@code members} (mask). */
  void use(int members) {
    all = members;
    slow = 0;
  }

  int all() {
    return all;
  }

  /** Those that are up and have not said that they miss {@code block} (mask). */
  int of(long block) {
    int mask = up();
    return mask == 0 ? 0 : mask & ~refusals.by(block);
  }

  boolean anyUp() {
    return up() != 0;
  }

  private int up() {
    int mask = 0;
    for (int m = all; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      mask |= links.up(i) ? 1 << i : 0;
    }
    return mask;
  }

  /** Whom to ask for {@code block} next; -1 if nobody can be. */
  int next(long block) {
    int from = of(block);
    from = (from & ~slow) != 0 ? from & ~slow : from;
    for (int n = 0; n < PoolView.MAX_MEMBERS; n++) {
      turn = (turn + 1) % PoolView.MAX_MEMBERS;
      if ((from & 1 << turn) != 0) {
        return turn;
      }
    }
    return -1;
  }

  /** Source {@code i} owes {@code block} for too long; whether another one can be asked for it. */
  boolean giveUp(int i, long block) {
    if ((of(block) & ~slow & ~(1 << i)) == 0) {
      return false;
    }
    slow |= 1 << i;
    return true;
  }

  /** Source {@code i} has answered something, or is not connected any more. */
  void heard(int i) {
    slow &= ~(1 << i);
  }
}
