package io.onehop.node.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A new lineage by an operator's order, and nothing of the old one in it (rule 8.6). */
final class ForcedPromotionTest {
  private static final int A = 0;
  private static final int B = 1;
  private static final int W = 2;
  private static final UUID SESSION = new UUID(5, 5);

  private final PoolLab lab = new PoolLab(2, ControlRules.ALL, 1);
  private final List<String> answers = new ArrayList<>();

  private PoolMember member(int i) {
    return Objects.requireNonNull(lab.members[i]);
  }

  private PoolView view(int i) {
    return Objects.requireNonNull(member(i).view());
  }

  private LegState state(int at, int of) {
    return view(at).members().get(of).state();
  }

  /** The answer: "yes: …" or "no: …". */
  private String force(int i, boolean accept) {
    answers.clear();
    member(i).force(accept, (done, text) -> answers.add((done ? "yes: " : "no: ") + text), lab.now);
    assertThat(lab.until(() -> !answers.isEmpty(), 15_000)).isTrue();
    return answers.getFirst();
  }

  /** B is evicted, A writes on, then A and the witness are gone for now. */
  private void onlyStaleBLeft() {
    lab.run(3_000);
    lab.client = SESSION;
    lab.attach(A, SESSION);
    assertThat(lab.until(() -> lab.view().writer() != null, 5_000)).isTrue();
    lab.clientCut = 1 << B;
    assertThat(lab.until(() -> lab.state(B) == LegState.STALE, 8_000)).isTrue();
    lab.run(3_000);
    lab.kill(A);
    lab.kill(W);
    lab.client = null;
    lab.clientCut = 0;
    lab.restart(B, false);
    lab.run(2_000);
  }

  @Test
  void refusedWhileThePoolComesBackByItself() {
    lab.run(3_000);
    assertThat(force(A, true)).startsWith("no: not needed").contains("node-a");
    lab.kill(B);
    lab.run(3_000);
    assertThat(force(A, true)).startsWith("no: not needed");
    assertThat(view(A).lineage()).isEqualTo(Views.first(2).lineage());
  }

  @Test
  void saysWhatWouldBeLost() {
    onlyStaleBLeft();
    assertThat(force(B, false))
        .startsWith("no: loses data")
        .contains("node-b is stale", "newer: node-a", "node-a, witness", "--i-accept-data-loss");
    assertThat(member(B).view()).isNull();
  }

  @Test
  void aStaleLegBeginsANewLineageAlone() {
    onlyStaleBLeft();
    PoolView old = lab.view();
    assertThat(force(B, true)).startsWith("yes");
    PoolView v = view(B);
    assertThat(v.lineage()).isNotEqualTo(old.lineage());
    assertThat(v.generation()).isGreaterThan(1);
    assertThat(state(B, B)).isEqualTo(LegState.IN_SYNC);
    assertThat(state(B, A)).isEqualTo(LegState.OUT);
    assertThat(state(B, W)).isEqualTo(LegState.OUT);
    assertThat(v.members().get(A).reason()).contains("forced promotion of node-b");
    assertThat(v.voters()).isEqualTo(1);
    assertThat(v.writer()).isNull();
    assertThat(v.epoch()).isGreaterThan(Views.first(2).epoch());
    UUID next = new UUID(6, 6);
    lab.client = next;
    lab.attach(B, next);
    assertThat(lab.until(() -> view(B).writer() != null, 8_000)).isTrue();
  }

  @Test
  void theOldSessionIsBarred() {
    onlyStaleBLeft();
    force(B, true);
    lab.client = SESSION;
    long token = lab.attach(B, SESSION);
    assertThat(lab.until(() -> lab.answers.containsKey(token), 8_000)).isTrue();
    assertThat(view(B).writer()).isNull();
  }

  @Test
  void theOldLegsAreKeptOutAndSayWhy() {
    onlyStaleBLeft();
    force(B, true);
    lab.restart(A, false);
    lab.restart(W, false);
    lab.run(20_000);
    assertThat(view(B).lineage()).isNotEqualTo(Views.first(2).lineage());
    assertThat(state(B, A)).as("no way back but by order").isEqualTo(LegState.OUT);
    // The old lineage has its own majority (A, W), which has heard that it is not to go on.
    PoolStatus s = member(A).status(lab.now);
    assertThat(Objects.requireNonNull(s.view()).lineage()).isEqualTo(view(B).lineage());
    assertThat(member(B).status(lab.now).members().get(A).reason()).contains("another lineage");
    assertThat(s.members().get(A).reason()).startsWith("kept out, another lineage");
    assertThat(s.members().get(W).reason()).contains("another lineage");
  }

  @Test
  void aKeptOutLegWithoutAMajorityShowsTheOthersView() {
    onlyStaleBLeft();
    force(B, true);
    lab.restart(A, false);
    lab.run(8_000);
    PoolStatus s = member(A).status(lab.now);
    assertThat(Objects.requireNonNull(s.view()).lineage()).isEqualTo(view(B).lineage());
    assertThat(s.members().get(A).reason()).contains("kept out", "pool rejoin p --leg node-a");
  }

  @Test
  void whoAnswersIsTakenAlongAndMissesEverything() {
    onlyStaleBLeft();
    lab.restart(W, false);
    lab.run(3_000);
    // B and W are a majority, but the last leg in sync is away.
    assertThat(force(B, true)).startsWith("yes");
    assertThat(state(B, W)).isEqualTo(LegState.NONE);
    assertThat(view(B).voters()).isEqualTo(2);
    assertThat(lab.until(() -> member(W).view() != null && lab.up(W), 5_000)).isTrue();
    assertThat(view(W).lineage()).isEqualTo(view(B).lineage());
    // The old lineage has no majority any more.
    lab.restart(A, false);
    lab.run(15_000);
    assertThat(member(A).view()).isNull();
  }

