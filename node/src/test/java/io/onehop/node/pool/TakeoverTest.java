package io.onehop.node.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.node.leg.LegEdge;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Writer;
import io.onehop.transport.Status;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Sessions that are taken over, and ones that go on (rules 5.1, 5.3, 5.4). */
class TakeoverTest {
  private static final UUID C1 = new UUID(1, 1);
  private static final UUID C2 = new UUID(2, 2);
  private static final UUID C3 = new UUID(3, 3);
  private static final int A = 0;
  private static final int B = 1;
  private static final int W = 2;

  private static PoolLab attached(ControlRules rules) {
    PoolLab lab = new PoolLab(2, rules, 42);
    lab.run(300);
    lab.client = C1;
    assertTrue(lab.admitted(() -> lab.attach(A, C1), 3_000), () -> "" + lab.notes);
    lab.run(700);
    return lab;
  }

  private static @org.jspecify.annotations.Nullable UUID writer(PoolLab lab) {
    Writer w = lab.view().writer();
    return w == null ? null : w.session();
  }

  private static void detach(PoolLab lab, UUID session) {
    long epoch = lab.view().epoch();
    lab.client = null;
    long t = lab.ask(A, token -> new LegEdge.DetachAsked(token, session, epoch));
    assertEquals(Status.OK, lab.answer(t).status());
    assertTrue(lab.until(() -> lab.view().ready(), 2_000));
  }

  @Test
  void aLivingHolderIsReplacedAtOnceAndForGood() {
    PoolLab lab = attached(ControlRules.ALL);
    long held = lab.view().epoch();
    long before = lab.now;
    lab.takeOver(B, C2);
    assertTrue(lab.until(() -> lab.view().writer() == null, 300), () -> "" + lab.notes);
    long ended = lab.now;
    assertTrue(ended - before < 200 * PoolLab.MS);
    assertEquals(new LastSession(C1, false, false), lab.view().lastSession());
    assertTrue(lab.view().phase() instanceof Phase.Reconciling);
    long again = lab.resume(A, C1, held);
    assertEquals(Status.REFUSED, lab.answer(again).status());
    lab.client = C2;
    assertTrue(
        lab.until(() -> C2.equals(writer(lab)), 100)
            || lab.admitted(() -> lab.takeOver(B, C2), 4_000));
    assertTrue(lab.now - ended >= 2_020 * PoolLab.MS, "the old lease is waited for");
    assertTrue(lab.now - ended <= 2_700 * PoolLab.MS, () -> "" + (lab.now - ended));
    PoolLab.Answer late = lab.answer(lab.resume(B, C1, held));
    assertEquals(Status.REFUSED, late.status());
    assertTrue(late.text().startsWith("this session was ended for good: taken over"), late.text());
    lab.run(600);
    detach(lab, C2);
    late = lab.answer(lab.resume(A, C1, held));
    assertEquals(
        new PoolLab.Answer(
            Status.REFUSED, "this session cannot go on: another one was admitted since"),
        late);
    assertNull(lab.view().writer());
  }

  @Test
  void withoutTheBarTheReplacedSessionComesBackFirst() {
    for (boolean rule : new boolean[] {true, false}) {
      PoolLab lab = attached(rule ? ControlRules.ALL : Rules.without("takeoverBars"));
      long held = lab.view().epoch();
      lab.takeOver(A, C2);
      assertTrue(lab.until(() -> lab.view().writer() == null, 300));
      lab.resume(B, C1, held);
      boolean back = lab.until(() -> C1.equals(writer(lab)), 1_500);
      assertEquals(!rule, back, () -> "" + lab.notes);
    }
  }

  @Test
  void aDeadHolderIsReplacedAsWellAndTheOneWhoTakesOverGoesFirst() {
    PoolLab lab = attached(ControlRules.ALL);
    lab.client = null;
    long waiting = lab.attach(A, C3);
    lab.run(50);
    long before = lab.now;
    assertTrue(lab.admitted(() -> lab.takeOver(A, C2), 5_000), () -> "" + lab.notes);
    assertTrue(lab.now - before < 2_800 * PoolLab.MS, "not the dead time and then the lease");
    lab.client = C2;
    lab.run(600);
    assertEquals(C2, writer(lab));
    PoolLab.Answer a = lab.answer(waiting);
    assertFalse(a.status() == Status.OK, a.text());
  }

  @Test
  void takingOverFromOneselfChangesNothing() {
    PoolLab lab = attached(ControlRules.ALL);
    long g = lab.view().generation();
    assertEquals(new PoolLab.Answer(Status.OK, ""), lab.answer(lab.takeOver(B, C1)));
    assertEquals(g, lab.view().generation());
  }

  @Test
  void withoutTakeoverTheHolderIsNamed() {
    PoolLab lab = attached(ControlRules.ALL);
    PoolLab.Answer a = lab.answer(lab.attach(B, C2));
    assertEquals(Status.REFUSED, a.status());
    assertTrue(a.text().startsWith("held by host-x pid 4711 since "), a.text());
  }

