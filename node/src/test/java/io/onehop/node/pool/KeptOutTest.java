package io.onehop.node.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.node.leg.LegOrder;
import io.onehop.node.store.VoteStore;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Who has heard that another lineage goes on takes no part in its own (rule 8.6). */
final class KeptOutTest {
  private static final int A = 0;
  private static final int B = 1;
  private static final int W = 2;
  private static final UUID OLD = Views.first(2).lineage();
  private static final UUID SESSION = new UUID(5, 5);

  private PoolLab lab = new PoolLab(2, ControlRules.ALL, 1);
  private final List<String> answers = new ArrayList<>();

  private PoolMember member(int i) {
    return Objects.requireNonNull(lab.members[i]);
  }

  private PoolView view(int i) {
    return Objects.requireNonNull(member(i).view());
  }

  private String waits(int i) {
    return Objects.requireNonNullElse(member(i).status(lab.now).waiting(), "");
  }

  private String force(int i) {
    answers.clear();
    member(i).force(true, (done, text) -> answers.add((done ? "yes: " : "no: ") + text), lab.now);
    assertThat(lab.until(() -> !answers.isEmpty(), 15_000)).isTrue();
    return answers.getFirst();
  }

  /** B alone begins a new lineage while A and the witness are down; all three were in sync. */
  private void forkedWhileTheOthersWereAway() {
    lab.run(3_000);
    lab.kill(A);
    lab.kill(W);
    lab.run(3_000);
    assertThat(force(B)).startsWith("yes");
  }

  private boolean started(int i) {
    PoolView v = member(i).view();
    return v != null && v.lineage().equals(OLD) && v.generation() > 1;
  }

  @Test
  void aMajorityOfTheOldLineageThatHearsOfTheNewOneDoesNotStart() {
    forkedWhileTheOthersWereAway();
    lab.restart(A, false);
    lab.restart(W, false);
    lab.client = SESSION;
    long token = lab.attach(A, SESSION);
    for (int ms = 0; ms < 20_000; ms += 100) {
      lab.run(100);
      assertThat(started(A) || started(W)).isFalse();
    }
    assertThat(waits(A)).startsWith("kept out").contains("goes on at node-b", "pool rejoin");
    assertThat(waits(W)).startsWith("kept out").contains("--witness witness");
    PoolStatus s = member(A).status(lab.now);
    assertThat(Objects.requireNonNull(s.view()).lineage()).isEqualTo(view(B).lineage());
    assertThat(lab.planes[A].orders).anyMatch(o -> o instanceof LegOrder.KeepOut);
    PoolLab.Answer a = lab.answers.get(token);
    assertThat(a == null ? Status.AGAIN : a.status()).isNotEqualTo(Status.OK);
  }

  @Test
  void itStaysSoWhenTheNewLineagesLegIsGone() {
    forkedWhileTheOthersWereAway();
    lab.restart(A, false);
    lab.restart(W, false);
    lab.run(3_000);
    assertThat(Objects.requireNonNull(lab.image(A)).keptOut()).isNotNull();
    lab.kill(B);
    lab.run(10_000);
    lab.restart(A, false);
    lab.restart(W, false);
    assertThat(lab.until(() -> started(A) || started(W), 30_000)).isFalse();
    assertThat(waits(A)).startsWith("kept out");
  }

  @Test
  void theOldLineageStartsWhereNobodyHasHeard() {
    forkedWhileTheOthersWereAway();
    lab.kill(B);
    lab.restart(A, false);
    lab.restart(W, false);
    assertThat(lab.until(() -> started(A), 15_000)).as("8.6: nobody could tell it").isTrue();
    lab.restart(B, false);
    assertThat(lab.until(() -> waits(A).startsWith("kept out"), 5_000)).isTrue();
    assertThat(lab.until(() -> waits(W).startsWith("kept out"), 5_000)).isTrue();
  }

