package io.onehop.node.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.protocol.model.PoolView;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a member makes of being told that it is not let in (rules 1.2, 8.6). */
final class BondTest {
  private static final int A = 0;
  private static final int B = 1;

  private final PoolView view = Views.first(2);
  private final Bond bond =
      new Bond(view.pool(), B, Views.memberId(B), 7, ControlRules.ALL, (to, m) -> {});

  private void told(UUID disk, boolean forgot) {
    PoolMessage.Notice n = new PoolMessage.Notice(view.pool(), A, disk, forgot, view, "not you");
    bond.voted(view, 513);
    assertThat(
            bond.open(
                new PoolMessage.Bound(view.pool(), A, Views.memberId(A), view.lineage(), 8, 513, n),
                view,
                1))
        .isNull();
  }

  /** What comes through of A's ballot when A said that its votes had come as far as this. */
  private boolean opens(long run, long voted, long ballot) {
    PoolMessage.Prepare p = new PoolMessage.Prepare(view.pool(), A, 1, ballot);
    UUID disk = Views.memberId(A);
    PoolMessage m = new PoolMessage.Bound(view.pool(), A, disk, view.lineage(), run, voted, p);
    bond.voted(view, 513);
    return bond.open(m, view, 1) != null;
  }

  @Test
  void aDiskThatForgotBeginsNoRoundBeforeItKnowsThat() {
    assertThat(opens(8, 2 * 1024 + 1, 1024)).isTrue();
    assertThat(opens(9, 2 * 512, 2048)).as("it counts its own vote").isFalse();
    assertThat(opens(9, Bond.FORGOT, 1024)).as("a ballot that it may have used").isFalse();
    assertThat(opens(9, Bond.FORGOT, 2048)).isTrue();
  }

  @Test
  void aDiskThatForgotIsMuted() {
    told(Views.memberId(B), true);
    assertThat(bond.forgetful()).isTrue();
  }

  @Test
  void whatIsSaidOfTheDiskThatWasHereBeforeIsNotMeant() {
    told(new UUID(300, 1), true);
    assertThat(bond.forgetful()).isFalse();
  }

  @Test
  void whoeverWasNotLetInForAnotherReasonHasForgottenNothing() {
    told(Views.memberId(B), false);
    assertThat(bond.forgetful()).as("it may have been let in meanwhile").isFalse();
  }
}
