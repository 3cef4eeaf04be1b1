package io.onehop.node.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.protocol.model.LegState;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What status says while something waits (invariant 7). */
class WaitingTextTest {
  private static final UUID C1 = new UUID(1, 1);
  private static final int A = 0;
  private static final int B = 1;
  private static final int W = 2;

  private final PoolLab lab = new PoolLab(2, ControlRules.ALL, 21);

  private @Nullable String waiting(int node) {
    return Objects.requireNonNull(lab.members[node]).status(lab.now).waiting();
  }

  /** A in sync, B heals for as long as is wanted. */
  private void healing() {
    lab.run(300);
    lab.client = C1;
    assertTrue(lab.admitted(() -> lab.attach(A, C1), 3_000));
    lab.kill(B);
    assertTrue(lab.until(() -> lab.state(B) == LegState.STALE, 3_000));
    lab.restart(B, false);
    lab.planes[B].heals = false;
    assertTrue(lab.until(() -> lab.state(B) == LegState.SYNCING, 5_000));
    lab.run(1_000);
    assertNull(waiting(A));
  }

  @Test
  void theClientDoesNotReachTheOnlyLegInSync() {
    healing();
    lab.clientCut = 1 << A;
    lab.run(4_000);
    assertEquals("writes wait for node-a, which the client does not reach", waiting(B));
    assertEquals("writes wait for node-a, which the client does not reach", waiting(A));
    assertEquals("writes wait for node-a, which the client does not reach", waiting(W));
    lab.clientCut = 0;
    lab.run(1_000);
    assertNull(waiting(A));
    assertNull(waiting(B));
  }

  @Test
  void theOnlyLegInSyncIsGone() {
    healing();
    lab.kill(A);
    lab.run(4_000);
    assertEquals("waits for leg node-a, the last in sync", waiting(B));
  }

  @Test
  void reconcilingTakesLong() {
    lab.run(300);
    lab.client = C1;
    assertTrue(lab.admitted(() -> lab.attach(A, C1), 3_000));
    lab.planes[A].reconciles = false;
    lab.client = null;
    assertTrue(lab.until(() -> !lab.view().ready(), 8_000));
    lab.run(1_000);
    assertNull(waiting(A));
    lab.run(4_000);
    assertEquals("the legs in sync are being made equal from node-a", waiting(B));
    lab.planes[A].reconciles = true;
    assertTrue(lab.until(() -> lab.view().ready(), 6_000));
    lab.run(100);
    assertNull(waiting(B));
  }

  @Test
  void theOnlyLegInSyncIsReportedAsSlow() {
    healing();
    lab.suspect(A, Objects.requireNonNull(lab.view().writer()).epoch(), lab.view().generation());
    lab.run(100);
    assertEquals("writes wait for node-a, the only leg in sync: no answer", waiting(A));
    assertEquals(LegState.IN_SYNC, lab.state(A));
    lab.run(3_000);
    assertNull(waiting(A));
  }
}