  /** A and the witness go on with a client while B, cut off, begins a new lineage. */
  private void bothServe() {
    lab.run(3_000);
    lab.cut(A, B, true);
    lab.cut(B, W, true);
    lab.client = SESSION;
    lab.clientCut = 1 << B;
    lab.attach(A, SESSION);
    assertThat(lab.until(() -> lab.state(B) == LegState.STALE, 20_000)).isTrue();
    lab.run(3_000);
    assertThat(force(B)).startsWith("yes");
    lab.run(3_000);
    assertThat(view(A).lineage()).isEqualTo(OLD);
    assertThat(view(A).writer()).isNotNull();
    assertThat(waits(A)).isEmpty();
  }

  @Test
  void aRunningOldLineageIsEndedWhenItHears() {
    bothServe();
    lab.cut(A, B, false);
    lab.cut(B, W, false);
    assertThat(lab.until(() -> waits(A).startsWith("kept out"), 5_000)).isTrue();
    assertThat(lab.until(() -> waits(W).startsWith("kept out"), 5_000)).isTrue();
    assertThat(lab.planes[A].orders).anyMatch(o -> o instanceof LegOrder.KeepOut);
    assertThat(lab.planes[A].acceptedEpoch).as("no lease").isEqualTo(-1);
    assertThat(lab.planes[W].acceptedEpoch).as("no lease").isEqualTo(-1);
    long generation = view(A).generation();
    lab.run(20_000);
    assertThat(view(A).generation()).isEqualTo(generation);
  }

  @Test
  void whoHasHeardTellsTheOthersOfItsLineage() {
    bothServe();
    lab.cut(B, W, false); // A and B still do not reach each other
    assertThat(lab.until(() -> waits(A).startsWith("kept out"), 5_000)).isTrue();
  }

  @Test
  void aForceFromTheKeptOutLegTurnsItRound() {
    forkedWhileTheOthersWereAway();
    UUID second = view(B).lineage();
    lab.restart(A, false);
    lab.restart(W, false);
    lab.run(5_000);
    assertThat(force(A)).startsWith("yes");
    PoolView third = view(A);
    assertThat(third.parent()).isEqualTo(OLD);
    assertThat(third.leavesBehind(OLD)).isTrue();
    assertThat(third.leavesBehind(second)).isTrue();
    assertThat(third.isVoter(W)).as("it answered").isTrue();
    assertThat(lab.until(() -> waits(B).startsWith("kept out"), 5_000)).isTrue();
    assertThat(waits(A)).isEmpty();
    assertThat(lab.until(() -> Objects.requireNonNull(lab.image(W)).keptOut() == null, 5_000))
        .isTrue();
    lab.restart(A, false);
    assertThat(lab.until(() -> member(A).view() != null, 8_000)).isTrue();
    assertThat(view(A).lineage()).isEqualTo(third.lineage());
    lab.client = SESSION;
    assertThat(lab.admitted(() -> lab.attach(A, SESSION), 15_000)).isTrue();
  }

  @Test
  void theNoteIsOfOneDisk() {
    forkedWhileTheOthersWereAway();
    lab.restart(A, false);
    lab.run(3_000);
    UUID fresh = new UUID(300, 1);
    lab.remake(A, fresh, view(B));
    member(B).replace(A, fresh, (done, text) -> answers.add(done + text), lab.now);
    assertThat(
            lab.until(
                () -> view(B).members().get(A).state() == LegState.IN_SYNC && waits(A).isEmpty(),
                20_000))
        .isTrue();
    VoteStore.Vote vote = Objects.requireNonNull(lab.image(A));
    assertThat(vote.keptOut()).isNull();
  }

  @Test
  void withoutTheRuleTheOldMajorityGoesOn() {
    lab = new PoolLab(2, Rules.without("keptOutStays"), 1);
    forkedWhileTheOthersWereAway();
    lab.restart(A, false);
    lab.restart(W, false);
    assertThat(lab.until(() -> started(A), 20_000)).isTrue();
  }
}
