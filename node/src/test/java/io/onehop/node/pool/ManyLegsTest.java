package io.onehop.node.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pools of one to five legs, no to three witnesses, even and odd numbers of voters. */
class ManyLegsTest {
  private static final UUID C1 = new UUID(1, 1);
  private static final UUID C2 = new UUID(2, 2);

  private static PoolLab attached(int legs, int witnesses) {
    PoolLab lab = new PoolLab(legs, witnesses, ControlRules.ALL, 10L * legs + witnesses);
    lab.run(300);
    lab.client = C1;
    assertTrue(lab.admitted(() -> lab.attach(legs - 1, C1), 3_000), () -> "" + lab.notes);
    lab.run(700);
    return lab;
  }

  private static @org.jspecify.annotations.Nullable UUID writer(PoolLab lab) {
    Writer w = lab.view().writer();
    return w == null ? null : w.session();
  }

  @ParameterizedTest
  @CsvSource({"1,0", "1,1", "2,0", "2,1", "2,3", "3,0", "3,2", "4,0", "4,1", "5,0", "5,3"})
  void livesDiesAndComesBack(int legs, int witnesses) {
    PoolLab lab = attached(legs, witnesses);
    int voters = legs + witnesses;
    // As many legs at once as leave a majority of the voters, and one leg.
    int kills = Math.min(legs - 1, (voters - 1) / 2);
    for (int i = 0; i < kills; i++) {
      lab.kill(i);
    }
    assertTrue(
        lab.until(() -> Integer.bitCount(lab.view().inSyncSet()) == legs - kills, 6_000),
        () -> "" + lab.notes);
    assertEquals(C1, writer(lab));
    for (int i = 0; i < kills; i++) {
      lab.restart(i, false);
    }
    assertTrue(lab.until(lab::whole, 10_000), () -> "" + lab.notes);
    assertEquals(C1, writer(lab));
    lab.client = null;
    assertTrue(lab.until(() -> lab.view().writer() == null, 8_000), () -> "" + lab.notes);
    assertTrue(lab.until(lab::whole, 4_000), () -> "" + lab.notes);
    lab.client = C2;
    assertTrue(lab.admitted(() -> lab.attach(0, C2), 6_000), () -> "" + lab.notes);
    lab.run(300);
    assertNull(Objects.requireNonNull(lab.members[0]).status(lab.now).waiting());
  }

