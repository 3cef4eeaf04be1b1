package io.onehop.node.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.node.store.VoteStore;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A voter is its disk (rule 1.2): another one is another voter, an older one is none. */
final class ReplacementTest {
  private static final int A = 0;
  private static final int B = 1;
  private static final int W = 2;
  private static final UUID FRESH = new UUID(300, 1);

  private final PoolLab lab = new PoolLab(2, ControlRules.ALL, 2);
  private final List<String> answers = new ArrayList<>();

  private PoolMember member(int i) {
    return Objects.requireNonNull(lab.members[i]);
  }

  private PoolView view(int i) {
    return Objects.requireNonNull(member(i).view());
  }

  private void replace(int at, int i) {
    lab.remake(i, FRESH, view(at));
    member(at).replace(i, FRESH, (done, text) -> answers.add(done + " " + text), lab.now);
    assertThat(lab.until(() -> !answers.isEmpty(), 16_000)).isTrue();
  }

  @Test
  void aNewDiskLeavesAndJoinsInTwoViewsThenHeals() {
    lab.run(3_000);
    replace(A, B);
    assertThat(answers).containsExactly("true ");
    assertThat(lab.history.values().stream().map(v -> v.members().get(B).id()).distinct())
        .containsExactly(Views.memberId(B), PoolView.vacant(B), FRESH);
    assertThat(lab.until(() -> lab.state(B) == LegState.IN_SYNC, 15_000)).isTrue();
    lab.kill(W);
    UUID session = new UUID(4, 4);
    lab.client = session;
    lab.attach(A, session);
    assertThat(lab.until(() -> lab.view().writer() != null, 8_000)).as("it votes").isTrue();
  }

  @Test
  void aWitnessIsReplaced() {
    lab.run(3_000);
    replace(A, W);
    assertThat(answers).containsExactly("true ");
    lab.run(1_000);
    lab.kill(B);
    UUID session = new UUID(4, 4);
    lab.client = session;
    lab.attach(A, session);
    assertThat(lab.until(() -> lab.view().writer() != null, 15_000)).as("it votes").isTrue();
  }

  @Test
  void aDiskThatDoesNotAnswerIsNotPutIn() {
    lab.run(3_000);
    lab.kill(B);
    long generation = lab.view().generation();
    member(A).replace(B, FRESH, (done, text) -> answers.add(done + " " + text), lab.now);
    assertThat(lab.until(() -> !answers.isEmpty(), 16_000)).isTrue();
    assertThat(answers).containsExactly("false the new disk does not answer: does its node run?");
    assertThat(lab.view().generation()).as("the old one keeps its place").isEqualTo(generation);
  }

  private String vacate(PoolLab lab, int at, int i) {
    List<String> said = new ArrayList<>();
    Objects.requireNonNull(lab.members[at])
        .replace(i, PoolView.vacant(i), (done, text) -> said.add(done + " " + text), lab.now);
    assertThat(lab.until(() -> !said.isEmpty(), 16_000)).isTrue();
    return said.getFirst();
  }

  @Test
  void anOldDiskLeavesOnlyWhileTheOthersAreAMajorityWithoutIt() {
    PoolLab three = new PoolLab(3, 0, ControlRules.ALL, 3);
    three.run(3_000);
    assertThat(vacate(three, A, 1)).isEqualTo("true ");
    assertThat(three.view().members().get(1).id()).isEqualTo(PoolView.vacant(1));
    assertThat(vacate(three, A, 2))
        .as("one of three would be left")
        .startsWith("false the other voters that answer are no majority");
    assertThat(three.view().members().get(2).state()).isEqualTo(LegState.IN_SYNC);
    assertThat(vacate(three, A, 1)).as("asked again").isEqualTo("true ");
  }

