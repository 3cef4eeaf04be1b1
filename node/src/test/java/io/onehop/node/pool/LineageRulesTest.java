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

/** What goes wrong without the rules of lineage and of voters (1.1, 1.2, 8.6). */
final class LineageRulesTest {
  private static final int A = 0;
  private static final int B = 1;
  private static final int W = 2;

  private static ControlRules rules(boolean lineage, boolean majorities, boolean disks) {
    if (!lineage) {
      return Rules.without("lineageBinds", "keptOutStays"); // which would shield it
    }
    if (!majorities) {
      return Rules.without("bothMajorities");
    }
    return disks ? ControlRules.ALL : Rules.without("sameVoterOnly");
  }

  private static PoolMember member(PoolLab lab, int i) {
    return Objects.requireNonNull(lab.members[i]);
  }

  private static PoolView view(PoolLab lab, int i) {
    return Objects.requireNonNull(member(lab, i).view());
  }

  private static void force(PoolLab lab, int i) {
    List<Boolean> done = new ArrayList<>();
    member(lab, i).force(true, (ok, text) -> done.add(ok), lab.now);
    assertThat(lab.until(() -> !done.isEmpty(), 15_000)).isTrue();
    assertThat(done).containsExactly(true);
  }

  /** B forces while A and W are away; they come back. Whether the histories stayed apart. */
  private static boolean apart(boolean lineageBinds) {
    PoolLab lab = new PoolLab(2, rules(lineageBinds, true, true), 3);
    lab.run(3_000);
    lab.kill(A);
    lab.kill(W);
    lab.run(3_000);
    force(lab, B);
    UUID forced = view(lab, B).lineage();
    lab.restart(A, false);
    lab.restart(W, false);
    try {
      lab.run(20_000);
    } catch (AssertionError e) {
      return false; // two chosen views of one generation
    }
    return view(lab, B).lineage().equals(forced)
        && member(lab, A).view() == null
        && view(lab, B).members().get(A).state() == LegState.OUT;
  }

  @Test
  void historiesMixUnlessMessagesAreBoundToTheirLineage() {
    assertThat(apart(true)).isTrue();
    assertThat(apart(false)).isFalse();
  }

  /** B, alone in its lineage, takes in A's new disk, which dies before it has agreed to it. */
  private static boolean joinsUnheard(boolean bothMajorities) {
    PoolLab lab = new PoolLab(2, rules(true, bothMajorities, true), 4);
    lab.run(3_000);
    lab.kill(A);
    lab.kill(W);
    lab.run(3_000);
    force(lab, B);
    List<Boolean> done = new ArrayList<>();
    UUID fresh = new UUID(300, 1);
    lab.remake(A, fresh, view(lab, B));
    lab.filter = (f, t, m) -> t == A && m instanceof PoolMessage.Accept;
    member(lab, B).replace(A, fresh, (ok, text) -> done.add(ok), lab.now);
    assertThat(lab.until(() -> !done.isEmpty(), 20_000)).isTrue();
    return done.getFirst();
  }

  @Test
  void aVoterListIsChosenByItsOwnMajorityToo() {
    assertThat(joinsUnheard(true)).isFalse();
    assertThat(joinsUnheard(false)).as("B depends on a disk that is not there").isTrue();
  }

  /** A view of W's and of B's rolled-back disk alone, while A, which knows better, is away. */
  private static boolean forgets(boolean sameVoterOnly) {
    PoolLab lab = new PoolLab(2, rules(true, true, sameVoterOnly), 5);
    lab.run(3_000);
    VoteStore.@Nullable Vote old = lab.image(B);
    lab.client = new UUID(4, 4);
    lab.attach(A, lab.client);
    assertThat(lab.until(() -> lab.view().writer() != null, 8_000)).isTrue();
    lab.run(3_000);
    lab.client = null;
    lab.kill(A);
    long generation = lab.view().generation();
    lab.rollBack(B, old);
    try {
      lab.run(30_000);
    } catch (AssertionError e) {
      return true; // two chosen views of one generation
    }
    return lab.view().generation() > generation;
  }

  @Test
  void aRolledBackDiskDecidesNothing() {
    assertThat(forgets(true)).isFalse();
    assertThat(forgets(false)).isTrue();
  }
}
