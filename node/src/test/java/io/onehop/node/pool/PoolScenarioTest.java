package io.onehop.node.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.node.leg.LegEdge;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.transport.Status;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Sessions, evictions and returns of a whole pool, with real members over a laboratory's network.
 */
class PoolScenarioTest {
  private static final UUID C1 = new UUID(1, 1);
  private static final UUID C2 = new UUID(2, 2);
  private static final int A = 0;
  private static final int B = 1;
  private static final int W = 2;

  private static PoolLab lab() {
    return new PoolLab(2, ControlRules.ALL, 42);
  }

  private static void attached(PoolLab lab, UUID session) {
    lab.run(300);
    lab.client = session;
    long t = lab.attach(A, session);
    assertTrue(lab.until(() -> lab.answers.containsKey(t), 5_000), () -> "" + lab.notes);
    assertEquals(Status.OK, Objects.requireNonNull(lab.answers.get(t)).status());
    lab.run(200);
  }

  private static boolean whole(PoolLab lab) {
    return lab.view().ready()
        && lab.view().inSyncSet() == 0b11
        && Objects.requireNonNull(lab.planes[A].adopted).equals(lab.view())
        && Objects.requireNonNull(lab.planes[B].adopted).equals(lab.view());
  }

  @Test
  void startsByReadingAndChangesNothing() {
    PoolLab lab = lab();
    lab.run(10_000);
    assertEquals(1, lab.view().generation());
    assertTrue(whole(lab));
    assertNull(Objects.requireNonNull(lab.members[A]).status(lab.now).waiting());
  }

  @Test
  void attachNamesTheWriterAndTheHolderIsNamedToOthers() {
    PoolLab lab = lab();
    attached(lab, C1);
    Writer w = Objects.requireNonNull(lab.view().writer());
    assertEquals(C1, w.session());
    long again = lab.attach(B, C1);
    long other = lab.attach(B, C2);
    assertTrue(lab.until(() -> lab.answers.size() == 3, 3_000));
    assertEquals(new PoolLab.Answer(Status.OK, ""), lab.answers.get(again));
    PoolLab.Answer refused = Objects.requireNonNull(lab.answers.get(other));
    assertEquals(Status.REFUSED, refused.status());
    assertTrue(refused.text().startsWith("held by host-x pid 4711 since "), refused.text());
    long atWitness = lab.attach(W, C2);
    assertTrue(lab.until(() -> lab.answers.containsKey(atWitness), 3_000));
    assertEquals(Status.AGAIN, Objects.requireNonNull(lab.answers.get(atWitness)).status());
  }

