package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.protocol.model.LegState;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rules 4.1 and 5.4. */
final class ReadingTest {
  private static final long MS = 1_000_000L;

  private final FakePool p = new FakePool(2).attached();

  @Test
  void readsAreSpreadOverTheLegs() {
    p.write(0, 4096, 3);
    p.wire.run();
    List<Outcome> all = List.of(p.read(0, 4096), p.read(0, 100), p.read(50, 4000), p.read(9, 9));
    p.wire.run();
    assertThat(all).allMatch(o -> o.status == Status.OK && o.at(1) == 3);
    assertThat(p.legs.get(0).got(FrameType.READ)).hasSize(2);
    assertThat(p.legs.get(1).got(FrameType.READ)).hasSize(2);
  }

  @Test
  void anErrorOrABreakSendsThemToTheNextLeg() {
    p.legs.get(0).readStatus = Status.IO_ERROR;
    Outcome a = p.read(0, 4096);
    Outcome b = p.read(0, 4096);
    p.wire.run();
    assertThat(List.of(a.status, b.status)).containsOnly(Status.OK);
    p.legs.get(0).readStatus = Status.OK;
    p.legs.get(0).mute = true;
    Outcome c = p.read(0, 4096);
    Outcome d = p.read(0, 4096);
    p.wire.run();
    p.legs.get(0).cut("reset");
    p.wire.run();
    assertThat(List.of(c.status, d.status)).containsOnly(Status.OK);
  }

  @Test
  void bothLegsFailingFailsTheRead() {
    p.legs.get(0).readStatus = Status.IO_ERROR;
    p.legs.get(1).readStatus = Status.IO_ERROR;
    Outcome a = p.read(0, 4096);
    p.wire.run();
    assertThat(a.status).isEqualTo(Status.IO_ERROR);
  }

  @Test
  void aSilentLegCostsAtMostTheDeadline() {
    p.legs.get(0).mute = true;
    Outcome a = p.read(0, 4096);
    Outcome b = p.read(0, 4096);
    p.advance(2300 * MS);
    assertThat(List.of(a.status, b.status)).containsOnly(Status.OK);
    assertThat(p.suspected).contains(0);
  }

  @Test
  void answersOfAnOlderGenerationAreReadAgain() {
    p.legs.get(0).hold = true;
    p.legs.get(1).hold = true;
    Outcome a = p.read(0, 4096);
    p.wire.run();
    p.change(d -> d);
    p.wire.run();
    p.write(4096, 4096, 1);
    p.legs.get(0).release();
    p.legs.get(1).release();
    p.wire.run();
    assertThat(a.status).isEqualTo(Status.OK);
    assertThat(p.engine.counters().voidAnswers()).isEqualTo(1);
  }

  @Test
  void noReadIsAcceptedWithoutTheLease() {
    for (FakeLeg l : p.legs) {
      l.grantsLease = false;
    }
    p.advance(2600 * MS);
    Outcome a = p.read(0, 4096);
    p.wire.run();
    assertThat(a.status).isEqualTo(-1);
    assertThat(p.waiting).contains("lease").contains("node-1");
    p.legs.get(0).grantsLease = true;
    p.legs.get(1).grantsLease = true;
    p.advance(600 * MS);
    assertThat(a.status).isEqualTo(Status.OK);
    assertThat(p.waiting).isNull();
  }

  @Test
  void anAnswerThatComesAfterTheLeaseIsReadAgain() {
    p.legs.get(0).hold = true;
    p.legs.get(1).hold = true;
    Outcome a = p.read(0, 4096);
    p.wire.run();
    p.loop.jump(3000 * MS);
    p.legs.get(0).release();
    p.legs.get(1).release();
    p.wire.run();
    assertThat(a.status).isEqualTo(-1);
    assertThat(p.engine.counters().leaseLosses()).isEqualTo(1);
    p.advance(600 * MS);
    assertThat(a.status).isEqualTo(Status.OK);
  }

  @Test
  void legsRelayRenewalsToVotersOutOfReach() {
    p.legs.get(1).down = true;
    p.legs.get(1).cut("reset");
    p.legs.get(2).down = true;
    p.legs.get(2).cut("reset");
    p.relayed = 1 << 2;
    p.advance(5000 * MS);
    Outcome a = p.read(0, 4096);
    p.wire.run();
    assertThat(a.status).isEqualTo(Status.OK);
    p.relayed = 0;
    p.advance(5000 * MS);
    Outcome b = p.read(0, 4096);
    p.wire.run();
    assertThat(b.status).isEqualTo(-1);
  }

  @Test
  void aSingleLegInTheWriteSetNeedsNoLeaseButOneBesideASyncingDoes() {
    for (FakeLeg l : p.legs) {
      l.grantsLease = false;
    }
    p.move(1, LegState.STALE);
    p.advance(3000 * MS);
    Outcome alone = p.read(0, 4096);
    p.wire.run();
    assertThat(alone.status).isEqualTo(Status.OK);
    p.move(1, LegState.SYNCING);
    p.wire.run();
    Outcome beside = p.read(0, 4096);
    p.wire.run();
    assertThat(beside.status).isEqualTo(-1);
    assertThat(p.legs.get(1).got(FrameType.READ)).isEmpty();
  }
}
