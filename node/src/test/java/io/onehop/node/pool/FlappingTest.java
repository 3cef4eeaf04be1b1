package io.onehop.node.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A leg that is good and bad in turn (rule 1.5): it must not shake the pool. */
class FlappingTest {
  private static final UUID C1 = new UUID(1, 1);
  private static final int A = 0;
  private static final int B = 1;
  private static final long MINUTE = 60_000 * PoolLab.MS;

  private final List<Long> changes = new ArrayList<>();

  private static PoolLab attached(int legs, ControlRules rules) {
    PoolLab lab = new PoolLab(legs, rules, 3);
    lab.run(300);
    lab.client = C1;
    assertTrue(lab.admitted(() -> lab.attach(A, C1), 3_000));
    lab.run(700);
    return lab;
  }

  /** Runs, a second good and a second bad in turn, and notes when the view changes. */
  private void alternate(PoolLab lab, int seconds, java.util.function.Consumer<Boolean> second) {
    long g = lab.view().generation();
    for (int s = 0; s < seconds; s++) {
      boolean bad = s % 2 == 1;
      for (int ms = 0; ms < 1_000; ms += 50) {
        second.accept(bad);
        lab.run(50);
        for (; g < lab.view().generation(); g++) {
          changes.add(lab.now);
        }
      }
    }
  }

  /** Most changes within any minute. */
  private int worst() {
    int worst = 0;
    for (int i = 0; i < changes.size(); i++) {
      int n = 0;
      while (i + n < changes.size() && changes.get(i + n) - changes.get(i) < MINUTE) {
        n++;
      }
      worst = Math.max(worst, n);
    }
    return worst;
  }

  @Test
  void aConnectionThatBreaksEverySecond() {
    PoolLab lab = attached(2, ControlRules.ALL);
    alternate(lab, 240, bad -> lab.clientCut = bad ? 1 << B : 0);
    assertTrue(worst() <= 3, () -> worst() + " in a minute: " + lab.notes);
    lab.clientCut = 0;
    assertTrue(lab.until(lab::whole, 70_000), () -> "" + lab.notes);
    assertEquals(C1, Objects.requireNonNull(lab.view().writer()).session());
  }

  @Test
  void aDiskThatSwallowsRequestsEverySecondBehindSteadyHeartbeats() {
    PoolLab lab = attached(3, ControlRules.ALL);
    alternate(lab, 300, bad -> suspect(lab, bad));
    assertTrue(changes.size() >= 6, "it is tried again each minute");
    assertTrue(worst() <= 3, () -> worst() + " in a minute: " + lab.notes);
    assertTrue(lab.until(lab::whole, 70_000), () -> "" + lab.notes);
  }

  private static void suspect(PoolLab lab, boolean bad) {
    Writer w = lab.view().writer();
    if (bad && w != null && lab.state(B).inWriteSet()) {
      lab.suspect(B, w.epoch(), lab.view().generation());
    }
  }

  @Test
  void withoutTheRuleItFlapsForEver() {
    PoolLab lab = attached(2, Rules.without("steadyReturn"));
    alternate(lab, 240, bad -> suspect(lab, bad));
    assertTrue(worst() > 3, () -> worst() + " in a minute");
  }

  @Test
  void aProposerThatStartsAnewForgetsNothing() {
    PoolLab lab = attached(3, ControlRules.ALL);
    int[] n = {0};
    alternate(
        lab,
        120,
        bad -> {
          suspect(lab, bad);
          if (++n[0] % 400 == 0) {
            lab.restart(A, false); // every twenty seconds
          }
        });
    long returns = lab.notes.stream().filter(t -> t.contains("node-b returns")).count();
    assertTrue(returns <= 6, () -> returns + ": " + lab.notes);
    assertTrue(lab.until(lab::whole, 70_000), () -> "" + lab.notes);
  }

  @Test
  void oneCutIsForgivenQuickly() {
    PoolLab lab = attached(2, ControlRules.ALL);
    lab.clientCut = 1 << B;
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 2_000));
    lab.run(3_000);
    lab.clientCut = 0;
    assertTrue(lab.until(() -> lab.state(B) == LegState.SYNCING, 3_000), () -> "" + lab.notes);
    assertTrue(lab.until(lab::whole, 5_000), () -> "" + lab.notes);
    lab.run(61_000);
    lab.clientCut = 1 << B;
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 2_000));
    lab.clientCut = 0;
    assertTrue(lab.until(() -> lab.state(B) == LegState.SYNCING, 4_000), () -> "" + lab.notes);
  }

  @Test
  void aKilledLegReturnsWithoutATrial() {
    PoolLab lab = attached(2, ControlRules.ALL);
    lab.kill(B);
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 2_000));
    lab.restart(B, false);
    assertTrue(lab.until(lab::whole, 2_000), () -> "" + lab.notes);
  }
}
