package io.onehop.sim.script;

import io.onehop.protocol.model.Policies;
import java.util.ArrayList;
import java.util.List;

/**
 * The pool that a text begins with.
 *
 * @param legs names of its legs, 1 to 5
 * @param witnesses names of its witnesses
 * @param policies its settings
 */
public record PoolSetup(List<String> legs, List<String> witnesses, Policies policies) {
  /** Copies the lists. */
  public PoolSetup {
    legs = List.copyOf(legs);
    witnesses = List.copyOf(witnesses);
  }

  /** All members in order: legs, then witnesses. */
  public List<String> nodes() {
    List<String> all = new ArrayList<>(legs);
    all.addAll(witnesses);
    return all;
  }

  /** Times short enough for a story: heartbeat 200 ms, everything else 800 ms, grace 3 s. */
  static Policies usual() {
    long ms = 1_000_000L;
    return new Policies(
        false, false, 3_000 * ms, 1 << 20, 0, 200 * ms, 800 * ms, 800 * ms, 800 * ms, 800 * ms, 16);
  }
}
