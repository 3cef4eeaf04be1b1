package io.onehop.node.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.onehop.node.leg.LegStatus;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a node counts of evictions, and what it does not take for one. */
class EvictionMemoryTest {
  private static final long S = 1_000_000_000L;
  private static final int B = 1;

  private final EvictionMemory memory = new EvictionMemory(true, 0);

  private static PoolView to(PoolView v, LegState s, long run) {
    return v.next(d -> d.member(B, d.members().get(B).moved(s, run, d.generation(), "")));
  }

  @Test
  void viewsThatWereSkippedAreCountedAsWell() {
    PoolView v1 = Views.first(2);
    PoolView out = to(v1, LegState.STALE, 0);
    PoolView back = to(out, LegState.SYNCING, 101);
    PoolView again = to(back, LegState.STALE, 0);
    memory.learned(v1, back, 10 * S); // evicted once, and back
    assertEquals(true, memory.holdsBack(B, 10 * S));
    assertEquals(false, memory.holdsBack(B, 11 * S));
    memory.learned(back, again, 20 * S);
    assertEquals(true, memory.holdsBack(B, 21 * S), "the second one waits two seconds");
    assertEquals(false, memory.holdsBack(B, 22 * S));
    PoolView third = to(to(again, LegState.SYNCING, 101), LegState.STALE, 0);
    memory.learned(again, third, 40 * S); // back and evicted once more, unseen
    assertEquals(true, memory.holdsBack(B, 43 * S));
    assertEquals(false, memory.holdsBack(B, 44 * S));
  }

  @Test
  void aColdStartIsNobodysFault() {
    PoolView v1 = Views.first(2);
    PoolView cold =
        v1.next(d ->
            d.member(B, d.members().get(B).moved(LegState.STALE, 0, d.generation(), ""))
                .sessionEnded(false, true));
    memory.learned(v1, cold, 10 * S);
    assertEquals(false, memory.holdsBack(B, 10 * S));
  }

  @Test
  void aLateReportWithoutARunEndsNoHealthyLeg() {
    LegStatus own = new LegStatus(101, 1, 0, 0, null, 0, 0, 0, 0, 0, 0, -1, true, false, "");
    Knowledge k = new Knowledge(Views.POOL, 0, ControlRules.ALL, 1, own, 0);
    k.learn(Views.first(2));
    k.heard(report(2, 102));
    assertEquals(true, k.lives(B));
    k.heard(report(1, 0)); // from before its leg was opened
    assertEquals(false, k.ended(B));
    k.heard(report(3, 0));
    assertEquals(true, k.ended(B));
  }

  private static PoolMessage.Report report(long number, long run) {
    return new PoolMessage.Report(
        Views.POOL,
        B,
        7,
        number,
        run,
        1,
        0,
        0,
        0,
        null,
        0,
        false,
        false,
        0,
        0,
        0,
        0,
        -1,
        List.of(),
        0,
        "");
  }
}
