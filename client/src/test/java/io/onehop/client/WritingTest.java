package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Policies;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rules 3.x, by a hand-written leg. */
final class WritingTest {
  private static final long MS = 1_000_000L;

  private FakePool p = new FakePool(2).attached();

  @AfterEach
  void everythingIsGivenBack() {
    p.engine.abandon();
    p.wire.run();
    assertThat(p.engine.buffers.outstanding()).isZero();
  }

  private static Policies policies(boolean error, int window) {
    Policies d = Policies.DEFAULT;
    return new Policies(
        error,
        false,
        d.coldStartGraceNanos(),
        0,
        0,
        d.heartbeatNanos(),
        d.failureNanos(),
        d.deadlineNanos(),
        d.deadNanos(),
        d.leaseNanos(),
        window);
  }

  private static List<Long> sequences(FakeLeg l) {
    return l.got(FrameType.WRITE).stream().map(h -> h.sequence).toList();
  }

  @Test
  void goesToEveryLegAndCompletesWhenAllHaveAnswered() {
    p.legs.get(1).hold = true;
    Outcome w = p.write(8192, 4096, 7);
    p.wire.run();
    assertThat(w.status).isEqualTo(-1);
    p.legs.get(1).release();
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
    for (int i = 0; i < 2; i++) {
      assertThat(p.legs.get(i).store.get(8192 + 4095)).isEqualTo((byte) 7);
    }
    assertThat(p.buffers.outstanding()).isZero();
  }

  @Test
  void aLegThatBreaksIsReportedAndTheRestCompletesAtTheViewChange() {
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    p.legs.get(1).down = true;
    p.legs.get(1).cut("reset");
    p.wire.run();
    assertThat(p.suspected).contains(1);
    assertThat(w.status).isEqualTo(-1);
    p.move(1, LegState.STALE);
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
    assertThat(sequences(p.legs.get(0))).containsExactly(1L);
  }

  @Test
  void completesOnlyWhenTheWriteSetHasAdoptedTheNewView() {
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    p.follow = 1 << 2;
    p.legs.get(0).adopts = false;
    p.move(1, LegState.STALE);
    p.wire.run();
    assertThat(p.engine.views.generation).isEqualTo(p.view.generation());
    assertThat(w.status).isEqualTo(-1);
    p.legs.get(0).adopt(p.view);
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
  }

  @Test
  void answersOfAnOlderStintAreVoidAndTheSameSequenceIsSentAgain() {
    // Trace 9: applied at leg 0, which leaves and returns; leg 1 answers late.
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    p.move(0, LegState.STALE);
    p.wire.run();
    p.legs.get(0).hold = true;
    p.move(0, LegState.SYNCING);
    p.wire.run();
    p.legs.get(1).release();
    p.wire.run();
    assertThat(w.status).isEqualTo(-1);
    assertThat(sequences(p.legs.get(0))).containsExactly(1L, 1L);
    p.legs.get(0).release();
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
  }

  @Test
  void withoutTheRuleAnOldAnswerCounts() {
    p =
        new FakePool(2, FakePool.STORE, Policies.DEFAULT, RuleOff.without("voidOldAnswers"))
            .attached();
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    p.move(0, LegState.STALE);
    p.wire.run();
    p.legs.get(0).hold = true;
    p.move(0, LegState.SYNCING);
    p.wire.run();
    p.legs.get(1).release();
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
  }

  @Test
  void aShortBreakCostsAResendAndNoView() {
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    p.legs.get(1).cut("reset");
    p.legs.get(1).hold = false;
    p.advance(50 * MS);
    assertThat(w.status).isEqualTo(Status.OK);
    assertThat(sequences(p.legs.get(1))).containsExactly(1L, 1L);
    assertThat(p.engine.counters().resends()).isEqualTo(1);
  }

