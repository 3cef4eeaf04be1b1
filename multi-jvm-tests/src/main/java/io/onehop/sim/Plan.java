package io.onehop.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What a seed draws before anything happens: the kind of world and what goes wrong in it. Shrinking
 * makes a plan smaller and keeps the seed.
 */
record Plan(long seed, Mix mix, List<Fault> faults) {
  Plan {
    faults = List.copyOf(faults);
  }

  static Plan draw(long seed) {
    SplittableRandom r = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + 1);
    Mix mix = Mix.draw(r);
    return new Plan(seed, mix, Fault.draw(r, mix));
  }

  /** Without one fault. */
  Plan without(int fault) {
    List<Fault> fewer = new ArrayList<>(faults);
    fewer.remove(fault);
    return new Plan(seed, mix, fewer);
  }

  /** With another kind of world. */
  Plan with(Mix other) {
    return new Plan(seed, other, faults);
  }
}