  @Test
  void takeoverWithADeadLegAndAtALegThatHeals() {
    PoolLab lab = attached(ControlRules.ALL);
    lab.kill(B);
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 3_000));
    lab.planes[B].heals = false;
    lab.restart(B, false);
    lab.planes[B].heals = false;
    assertTrue(lab.until(() -> lab.state(B) == LegState.SYNCING, 5_000));
    assertEquals(Status.AGAIN, lab.answer(lab.takeOver(B, C2)).status());
    assertEquals(C1, writer(lab));
    lab.takeOver(A, C2);
    assertTrue(lab.until(() -> lab.view().writer() == null, 300));
    lab.client = C2;
    assertTrue(lab.admitted(() -> lab.takeOver(A, C2), 5_000), () -> "" + lab.notes);
    lab.planes[B].heals = true;
    assertTrue(lab.until(lab::whole, 5_000), () -> "" + lab.notes);
    assertEquals(C2, writer(lab));
  }

  @Test
  void aSilentSessionGoesOnWithoutWaitingForItsOwnLease() {
    PoolLab lab = attached(ControlRules.ALL);
    long held = lab.view().epoch();
    lab.client = null;
    assertTrue(lab.until(() -> lab.view().writer() == null, 8_000));
    assertTrue(lab.until(() -> lab.view().ready(), 2_000));
    lab.client = C1;
    long before = lab.now;
    assertTrue(lab.admitted(() -> lab.resume(B, C1, held), 3_000));
    assertTrue(lab.now - before < 300 * PoolLab.MS);
    assertTrue(lab.view().epoch() > held);
    lab.run(10_000);
    assertEquals(C1, writer(lab));
  }

  @Test
  void theOldSessionGoesBeforeANewOneThatStillWaits() {
    PoolLab lab = attached(ControlRules.ALL);
    long held = lab.view().epoch();
    lab.client = null;
    assertTrue(lab.until(() -> lab.view().ready() && lab.view().writer() == null, 8_000));
    lab.attach(A, C2);
    lab.run(200);
    lab.client = C1;
    assertTrue(lab.admitted(() -> lab.resume(A, C1, held), 1_000), () -> "" + lab.notes);
  }

  @Test
  void oneThatSleptThroughAnotherIsRefused() {
    for (boolean rule : new boolean[] {true, false}) {
      PoolLab lab = attached(rule ? ControlRules.ALL : Rules.without("resumeOnlyLast"));
      long held = lab.view().epoch();
      lab.client = null;
      assertTrue(lab.until(() -> lab.view().ready() && lab.view().writer() == null, 8_000));
      lab.client = C2;
      assertTrue(lab.admitted(() -> lab.attach(A, C2), 6_000));
      lab.run(600);
      PoolLab.Answer held2 = lab.answer(lab.resume(B, C1, held));
      assertEquals(Status.REFUSED, held2.status());
      detach(lab, C2);
      PoolLab.Answer a = lab.answer(lab.resume(A, C1, held));
      assertEquals(rule ? Status.REFUSED : Status.OK, a.status(), a.text());
    }
  }

  @Test
  void aNodeThatIsBehindReadsBeforeItRefuses() {
    PoolLab lab = attached(ControlRules.ALL);
    lab.client = null;
    assertTrue(lab.until(() -> lab.view().ready() && lab.view().writer() == null, 8_000));
    // B learns of what A admits only when it reads the register.
    lab.run(3_000);
    lab.filter = (f, t, m) -> t == B && !(PoolMessage.body(m) instanceof PoolMessage.Vote);
    lab.client = C2;
    assertTrue(lab.admitted(() -> lab.attach(A, C2), 100), () -> "" + lab.notes);
    long held = lab.view().epoch();
    assertEquals(new PoolLab.Answer(Status.OK, ""), lab.answer(lab.resume(B, C2, held)));
  }

  @Test
  void aClientThatNeverLearnedOfItsAdmissionMayComeAgain() {
    PoolLab lab = new PoolLab(2, ControlRules.ALL, 7);
    lab.run(300);
    assertEquals(Status.OK, lab.answer(lab.attach(A, C1)).status());
    assertTrue(lab.until(() -> lab.view().ready() && lab.view().writer() == null, 8_000));
    lab.client = C1;
    assertTrue(lab.admitted(() -> lab.attach(A, C1), 1_000));
  }

  @Test
  void detachWithALegMissingAndWhileALegHeals() {
    PoolLab lab = attached(ControlRules.ALL);
    lab.kill(B);
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 3_000));
    detach(lab, C1);
    assertEquals(new LastSession(C1, true, false), lab.view().lastSession());
    lab.client = C2;
    assertTrue(lab.admitted(() -> lab.attach(A, C2), 1_000));
    lab.run(700);
    lab.restart(B, false);
    lab.planes[B].heals = false;
    assertTrue(lab.until(() -> lab.state(B) == LegState.SYNCING, 5_000), () -> "" + lab.notes);
    detach(lab, C2);
    assertEquals(LegState.SYNCING, lab.state(B));
    assertEquals(new LastSession(C2, true, false), lab.view().lastSession());
    lab.planes[B].heals = true;
    assertTrue(lab.until(lab::whole, 5_000), () -> "" + lab.notes);
    lab.kill(W);
    lab.client = C3;
    assertTrue(lab.admitted(() -> lab.attach(B, C3), 1_000));
    lab.run(50); // a client brings the view along
    detach(lab, C3);
    assertEquals(C3, Objects.requireNonNull(lab.view().lastSession()).id());
  }
}