  @Test
  void killedInTheMiddleItIsFinishedAfterTheRestart() {
    onlyStaleBLeft();
    lab.restart(W, false);
    lab.run(3_000);
    // Nobody hears of the new lineage until its beginner has died and come back.
    lab.filter = (f, t, m) -> m instanceof PoolMessage.Accept;
    member(B).force(true, (done, text) -> answers.add(text), lab.now);
    lab.run(4_000);
    lab.kill(B);
    lab.filter = (f, t, m) -> false;
    lab.restart(B, false);
    assertThat(lab.until(() -> member(B).view() != null, 8_000)).isTrue();
    assertThat(view(B).lineage()).isNotEqualTo(Views.first(2).lineage());
    assertThat(lab.until(() -> view(W).lineage().equals(view(B).lineage()), 8_000)).isTrue();
  }

  @Test
  void twoForcesOnTwoSidesNeverMix() {
    lab.run(3_000);
    lab.kill(W);
    lab.cut(A, B, true);
    lab.run(3_000);
    assertThat(force(A, true)).startsWith("yes");
    assertThat(force(B, true)).startsWith("yes");
    lab.cut(A, B, false);
    lab.restart(W, false);
    lab.run(20_000);
    assertThat(view(A).lineage()).isNotEqualTo(view(B).lineage());
    assertThat(state(A, B)).isEqualTo(LegState.OUT);
    assertThat(state(B, A)).isEqualTo(LegState.OUT);
    assertThat(member(W).view()).as("alone in the old lineage").isNull();
  }

  @Test
  void aKeptOutLegRejoinsWithAnotherDiskByOrder() {
    onlyStaleBLeft();
    force(B, true);
    lab.restart(A, false);
    lab.run(5_000);
    UUID fresh = new UUID(300, 1);
    lab.remake(A, fresh, view(B));
    member(B).replace(A, fresh, (done, text) -> answers.add(done + text), lab.now);
    assertThat(lab.until(() -> state(B, A) == LegState.IN_SYNC, 20_000)).isTrue();
    assertThat(view(B).members().get(A).id()).isEqualTo(fresh);
    assertThat(view(B).voterIds()).contains(fresh);
    assertThat(view(A).lineage()).isEqualTo(view(B).lineage());
    Member w = view(B).members().get(W);
    assertThat(w.state()).isEqualTo(LegState.OUT);
  }

  @Test
  void aDiskThatWasToBePutInBeforeIsNotPutInAfter() {
    onlyStaleBLeft();
    UUID fresh = new UUID(300, 1);
    lab.remake(A, fresh, Objects.requireNonNull(lab.view()));
    member(B).force(true, (done, text) -> answers.add(done + " " + text), lab.now);
    lab.run(500);
    List<String> replaced = new ArrayList<>();
    member(B).replace(A, fresh, (done, text) -> replaced.add(done + " " + text), lab.now);
    assertThat(lab.until(() -> !answers.isEmpty() && !replaced.isEmpty(), 16_000)).isTrue();
    assertThat(answers.getFirst()).startsWith("true");
    assertThat(replaced)
        .containsExactly("false a forced promotion came between (rule 8.6): ask again");
    assertThat(state(B, A)).as("its vote is not waited for").isEqualTo(LegState.OUT);
  }

  @Test
  void disksThatAreNoMembersAreNoMajority() {
    lab.run(3_000);
    PoolView before = view(A);
    for (int i : new int[] {B, W}) {
      lab.remake(i, new UUID(300, i), before);
    }
    lab.run(5_000);
    force(A, true);
    assertThat(answers.getFirst()).startsWith("yes");
    assertThat(state(A, A)).isEqualTo(LegState.IN_SYNC);
    assertThat(state(A, B)).isEqualTo(LegState.OUT);
    lab.client = new UUID(6, 6);
    lab.attach(A, lab.client);
    assertThat(lab.until(() -> view(A).writer() != null, 8_000)).isTrue();
  }

  @Test
  void whenAllHaveRejoinedTheyAreAPoolLikeAnyOther() {
    onlyStaleBLeft();
    force(B, true);
    for (int i : new int[] {A, W}) {
      answers.clear();
      UUID fresh = new UUID(300, i);
      lab.remake(i, fresh, view(B));
      // Nobody but B has voted for the list that the new disk is in.
      lab.filter = (f, t, m) -> t == i && m instanceof PoolMessage.Accept && i == W;
      member(B).replace(i, fresh, (done, text) -> answers.add("" + done), lab.now);
      assertThat(lab.until(() -> !answers.isEmpty(), 20_000)).isTrue();
      lab.filter = (f, t, m) -> false;
      assertThat(answers).containsExactly("true");
      assertThat(lab.until(() -> state(B, A) == LegState.IN_SYNC, 20_000)).isTrue();
    }
    lab.client = new UUID(6, 6);
    lab.attach(B, lab.client);
    assertThat(lab.until(() -> view(B).writer() != null, 8_000)).isTrue();
    lab.run(3_000);
    lab.kill(B);
    assertThat(lab.until(() -> state(A, B) == LegState.STALE, 15_000)).isTrue();
  }
}
