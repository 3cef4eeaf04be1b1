package io.onehop.sim;

import io.onehop.transport.BufPool;
import java.util.ArrayList;
import java.util.List;

/** Makes a failing plan smaller as long as it fails in the same way. */
final class Shrinker {
  private static final int MOST_RUNS = 150;

  private final Rules rules;
  private final BufPool bufs;
  private final String kind;
  private int runs;

  private Shrinker(Rules rules, BufPool bufs, String kind) {
    this.rules = rules;
    this.bufs = bufs;
    this.kind = kind;
  }

  static Plan shrink(Plan plan, Rules rules, BufPool bufs, Violation violation) {
    return new Shrinker(rules, bufs, violation.kind).smallest(plan);
  }

  private Plan smallest(Plan plan) {
    Plan best = plan;
    boolean better = true;
    while (better && runs < MOST_RUNS) {
      better = false;
      for (Plan p : smaller(best)) {
        if (runs < MOST_RUNS && fails(p)) {
          best = p;
          better = true;
          break;
        }
      }
    }
    return best;
  }

  private static List<Plan> smaller(Plan p) {
    List<Plan> plans = new ArrayList<>();
    for (int i = p.faults().size() - 1; i >= 0; i--) {
      plans.add(p.without(i));
    }
    Mix m = p.mix();
    int operations = m.operations();
    if (operations > 1) {
      plans.add(p.with(m.with(m.depth(), operations / 2, m.slowPerMille(), m.lossPerMille())));
      plans.add(p.with(m.with(m.depth(), operations - 1, m.slowPerMille(), m.lossPerMille())));
    }
    if (m.depth() > 1) {
      plans.add(p.with(m.with(m.depth() / 2, operations, m.slowPerMille(), m.lossPerMille())));
    }
    if (m.slowPerMille() + m.lossPerMille() > 0) {
      plans.add(p.with(m.with(m.depth(), operations, 0, 0)));
    }
    return plans;
  }

  private boolean fails(Plan p) {
    runs++;
    Violation v = SeedRun.run(p, rules, bufs, null).violation();
    return v != null && v.kind.equals(kind);
  }
}