  @ParameterizedTest
  @CsvSource({"1,0", "1,1", "2,0", "2,1", "3,0", "4,0", "4,1", "5,0", "5,2"})
  void allKilledComesBackInAnyOrderUnderALivingClient(int legs, int witnesses) {
    Random random = new Random(legs);
    for (int round = 0; round < 3; round++) {
      PoolLab lab = attached(legs, witnesses);
      long held = lab.view().epoch();
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < lab.size; i++) {
        lab.kill(i);
        order.add(i);
      }
      Collections.shuffle(order, random);
      for (int i : order) {
        lab.run(random.nextInt(round == 0 ? 20 : 1_500));
        lab.restart(i, false);
      }
      assertTrue(
          lab.until(() -> lab.view().epoch() > held && lab.view().ready(), 14_000),
          () -> "" + lab.notes);
      assertEquals(new LastSession(C1, false, true), lab.view().lastSession());
      long[] turn = {0};
      long before = lab.now;
      assertTrue(
          lab.admitted(() -> lab.resume((int) (turn[0]++ % legs), C1, held), 8_000),
          () -> "" + lab.notes);
      assertTrue(lab.now - before < 4_000 * PoolLab.MS, () -> "" + (lab.now - before));
      assertTrue(lab.until(lab::whole, 10_000), () -> "" + lab.notes);
      assertEquals(C1, writer(lab));
    }
  }

  @Test
  void theSlowestLegLastAndOneNever() {
    PoolLab lab = attached(3, 0);
    long held = lab.view().epoch();
    for (int i = 0; i < 3; i++) {
      lab.kill(i);
    }
    lab.restart(1, true); // lost power: no good candidate while a better one may come
    lab.run(500);
    lab.restart(2, false);
    lab.run(9_000);
    assertEquals(held, lab.view().epoch());
    PoolMember b = Objects.requireNonNull(lab.members[1]);
    assertEquals("waits for leg node-a, also in sync at the end", b.status(lab.now).waiting());
    assertTrue(lab.until(() -> lab.view().epoch() > held, 3_000), () -> "" + lab.notes);
    assertEquals(0b100, lab.view().inSyncSet());
    assertEquals(new LastSession(C1, false, true), lab.view().lastSession());
    assertTrue(lab.until(() -> lab.view().inSyncSet() == 0b110, 5_000), () -> "" + lab.notes);
    lab.run(20_000);
    lab.restart(0, false);
    assertTrue(lab.until(lab::whole, 8_000), () -> "" + lab.notes);
  }

  @Test
  void lostPowerEverywhereWaitsForAllAndEndsTheSessionForGood() {
    PoolLab lab = attached(3, 0);
    long held = lab.view().epoch();
    for (int i = 0; i < 3; i++) {
      lab.kill(i);
    }
    lab.restart(0, true);
    lab.restart(1, true);
    lab.run(20_000);
    assertEquals(held, lab.view().epoch());
    lab.restart(2, true);
    assertTrue(lab.until(() -> lab.view().epoch() > held, 3_000), () -> "" + lab.notes);
    assertEquals(0b001, lab.view().inSyncSet());
    assertEquals(new LastSession(C1, false, false), lab.view().lastSession());
    assertEquals(io.onehop.transport.Status.REFUSED, lab.answer(lab.resume(0, C1, held)).status());
  }

  @Test
  void aPowerLossAfterAColdStartWithoutOneEndsTheSessionTooThoughNobodyWrites() {
    PoolLab lab = attached(2, 1);
    long held = lab.view().epoch();
    for (boolean lost : new boolean[] {false, true}) {
      for (int i = 0; i < 3; i++) {
        lab.kill(i);
      }
      long epoch = lab.view().epoch();
      for (int i = 0; i < 3; i++) {
        lab.restart(i, lost);
      }
      assertTrue(lab.until(() -> lab.view().epoch() > epoch, 5_000), () -> "" + lab.notes);
      assertEquals(new LastSession(C1, false, !lost), lab.view().lastSession());
      assertTrue(lab.until(lab::whole, 5_000));
    }
    assertEquals(io.onehop.transport.Status.REFUSED, lab.answer(lab.resume(0, C1, held)).status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"GatherUnion", "RecordUnion", "CopyUnion"})
  void theAuthorityDiesAtEachStepOfReconciling(String step) {
    PoolLab lab = attached(5, 0);
    for (LabLeg leg : lab.planes) {
      leg.reconciles = true;
    }
    lab.client = null;
    int[] authority = {-1};
    assertTrue(
        lab.until(
            () -> {
              for (int i = 0; i < 5; i++) {
                for (LegOrder o : lab.planes[i].orders) {
                  if (o.getClass().getSimpleName().equals(step)) {
                    authority[0] = i;
                  }
                }
              }
              return authority[0] >= 0;
            },
            8_000));
    assertTrue(lab.view().phase() instanceof Phase.Reconciling);
    lab.kill(authority[0]);
    assertTrue(lab.until(() -> lab.view().ready(), 8_000), () -> "" + lab.notes);
    int left = 0b11111 & ~(1 << authority[0]);
    assertEquals(left, lab.view().inSyncSet());
    int next = Integer.numberOfTrailingZeros(left);
    List<LegOrder> done = new ArrayList<>(lab.planes[next].orders);
    done.removeIf(o -> o instanceof LegOrder.Adopt);
    long g = lab.view().generation() - 1;
    int others = left & ~(1 << next);
    // Every in-sync leg records the union before the first copy (rule 7.2).
    assertEquals(
        List.of(
            new LegOrder.GatherUnion(g, others),
            new LegOrder.RecordUnion(g, others),
            new LegOrder.CopyUnion(g, others)),
        done.subList(done.size() - 3, done.size()));
  }

  @Test
  void anUnreachableLegIsEvictedWhileReconciling() {
    PoolLab lab = attached(4, 1);
    lab.client = null;
    lab.kill(2);
    assertTrue(lab.until(() -> lab.view().writer() == null, 8_000), () -> "" + lab.notes);
    assertTrue(lab.until(() -> lab.view().ready(), 6_000), () -> "" + lab.notes);
    assertEquals(0b1011, lab.view().inSyncSet());
  }

  @Test
  void aHealingLegAsksEveryLegInSyncForItsMaps() {
    PoolLab lab = attached(5, 0);
    lab.kill(3);
    lab.kill(4);
    assertTrue(lab.until(() -> lab.view().inSyncSet() == 0b00111, 6_000), () -> "" + lab.notes);
    lab.restart(3, false);
    assertTrue(lab.until(() -> lab.view().inSyncSet() == 0b01111, 8_000), () -> "" + lab.notes);
    assertTrue(
        lab.planes[3].orders.stream()
            .anyMatch(o -> o instanceof LegOrder.RequestMaps m && m.sources() == 0b00111));
    assertEquals(LegState.STALE, lab.state(4));
  }

  @Test
  void oneOfThreeLegsLosesTheClientAndNothingEnds() {
    PoolLab lab = attached(3, 0);
    lab.clientReports = false;
    long g = lab.view().generation();
    lab.clientCut = 0b001;
    // Each question is lost once: an answer would come, so it is asked again.
    List<Long> seen = new ArrayList<>();
    lab.filter =
        (f, t, m) -> {
          if (m instanceof PoolMessage.HeardQuery q) {
            long key = q.request() * 8 + t;
            boolean first = !seen.contains(key);
            seen.add(key);
            return first;
          }
          return false;
        };
    lab.run(20_000);
    assertEquals(g, lab.view().generation(), () -> "" + lab.notes);
    assertTrue(seen.size() > 10);
  }

  @Test
  void aLegInACornerIsNotWaitedFor() {
    PoolLab lab = new PoolLab(3, 2, ControlRules.ALL, 5);
    lab.run(1_000);
    // A hears nobody, but everybody hears A, the first leg in sync.
    lab.filter = (f, t, m) -> t == 0;
    lab.restart(2, false);
    assertTrue(
        lab.until(
            () -> {
              PoolView v = lab.view();
              return v.members().get(2).incarnation() == lab.planes[2].incarnation
                  && v.members().get(2).state() != LegState.STALE;
            },
            10_000),
        () -> "" + lab.notes);
  }
}
