package io.onehop.node.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Policies;
import io.onehop.transport.Status;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Everything died (rules 8.4, 8.5). */
class ColdStartTest {
  private static final UUID C1 = new UUID(1, 1);
  private static final int A = 0;
  private static final int B = 1;
  private static final int W = 2;

  private static PoolLab attached(ControlRules rules) {
    PoolLab lab = new PoolLab(2, rules, 11);
    lab.run(300);
    lab.client = C1;
    lab.attach(A, C1);
    assertTrue(lab.until(() -> lab.view().writer() != null, 3_000));
    lab.run(700);
    return lab;
  }

  private static void killAll(PoolLab lab) {
    lab.client = null;
    lab.kill(A);
    lab.kill(B);
    lab.kill(W);
  }

  private static @Nullable String waiting(PoolLab lab, int node) {
    return Objects.requireNonNull(lab.members[node]).status(lab.now).waiting();
  }

  @Test
  void allKilledAndBack() {
    PoolLab lab = attached(ControlRules.ALL);
    long epoch = lab.view().epoch();
    killAll(lab);
    lab.restart(B, false);
    lab.restart(W, false);
    lab.run(1_000);
    lab.restart(A, false);
    assertTrue(lab.until(() -> lab.view().epoch() > epoch, 3_000), () -> "" + lab.notes);
    assertEquals(LegState.IN_SYNC, lab.state(A));
    assertEquals(LegState.STALE, lab.state(B));
    assertNull(lab.view().writer());
    assertEquals(new LastSession(C1, false, true), lab.view().lastSession());
    assertTrue(lab.until(() -> lab.view().inSyncSet() == 0b11, 5_000), () -> "" + lab.notes);
    lab.run(300);
    assertNull(waiting(lab, A));
  }

  @Test
  void withoutOneInSyncLegOnlyAfterTheGraceTime() {
    PoolLab lab = attached(ControlRules.ALL);
    killAll(lab);
    lab.restart(B, false);
    lab.restart(W, false);
    lab.run(9_000);
    assertEquals(0b11, lab.view().inSyncSet());
    assertEquals("waits for leg node-a, also in sync at the end", waiting(lab, B));
    assertTrue(lab.until(() -> lab.view().inSyncSet() == 0b10, 3_000), () -> "" + lab.notes);
  }

  @Test
  void staleLegIsNoCandidateAndSaysForWhomItWaits() {
    PoolLab lab = attached(ControlRules.ALL);
    lab.kill(B);
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 3_000));
    killAll(lab);
    lab.restart(B, false);
    lab.restart(W, false);
    lab.run(30_000);
    assertEquals(0b01, lab.view().inSyncSet());
    assertEquals("waits for leg node-a, the last in sync", waiting(lab, B));
    long t = lab.attach(B, new UUID(5, 5));
    lab.run(100);
    PoolLab.Answer a = Objects.requireNonNull(lab.answers.get(t));
    assertEquals(Status.AGAIN, a.status());
    assertEquals("waits for leg node-a, the last in sync", a.text());
    lab.restart(A, false);
    assertTrue(lab.until(() -> lab.view().inSyncSet() == 0b11, 6_000), () -> "" + lab.notes);
  }

  @Test
  void onesThatLostPowerComeLast() {
    PoolLab lab = attached(ControlRules.ALL);
    killAll(lab);
    lab.restart(A, true);
    lab.restart(B, false);
    lab.restart(W, false);
    assertTrue(lab.until(() -> lab.view().writer() == null, 3_000), () -> "" + lab.notes);
    assertEquals(0b10, lab.view().inSyncSet());
    assertEquals(new LastSession(C1, false, true), lab.view().lastSession());
  }

  @Test
  void lostPowerWaitsForAllAndBarsTheSession() {
    PoolLab lab = attached(ControlRules.ALL);
    killAll(lab);
    lab.restart(A, true);
    lab.restart(W, false);
    lab.run(30_000);
    assertEquals(0b11, lab.view().inSyncSet());
    assertEquals(
        "waits for leg node-b, also in sync at the end; node-a lost power", waiting(lab, A));
    lab.restart(B, true);
    assertTrue(lab.until(() -> lab.view().writer() == null, 3_000));
    assertEquals(0b01, lab.view().inSyncSet());
    assertEquals(new LastSession(C1, false, false), lab.view().lastSession());
  }

  @Test
  void livingLegFirst() {
    for (boolean rule : new boolean[] {true, false}) {
      PoolLab lab = attached(rule ? ControlRules.ALL : Rules.without("livingLegFirst"));
      long late = lab.now + 700 * PoolLab.MS; // B hears of the new run only after A had its chance
      lab.filter = (f, t, m) -> f == A && m instanceof PoolMessage.Report && lab.now < late;
      lab.restart(A, true);
      assertTrue(lab.until(() -> lab.view().inSyncSet() != 0b11, 4_000), () -> "" + lab.notes);
      // B lives and holds everything; only the naive form starts again from A.
      assertEquals(rule, lab.view().inSyncSet() == 0b10);
      assertEquals(rule, lab.view().writer() != null);
    }
  }

  @Test
  void coldStartEndsTheSession() {
    PoolLab lab = attached(Rules.without("coldStartEndsSession"));
    killAll(lab);
    lab.restart(A, false);
    lab.restart(B, false);
    lab.restart(W, false);
    assertTrue(lab.until(() -> lab.view().inSyncSet() == 0b01, 3_000));
    assertFalse(lab.view().writer() == null, "the naive form leaves the writer");
  }

  @Test
  void waitsForAllIfThePolicySaysSo() {
    PoolLab lab = attached(ControlRules.ALL);
    boolean[] done = {false};
    Objects.requireNonNull(lab.members[A])
        .changePolicies(
            p ->
                new Policies(
                    p.errorOnNoQuorum(),
                    true,
                    p.coldStartGraceNanos(),
                    p.resyncMinRate(),
                    p.resyncMaxRate(),
                    p.heartbeatNanos(),
                    p.failureNanos(),
                    p.deadlineNanos(),
                    p.deadNanos(),
                    p.leaseNanos(),
                    p.window()),
            (ok, text) -> done[0] = ok,
            lab.now);
    assertTrue(lab.until(() -> done[0], 2_000));
    killAll(lab);
    lab.restart(B, false);
    lab.restart(W, false);
    lab.run(60_000);
    assertEquals(0b11, lab.view().inSyncSet());
    assertEquals("waits for leg node-a, also in sync at the end", waiting(lab, B));
    lab.restart(A, false);
    assertTrue(lab.until(() -> lab.view().inSyncSet() == 0b11 && lab.view().epoch() > 1, 6_000));
  }

  @Test
  void killedAgainAndAgain() {
    PoolLab lab = attached(ControlRules.ALL);
    for (int i = 0; i < 6; i++) {
      killAll(lab);
      lab.restart(i % 3, false);
      lab.run(37L * i);
      lab.restart((i + 1) % 3, false);
      lab.run(91L * i);
      lab.restart((i + 2) % 3, false);
      lab.run(400L * i);
    }
    assertTrue(
        lab.until(() -> lab.view().ready() && lab.view().inSyncSet() == 0b11, 60_000),
        () -> "" + lab.notes);
  }
}