  @Test
  void twoOldDisksAreNotTakenOutAtOnce() {
    PoolLab three = new PoolLab(3, 0, ControlRules.ALL, 3);
    three.run(3_000);
    List<String> said = new ArrayList<>();
    Objects.requireNonNull(three.members[2])
        .replace(1, PoolView.vacant(1), (done, text) -> said.add("b " + done), three.now);
    Objects.requireNonNull(three.members[0])
        .replace(2, PoolView.vacant(2), (done, text) -> said.add("c " + done), three.now);
    assertThat(three.until(() -> said.size() == 2, 20_000)).isTrue();
    three.run(3_000);
    assertThat(said.stream().filter(t -> t.endsWith("true"))).hasSizeLessThanOrEqualTo(1);
    long there =
        three.view().voterIds().stream().filter(id -> id.getMostSignificantBits() != 0).count();
    assertThat(there).as("voters: " + three.view().voterIds()).isGreaterThanOrEqualTo(2);
  }

  @Test
  void theLastLegInSyncIsNotTakenOut() {
    lab.run(3_000);
    lab.kill(B);
    lab.client = new UUID(4, 4);
    lab.attach(A, lab.client);
    assertThat(lab.until(() -> lab.state(B) == LegState.STALE, 8_000)).isTrue();
    lab.kill(A);
    lab.restart(B, false);
    lab.run(3_000);
    member(B).replace(A, FRESH, (done, text) -> answers.add(done + " " + text), lab.now);
    assertThat(lab.until(() -> !answers.isEmpty(), 20_000)).isTrue();
    assertThat(answers.getFirst()).startsWith("false");
    assertThat(lab.view().members().get(A).id()).isEqualTo(Views.memberId(A));
  }

  @Test
  void theOldDiskIsNoMemberAnyMore() {
    lab.run(3_000);
    VoteStore.@Nullable Vote old = lab.image(B);
    replace(A, B);
    assertThat(lab.until(() -> lab.state(B) == LegState.IN_SYNC, 15_000)).isTrue();
    lab.kill(B);
    lab.ids[B] = Views.memberId(B);
    lab.rollBack(B, old);
    lab.kill(A);
    long generation = lab.view().generation();
    lab.run(20_000);
    assertThat(lab.view().generation())
        .as("W and the old disk are no majority")
        .isEqualTo(generation);
    lab.restart(A, false);
    lab.run(6_000);
    PoolStatus s = member(B).status(lab.now);
    assertThat(s.members().get(B).reason()).contains("no member of the pool", "rule 1.2");
    assertThat(member(A).status(lab.now).members().get(B).reason()).contains("another disk");
  }

  @Test
  void aDiskThatForgotNothingButWhatItAcceptedIsNoticed() {
    lab.run(3_000);
    VoteStore.Vote old = Objects.requireNonNull(lab.image(B));
    lab.client = new UUID(4, 4);
    lab.attach(A, lab.client);
    assertThat(lab.until(() -> lab.view().writer() != null, 8_000)).isTrue();
    lab.run(3_000);
    VoteStore.Vote now = Objects.requireNonNull(lab.image(B));
    lab.kill(B);
    lab.rollBack(B, new VoteStore.Vote(now.promised(), old.acceptedBallot(), old.accepted()));
    lab.run(3_000);
    assertThat(member(W).status(lab.now).members().get(B).reason()).contains("older", "rule 1.2");
  }

  @Test
  void votesOfARolledBackDiskDoNotCount() {
    lab.run(3_000);
    VoteStore.@Nullable Vote old = lab.image(B);
    lab.client = new UUID(4, 4);
    lab.attach(A, lab.client);
    assertThat(lab.until(() -> lab.view().writer() != null, 8_000)).isTrue();
    lab.run(3_000);
    lab.kill(B);
    lab.rollBack(B, old);
    assertThat(lab.until(() -> lab.state(B) == LegState.IN_SYNC, 15_000))
        .as("its content heals like any other's")
        .isTrue();
    lab.run(3_000);
    lab.client = null;
    lab.kill(A);
    long generation = lab.view().generation();
    lab.run(15_000);
    assertThat(lab.view().generation()).as("W does not count B's votes").isEqualTo(generation);
    assertThat(member(W).status(lab.now).members().get(B).reason()).contains("older", "rule 1.2");
  }
}
