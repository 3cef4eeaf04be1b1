package io.onehop.multijvm;

import java.util.SplittableRandom;

/** Where the tests' randomness comes from: printed, and given back by -Donehop.seed. */
final class Seed {
  private Seed() {}

  static long of(String test) {
    Long given = Long.getLong("onehop.seed");
    long seed = given != null ? given : System.nanoTime();
    System.out.println(test + ": -Donehop.seed=" + seed);
    return seed;
  }

  static SplittableRandom faults(long seed) {
    return new SplittableRandom(seed ^ 0x5DEECE66DL);
  }
}