  @Test
  void staleViewIsSentAgainUnderTheNewerOne() {
    p.follow = 0;
    p.legs.get(1).log.clear();
    p.change(d -> d);
    // The leg adopts behind the client's back: its request meets a newer view.
    Outcome w = p.write(0, 4096, 1);
    p.legs.get(0).adopt(p.view);
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
    assertThat(sequences(p.legs.get(0))).contains(1L).doesNotContain(2L);
    // Rule 2.6: the other leg got the view from the client, before any request under it.
    FrameHeader last = p.legs.get(1).log.getLast();
    assertThat(p.legs.get(1).got(FrameType.VIEW)).hasSize(1);
    assertThat(last.generation).isEqualTo(p.view.generation());
  }

  @Test
  void theWindowBoundsWhatIsAdmitted() {
    p = new FakePool(2, FakePool.STORE, policies(false, 16), ClientRules.ALL).attached();
    p.legs.get(1).hold = true;
    List<Outcome> all = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      all.add(p.write(i * 4096L, 4096, i));
    }
    p.wire.run();
    assertThat(p.legs.get(0).got(FrameType.WRITE)).hasSize(16);
    assertThat(p.engine.counters().writesInFlight()).isEqualTo(16);
    p.legs.get(1).release();
    p.wire.run();
    assertThat(all).allMatch(o -> o.status == Status.OK);
    assertThat(sequences(p.legs.get(0))).hasSize(40).doesNotHaveDuplicates();
    p.advance(600 * MS);
    assertThat(p.legs.get(0).got(FrameType.HEARTBEAT).getLast().watermark).isEqualTo(40);
  }

  @Test
  void watermarkWaitsForTheSyncingLeg() {
    p.move(1, LegState.STALE);
    p.move(1, LegState.SYNCING);
    p.wire.run();
    p.legs.get(1).hold = true;
    p.write(0, 4096, 1);
    p.advance(600 * MS);
    assertThat(p.legs.get(0).got(FrameType.HEARTBEAT).getLast().watermark).isZero();
  }

  @Test
  void unalignedWritesAreMergedUnderTheLock() {
    p.write(0, 16384, 1);
    Outcome w = p.write(4000, 5000, 2);
    Outcome inside = p.write(4100, 10, 3);
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
    assertThat(inside.status).isEqualTo(Status.OK);
    for (int i = 0; i < 2; i++) {
      for (int b = 0; b < 16384; b++) {
        int want = b >= 4100 && b < 4110 ? 3 : b >= 4000 && b < 9000 ? 2 : 1;
        assertThat((int) p.legs.get(i).store.get(b)).as("byte %d", b).isEqualTo(want);
      }
    }
    for (FrameHeader h : p.legs.get(0).got(FrameType.WRITE)) {
      assertThat(h.offset % 4096 + h.length % 4096).isZero();
    }
  }

  @Test
  void zeroesAndTrimKeepToTheirRange() {
    p.write(0, 32768, 1);
    p.engine.writeZeroes(100, 12288, true, false, s -> assertThat(s).isEqualTo(Status.OK));
    p.engine.trim(16384 + 100, 12000, false, s -> assertThat(s).isEqualTo(Status.OK));
    p.wire.run();
    for (int b = 0; b < 32768; b++) {
      boolean zero = (b >= 100 && b < 12388) || (b >= 20480 && b < 24576);
      assertThat((int) p.legs.get(1).store.get(b)).as("byte %d", b).isEqualTo(zero ? 0 : 1);
    }
  }

  @Test
  void aSizeThatIsNoMultipleOfTheBlockIsKept() {
    p = new FakePool(2, 10_000, Policies.DEFAULT, ClientRules.ALL).attached();
    assertThat(p.write(9_999, 2, 1).status).isEqualTo(Status.INVALID);
    Outcome w = p.write(8192, 10_000 - 8192, 5);
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
    assertThat(p.legs.get(0).store.get(9_999)).isEqualTo((byte) 5);
    assertThat(p.legs.get(0).store.get(10_000)).isZero();
    Outcome r = p.read(9_990, 10);
    p.wire.run();
    assertThat(r.at(9)).isEqualTo(5);
  }

  @Test
  void overlappingRequestsTakeEffectInOrder() {
    p.legs.get(1).hold = true;
    Outcome first = p.write(0, 8192, 1);
    Outcome second = p.write(4096, 8192, 2);
    Outcome read = p.read(4096, 4096);
    Outcome elsewhere = p.write(65536, 4096, 9);
    p.wire.run();
    assertThat(sequences(p.legs.get(0))).containsExactly(1L, 2L);
    p.legs.get(1).release();
    p.wire.run();
    assertThat(List.of(first.status, second.status, read.status, elsewhere.status))
        .containsOnly(Status.OK);
    assertThat(read.at(0)).isEqualTo(2);
  }

  @Test
  void aFailingStoreMakesItsLegSuspect() {
    p.legs.get(1).writeStatus = Status.IO_ERROR;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    assertThat(w.status).isEqualTo(-1);
    assertThat(p.suspected).contains(1);
    p.move(1, LegState.STALE);
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
  }

  @Test
  void theLastLegsErrorIsReportedAndTheWriteIsHeld() {
    p.move(1, LegState.STALE);
    p.wire.run();
    p.legs.get(0).writeStatus = Status.NO_SPACE;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.NO_SPACE);
    assertThat(p.suspected).isEmpty();
    Outcome behind = p.read(0, 4096);
    p.advance(1000 * MS);
    assertThat(behind.status).isEqualTo(-1);
    p.advance(1500 * MS);
    assertThat(behind.status).isEqualTo(Status.IO_ERROR);
    assertThat(p.engine.counters().requestsInFlight()).isEqualTo(1);
    p.legs.get(0).writeStatus = Status.OK;
    p.advance(700 * MS);
    assertThat(p.engine.counters().requestsInFlight()).isZero();
    assertThat(p.legs.get(0).store.get(0)).isEqualTo((byte) 1);
  }

  @Test
  void withoutQuorumTheyWaitAndSayWhyOrFail() {
    for (boolean error : new boolean[] {false, true}) {
      p = new FakePool(2, FakePool.STORE, policies(error, 16), ClientRules.ALL).attached();
      p.legs.get(1).down = true;
      p.legs.get(1).cut("reset");
      Outcome w = p.write(0, 4096, 1);
      p.advance(3000 * MS);
      assertThat(w.status).isEqualTo(error ? Status.IO_ERROR : -1);
      if (!error) {
        assertThat(p.waiting).contains("node-1");
      }
      p.legs.get(1).down = false;
      p.advance(1000 * MS);
      assertThat(w.status).isEqualTo(error ? Status.IO_ERROR : Status.OK);
      assertThat(p.engine.counters().requestsInFlight()).isZero();
      assertThat(p.legs.get(1).store.get(0)).isEqualTo((byte) 1);
    }
  }

  @Test
  void flushNeedsTheWholeWriteSet() {
    p.move(1, LegState.STALE);
    p.move(1, LegState.SYNCING);
    p.wire.run();
    p.legs.get(1).hold = true;
    Outcome f = p.flush();
    p.wire.run();
    assertThat(f.status).isEqualTo(-1);
    // Begun again under the new view; the old answer does not count.
    p.change(d -> d);
    p.wire.run();
    assertThat(p.legs.get(0).got(FrameType.FLUSH)).hasSize(2);
    p.legs.get(1).release();
    p.wire.run();
    assertThat(f.status).isEqualTo(Status.OK);
  }

  @Test
  void largeWritesTravelInPieces() {
    Outcome w = p.write(4096, 3 << 20, 4);
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
    assertThat(p.legs.get(0).got(FrameType.WRITE)).hasSize(3);
    Outcome r = p.read(4000, (3 << 20) + 100);
    p.wire.run();
    assertThat(r.at(95)).isZero();
    assertThat(r.at(96)).isEqualTo(4);
    assertThat(r.at((3 << 20) + 95)).isEqualTo(4);
    assertThat(r.at((3 << 20) + 96)).isZero();
  }
}
