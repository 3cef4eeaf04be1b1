package io.onehop.history;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Decides by trying every order: slow, and written with nothing but the definition in mind. At most
 * some ten operations per era.
 */
final class Exhaustive {
  private record State(long done, int value, Set<Integer> mayRemain) {}

  private final List<UnitOp> ops;
  private final Set<State> seen = new HashSet<>();
  private final Set<Integer> survivors = new TreeSet<>();

  private Exhaustive(List<UnitOp> ops) {
    this.ops = ops;
  }

  static boolean exists(List<UnitOp> all, int eras) {
    Set<Integer> initial = Set.of(Stamp.ZERO);
    for (int era = 0; era < eras; era++) {
      int now = era;
      Exhaustive one = new Exhaustive(all.stream().filter(op -> op.era() == now).toList());
      for (int value : initial) {
        one.tryAll(new State(0, value, Set.of(value)));
      }
      initial = one.survivors;
    }
    return !initial.isEmpty();
  }

  private void tryAll(State s) {
    if (!seen.add(s)) {
      return;
    }
    boolean complete = true;
    for (int i = 0; i < ops.size(); i++) {
      complete &= done(s, i) || !ops.get(i).certain();
    }
    if (complete) {
      survivors.addAll(s.mayRemain);
    }
    for (int i = 0; i < ops.size(); i++) {
      UnitOp op = ops.get(i);
      if (done(s, i) || !mayBeNext(s, op) || (op.read() && op.value() != s.value)) {
        continue;
      }
      Set<Integer> remain = new TreeSet<>(op.durable() ? List.of() : s.mayRemain);
      remain.add(op.value());
      tryAll(new State(s.done | 1L << i, op.value(), remain));
    }
  }

  private static boolean done(State s, int i) {
    return (s.done >>> i & 1) != 0;
  }

  /** Nothing that must come before it is still to come, nothing that must come after it was. */
  private boolean mayBeNext(State s, UnitOp op) {
    List<UnitOp> before = new ArrayList<>();
    for (int i = 0; i < ops.size(); i++) {
      UnitOp other = ops.get(i);
      if (done(s, i)) {
        before.add(other);
      } else if (other.certain() && other.returned() < op.invoked()) {
        return false;
      }
    }
    return before.stream().noneMatch(earlier -> op.returned() < earlier.invoked());
  }
}
