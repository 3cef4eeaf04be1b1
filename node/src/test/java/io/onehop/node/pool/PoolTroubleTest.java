package io.onehop.node.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.node.leg.LegEdge;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.Writer;
import io.onehop.transport.Status;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Votes that cannot be saved, failed legs, leases across a change, the fence of a deletion. */
class PoolTroubleTest {
  private static final UUID C1 = new UUID(1, 1);
  private static final UUID C2 = new UUID(2, 2);
  private static final int A = 0;
  private static final int B = 1;
  private static final int W = 2;

  private final PoolLab lab = new PoolLab(2, ControlRules.ALL, 11);

  private PoolMember member(int i) {
    return Objects.requireNonNull(lab.members[i]);
  }

  private String reason(int at, int of) {
    return member(at).status(lab.now).members().get(of).reason();
  }

  /** Asks as a client does: again when told to. */
  private boolean admitted(int node, UUID session, long millis) {
    long[] token = {lab.attach(node, session)};
    return lab.until(
        () -> {
          PoolLab.Answer a = lab.answers.get(token[0]);
          if (a != null && a.status() == Status.AGAIN) {
            token[0] = lab.attach(node, session);
          }
          return a != null && a.status() == Status.OK;
        },
        millis);
  }

  private void attached() {
    lab.run(300);
    lab.client = C1;
    assertTrue(admitted(A, C1, 3_000));
    lab.run(200);
  }

  private boolean whole() {
    return lab.view().ready() && lab.view().inSyncSet() == 0b11;
  }

  private void lease(long millis) {
    boolean[] done = {false};
    member(A)
        .changePolicies(
            p ->
                new Policies(
                    p.errorOnNoQuorum(),
                    p.coldStartWaitsForAll(),
                    p.coldStartGraceNanos(),
                    p.resyncMinRate(),
                    p.resyncMaxRate(),
                    p.heartbeatNanos(),
                    p.failureNanos(),
                    p.deadlineNanos(),
                    p.deadNanos(),
                    millis * PoolLab.MS,
                    p.window()),
            (ok, text) -> done[0] = ok,
            lab.now);
    assertTrue(lab.until(() -> done[0], 2_000));
  }

  @Test
  void aVoterVotesAgainOnceItsVotesCanBeSaved() {
    lab.run(500);
    lab.breakDisk(W, true);
    attached();
    lab.kill(B);
    lab.run(5_000);
    assertEquals(LegState.IN_SYNC, lab.state(B), "A alone is no majority");
    lab.breakDisk(W, false);
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 6_000), () -> "" + lab.notes);
    assertEquals("", member(W).status(lab.now).voteProblem());
  }

  @Test
  void aLegWhoseNodeCannotVoteIsNotWaitedFor() {
    attached();
    lab.breakDisk(A, true);
    lab.client = null; // A, the first leg, would have to end the session
    assertTrue(lab.until(() -> lab.view().writer() == null, 10_000), () -> "" + lab.notes);
    assertTrue(lab.until(() -> lab.view().ready(), 6_000), () -> "" + lab.notes);
    assertTrue(reason(B, A).contains("its vote cannot be saved"), reason(B, A));
    lab.breakDisk(A, false);
    assertTrue(lab.until(this::whole, 10_000), () -> "" + lab.notes);
  }

  @Test
  void aFailedLegLeavesAndItsReasonIsShown() {
    attached();
    lab.edge(B, new LegEdge.DiskFailed("no space left"));
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 1_000), () -> "" + lab.notes);
    lab.run(1_000);
    assertEquals("its disk failed: no space left", reason(A, B));
    assertEquals(C1, Objects.requireNonNull(lab.view().writer()).session());
    lab.restart(B, false); // what opening it again comes to
    assertTrue(lab.until(this::whole, 10_000), () -> "" + lab.notes);
  }

  @Test
  void theLastLegInSyncThatFailsIsNamedAndLeadsWhenItIsBack() {
    attached();
    lab.kill(B);
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 3_000));
    lab.edge(A, new LegEdge.DiskFailed("no space left"));
    lab.restart(B, false);
    lab.run(5_000);
    assertEquals("waits for leg node-a, the last in sync", member(B).status(lab.now).waiting());
    lab.restart(A, false);
    assertTrue(lab.until(this::whole, 25_000), () -> "" + lab.notes);
  }

  @Test
  void aLeaseFromBeforeItWasShortenedIsWaitedFor() {
    lab.run(500);
    lease(10_000);
    attached();
    lab.client = null;
    lab.run(100);
    lease(1_000);
    long changed = lab.now;
    assertTrue(admitted(A, C2, 20_000), () -> "" + lab.notes);
    assertTrue(lab.now - changed >= 9_900 * PoolLab.MS, () -> "" + (lab.now - changed));
  }

  @Test
  void nobodyIsAdmittedWhileADeletionIsAgreed() {
    lab.run(500);
    for (int i : new int[] {A, B, W}) {
      assertNull(member(i).fence(lab.now));
    }
    long asked = lab.attach(A, C1);
    assertTrue(lab.until(() -> lab.answers.containsKey(asked), 5_000));
    PoolLab.Answer answer = Objects.requireNonNull(lab.answers.get(asked));
    assertEquals(new PoolLab.Answer(Status.AGAIN, "the pool is being deleted"), answer);
    assertNull(lab.view().writer());
    lab.client = C1;
    assertTrue(admitted(A, C1, 12_000), "a deletion that came to nothing");
    Writer holder = member(A).fence(lab.now);
    assertEquals(C1, Objects.requireNonNull(holder).session());
  }
}
