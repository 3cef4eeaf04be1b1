package io.onehop.sim;

import java.util.SplittableRandom;

/**
 * How big a world is. Nodes are numbered: the legs from 0, then the witnesses.
 *
 * @param legs data legs, 1 to 5
 * @param witnesses witnesses, 0 to 3
 * @param clients most clients that compete for the pool at once, 1 to 3
 */
record Shape(int legs, int witnesses, int clients) {
  /** Two legs, a witness, one client: the normal small pool. */
  static final Shape SMALL = new Shape(2, 1, 1);

  /** Legs and witnesses; the more often named, the more often drawn. */
  private static final int[][] MEMBERS = {
    {2, 1}, {2, 1}, {2, 1}, {2, 1}, {2, 1}, {2, 1}, {2, 1}, {2, 1}, {2, 1}, {2, 1}, {2, 1}, {2, 1},
    {3, 0}, {3, 0}, {3, 0}, {3, 0}, {3, 0}, {3, 0}, {3, 0}, {3, 0}, {3, 1}, {3, 1}, {3, 2}, {3, 2},
    {2, 0}, {2, 2}, {2, 3}, {1, 0}, {1, 1}, {1, 2}, {4, 0}, {4, 1}, {4, 3}, {5, 0}, {5, 2}, {5, 3},
  };

  Shape {
    if (legs < 1 || legs > 5 || witnesses < 0 || witnesses > 3 || clients < 1 || clients > 3) {
      throw new IllegalArgumentException("no world of this shape: " + legs + "+" + witnesses);
    }
  }

  static Shape draw(SplittableRandom r) {
    int[] m = MEMBERS[r.nextInt(MEMBERS.length)];
    return new Shape(m[0], m[1], 1 + r.nextInt(3));
  }

  /** All members. */
  int nodes() {
    return legs + witnesses;
  }

  boolean isLeg(int node) {
    return node >= 0 && node < legs;
  }

  /** The name of a node: a, b, c … for legs, w, w2, w3 for witnesses. */
  String name(int node) {
    if (isLeg(node)) {
      return String.valueOf((char) ('a' + node));
    }
    return node == legs ? "w" : "w" + (node - legs + 1);
  }
}