  @Test
  void killedLegIsEvictedReturnsAndIsPromoted() {
    PoolLab lab = lab();
    attached(lab, C1);
    lab.kill(B);
    long before = lab.now;
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 3_000));
    assertTrue(lab.now - before < 600 * PoolLab.MS, "from the report to the view");
    lab.run(500);
    lab.restart(B, false);
    assertTrue(lab.until(() -> lab.state(B) == LegState.SYNCING, 5_000), () -> "" + lab.notes);
    assertTrue(lab.until(() -> whole(lab), 3_000), () -> "" + lab.notes);
    assertEquals(C1, Objects.requireNonNull(lab.view().writer()).session());
  }

  @Test
  void restartedLegIsEvictedForItsNewIncarnationAndHealsWithoutClient() {
    PoolLab lab = lab();
    lab.run(1_000);
    lab.restart(B, false);
    assertTrue(lab.until(() -> lab.view().generation() > 1 && whole(lab), 6_000));
    assertEquals(lab.planes[B].incarnation, lab.view().members().get(B).incarnation());
  }

  @Test
  void mutualEviction() {
    for (int seed = 0; seed < 30; seed++) {
      PoolLab lab = new PoolLab(2, ControlRules.ALL, seed);
      attached(lab, C1);
      lab.clientReports = false;
      Writer w = Objects.requireNonNull(lab.view().writer());
      lab.suspect(A, w.epoch(), lab.view().generation());
      lab.suspect(B, w.epoch(), lab.view().generation());
      assertTrue(lab.until(() -> lab.view().inSyncSet() != 0b11, 2_000));
      assertEquals(1, Integer.bitCount(lab.view().inSyncSet()));
      assertTrue(lab.until(() -> whole(lab), 20_000), "seed " + seed + lab.notes);
    }
  }

  @Test
  void mutualEvictionEmptiesTheSetIfNotDecidedAnew() {
    ControlRules naive = Rules.without("exactGeneration");
    boolean caught = false;
    for (int seed = 0; seed < 60 && !caught; seed++) {
      PoolLab lab = new PoolLab(2, naive, seed);
      attached(lab, C1);
      lab.clientReports = false;
      Writer w = Objects.requireNonNull(lab.view().writer());
      lab.suspect(A, w.epoch(), lab.view().generation());
      lab.suspect(B, w.epoch(), lab.view().generation());
      try {
        lab.run(2_000);
      } catch (IllegalArgumentException e) {
        caught = String.valueOf(e.getMessage()).contains("1.4");
      }
    }
    assertTrue(caught);
  }

  @Test
  void evictLastLegRefused() {
    PoolLab lab = lab();
    attached(lab, C1);
    lab.kill(B);
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 3_000));
    lab.clientReports = false;
    Writer w = Objects.requireNonNull(lab.view().writer());
    for (int i = 0; i < 10; i++) {
      lab.suspect(A, w.epoch(), lab.view().generation());
      lab.run(500);
    }
    assertEquals(LegState.IN_SYNC, lab.state(A));
    assertEquals(C1, Objects.requireNonNull(lab.view().writer()).session());
  }

  @Test
  void peerLinkCutClientSeesBoth() {
    PoolLab lab = lab();
    attached(lab, C1);
    long g = lab.view().generation();
    lab.cut(A, B, true);
    lab.run(20_000);
    assertEquals(g, lab.view().generation(), () -> "" + lab.notes);
  }

  @Test
  void viewChosenProposerDeadNobodyKnows() {
    PoolLab lab = lab();
    attached(lab, C1);
    lab.client = C1;
    lab.clientReports = false;
    long g = lab.view().generation();
    // A's proposal is accepted by B and the witness; no answer of theirs, no news of A's ever
    // arrives.
    lab.filter = (from, to, m) -> to == A && m instanceof PoolMessage.Vote v && accepted(v, g + 1);
    lab.planes[A].edges.add(
        new LegEdge.DetachAsked(99, C1, Objects.requireNonNull(lab.view().writer()).epoch()));
    assertTrue(lab.until(() -> lab.planes[W].acceptedEpoch > lab.view().epoch(), 2_000));
    lab.kill(A);
    lab.client = null;
    lab.filter = (from, to, m) -> false;
    assertTrue(lab.until(() -> lab.view().generation() > g, 4_000));
    assertNull(lab.view().writer());
    // B takes over the reconciling that A had begun, and evicts A in the same change.
    assertTrue(lab.until(() -> lab.view().ready(), 6_000), () -> "" + lab.notes);
    assertEquals(0b10, lab.view().inSyncSet());
  }

  private static boolean accepted(PoolMessage.Vote v, long generation) {
    PoolView view = v.accepted();
    return view != null && view.generation() == generation;
  }

  @Test
  void acceptedNotChosenViewAtWitness() {
    assertEquals(1, adoptedAtWitness(ControlRules.ALL));
    ControlRules naive = Rules.without("chosenOnly");
    assertEquals(2, adoptedAtWitness(naive));
  }

  /** Three legs: A's view is accepted by A and the witness only, which is no majority of four. */
  private static long adoptedAtWitness(ControlRules rules) {
    PoolLab lab = new PoolLab(3, rules, 5);
    int witness = 3;
    lab.run(300);
    lab.filter =
        (from, to, m) ->
            m instanceof PoolMessage.Accept a && a.view().generation() > 1 && to != witness;
    lab.client = C1;
    lab.attach(A, C1);
    assertTrue(lab.until(() -> lab.planes[witness].acceptedEpoch == 1, 2_000));
    lab.kill(A);
    lab.run(20);
    return Objects.requireNonNull(lab.planes[witness].adopted).generation();
  }

  @Test
  void oneLegLosesClientNoReconcile() {
    PoolLab lab = lab();
    attached(lab, C1);
    lab.clientReports = false;
    long g = lab.view().generation();
    lab.clientCut = 1 << A;
    lab.run(15_000);
    assertEquals(g, lab.view().generation(), () -> "" + lab.notes);
    lab.clientReports = true;
    assertTrue(lab.until(() -> lab.state(A) == LegState.STALE, 3_000));
    lab.clientCut = 0;
    assertTrue(lab.until(() -> whole(lab), 9_000), () -> "" + lab.notes);
  }

  @Test
  void attachClientVanishes() {
    PoolLab lab = lab();
    lab.run(300);
    long t = lab.attach(A, C1);
    assertTrue(lab.until(() -> lab.answers.containsKey(t), 1_000));
    assertNotNull(lab.view().writer());
    assertTrue(lab.until(() -> lab.view().writer() == null, 6_000));
    assertTrue(lab.until(() -> lab.view().ready(), 2_000));
    assertEquals(new LastSession(C1, false, true), lab.view().lastSession());
  }

  @Test
  void theNextSessionWaitsForTheLeaseOfAnUnclosedOne() {
    PoolLab lab = lab();
    attached(lab, C1);
    lab.client = null;
    assertTrue(lab.until(() -> lab.view().writer() == null, 8_000));
    long ended = lab.now;
    assertTrue(lab.until(() -> lab.view().ready(), 2_000));
    long[] token = {lab.attach(A, C2)};
    assertTrue(
        lab.until(
            () -> {
              PoolLab.Answer a = lab.answers.get(token[0]);
              if (a != null && a.status() == Status.AGAIN) {
                token[0] = lab.attach(A, C2);
              }
              return a != null && a.status() == Status.OK;
            },
            6_000));
    assertTrue(lab.now - ended >= 2_020 * PoolLab.MS);
    assertTrue(lab.now - ended <= 2_400 * PoolLab.MS);
  }

  @Test
  void detachClosesAndTheNextNeedNotWait() {
    PoolLab lab = lab();
    attached(lab, C1);
    long epoch = lab.view().epoch();
    lab.client = null;
    long t = lab.ask(A, token -> new LegEdge.DetachAsked(token, C1, epoch));
    assertTrue(lab.until(() -> lab.answers.containsKey(t), 2_000));
    assertEquals(new PoolLab.Answer(Status.OK, ""), lab.answers.get(t));
    assertEquals(new LastSession(C1, true, false), lab.view().lastSession());
    long before = lab.now;
    attached(lab, C2);
    assertTrue(lab.now - before < 1_000 * PoolLab.MS);
    lab.client = null;
    assertTrue(lab.until(() -> lab.view().writer() == null, 8_000));
  }

  @Test
  void clientAndLegKilledTogether() {
    PoolLab lab = lab();
    attached(lab, C1);
    lab.client = null;
    lab.kill(A);
    assertTrue(lab.until(() -> lab.view().writer() == null, 8_000), () -> "" + lab.notes);
    assertTrue(lab.until(() -> lab.view().ready(), 5_000), () -> "" + lab.notes);
    assertEquals(0b10, lab.view().inSyncSet());
    long[] t = {lab.attach(B, C2)};
    lab.run(3_200);
    assertEquals(C2, Objects.requireNonNull(lab.view().writer()).session(), () -> "" + t[0]);
  }

  @Test
  void authorityDiesWhileReconciling() {
    PoolLab lab = new PoolLab(3, ControlRules.ALL, 9);
    attached(lab, C1);
    lab.planes[A].reconciles = false;
    lab.client = null;
    assertTrue(lab.until(() -> lab.view().phase() instanceof Phase.Reconciling, 8_000));
    lab.kill(A);
    assertTrue(lab.until(() -> lab.view().ready(), 6_000), () -> "" + lab.notes);
    assertEquals(0b110, lab.view().inSyncSet());
  }

  @Test
  void witnessAndLegGoneWaitsAndSaysWhyThenResumes() {
    PoolLab lab = lab();
    attached(lab, C1);
    lab.kill(W);
    lab.run(5_000);
    PoolMember a = Objects.requireNonNull(lab.members[A]);
    assertNull(a.status(lab.now).waiting(), "the witness alone is not missed");
    lab.kill(B);
    lab.run(6_000);
    assertEquals(
        "no majority of voters: node-b, witness do not answer", a.status(lab.now).waiting());
    lab.restart(W, false);
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 6_000), () -> "" + lab.notes);
    lab.run(300);
    assertNull(a.status(lab.now).waiting());
  }

  @Test
  void settingsChangeIsAnsweredWhenChosen() {
    PoolLab lab = lab();
    lab.run(500);
    String[] answer = {""};
    Policies d = Policies.DEFAULT;
    Objects.requireNonNull(lab.members[W])
        .changePolicies(
            p ->
                new Policies(
                    true,
                    false,
                    d.coldStartGraceNanos(),
                    5,
                    0,
                    d.heartbeatNanos(),
                    d.failureNanos(),
                    d.deadlineNanos(),
                    d.deadNanos(),
                    d.leaseNanos(),
                    64),
            (done, text) -> answer[0] = done + text,
            lab.now);
    assertTrue(lab.until(() -> !answer[0].isEmpty(), 2_000));
    assertEquals("true", answer[0]);
    assertEquals(64, lab.view().policies().window());
  }

  @Test
  void aVoterThatCannotSaveDoesNotVote() {
    PoolLab lab = lab();
    lab.run(500);
    lab.breakDisk(W, true);
    attached(lab, C1); // A and B are a majority
    assertFalse(Objects.requireNonNull(lab.members[W]).status(lab.now).voteProblem().isEmpty());
    lab.kill(B);
    lab.run(5_000);
    assertEquals(LegState.IN_SYNC, lab.state(B), "A alone is none");
  }

  @Test
  void leaseIsGrantedByVotersOfThisEpochOnly() {
    PoolLab lab = lab();
    attached(lab, C1);
    long epoch = lab.view().epoch();
    long list = lab.view().votersId();
    long good = lab.ask(A, t -> new LegEdge.LeaseAsked(t, epoch, 0b111, list));
    long old = lab.ask(A, t -> new LegEdge.LeaseAsked(t, epoch - 1, 0b111, list));
    long other = lab.ask(A, t -> new LegEdge.LeaseAsked(t, epoch, 0b111, list + 1));
    long before = lab.now;
    long beyond = lab.ask(A, t -> new LegEdge.LeaseAsked(t, epoch, -1, list));
    assertTrue(lab.until(() -> lab.answers.containsKey(beyond), 500));
    assertTrue(lab.now - before < 100 * PoolLab.MS, "nobody is asked beyond the list");
    lab.run(100);
    assertEquals(new PoolLab.Answer(0b111, "lease"), lab.answers.get(good));
    assertEquals(new PoolLab.Answer(0, "lease"), lab.answers.get(old));
    assertEquals(new PoolLab.Answer(0, "lease"), lab.answers.get(other));
    assertEquals(new PoolLab.Answer(0b111, "lease"), lab.answers.get(beyond));
    lab.kill(W);
    long part = lab.ask(A, t -> new LegEdge.LeaseAsked(t, epoch, 0b111, list));
    lab.run(700);
    assertEquals(new PoolLab.Answer(0b011, "lease"), lab.answers.get(part));
  }

  @Test
  void aLeaseForAnotherVoterListIsRenewedOnlyWithoutTheRule() {
    PoolLab lab = new PoolLab(2, Rules.without("leaseNamesVoters"), 42);
    attached(lab, C1);
    long epoch = lab.view().epoch();
    long other = lab.ask(A, t -> new LegEdge.LeaseAsked(t, epoch, 0b111, 99));
    lab.run(100);
    assertEquals(new PoolLab.Answer(0b111, "lease"), lab.answers.get(other));
  }
}
