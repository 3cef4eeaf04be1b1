package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Policies;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import org.junit.jupiter.api.Test;

/** Each rule switched off shows the behaviour that it is there to prevent. */
final class RulesTest {
  private static final long MS = 1_000_000L;

  private static FakePool pool(ClientRules rules) {
    return new FakePool(2, FakePool.STORE, Policies.DEFAULT, rules).attached();
  }

  private static FakePool inSyncAndSyncing(ClientRules rules) {
    FakePool p = pool(rules);
    p.move(1, LegState.STALE);
    p.move(1, LegState.SYNCING);
    p.wire.run();
    return p;
  }

  @Test
  void withoutAdoptionAnAcknowledgementPrecedesIt() {
    FakePool p = pool(RuleOff.without("countAfterAdoption"));
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    p.follow = 1 << 2;
    p.legs.get(0).adopts = false;
    p.move(1, LegState.STALE);
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
    assertThat(p.legs.get(0).adopted).isNotEqualTo(p.view);
  }

  @Test
  void withoutTheWriteSetTheWatermarkPassesTheSyncingLeg() {
    FakePool p = inSyncAndSyncing(RuleOff.without("watermarkOverWriteSet"));
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    p.advance(600 * MS);
    assertThat(w.status).isEqualTo(-1);
    assertThat(p.legs.get(0).got(FrameType.HEARTBEAT).getLast().watermark).isEqualTo(1);
  }

  @Test
  void withoutHoldingAFailedWriteIsForgotten() {
    FakePool p = pool(RuleOff.without("holdFailedWrites"));
    p.move(1, LegState.STALE);
    p.wire.run();
    p.legs.get(0).writeStatus = Status.IO_ERROR;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.IO_ERROR);
    assertThat(p.engine.counters().requestsInFlight()).isZero();
    assertThat(p.engine.writes.watermark()).isEqualTo(1);
  }

  @Test
  void withoutTheWriteSetAFlushIgnoresTheSyncingLeg() {
    FakePool p = inSyncAndSyncing(RuleOff.without("flushWriteSet"));
    p.legs.get(1).hold = true;
    Outcome f = p.flush();
    p.wire.run();
    assertThat(f.status).isEqualTo(Status.OK);
    assertThat(p.legs.get(1).got(FrameType.FLUSH)).isEmpty();
  }

  @Test
  void withoutTheLeaseOrItsWriteSetACutOffClientReads() {
    for (ClientRules rules :
        new ClientRules[] {RuleOff.without("lease"), RuleOff.without("leaseByWriteSet")}) {
      FakePool p = inSyncAndSyncing(rules);
      for (FakeLeg l : p.legs) {
        l.grantsLease = false;
      }
      p.advance(3000 * MS);
      Outcome r = p.read(0, 4096);
      p.wire.run();
      assertThat(r.status).isEqualTo(Status.OK);
    }
  }

  @Test
  void withoutTheSameSequenceAResendIsAnotherWrite() {
    FakePool p = pool(RuleOff.without("sameSequence"));
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    p.legs.get(1).cut("reset");
    p.legs.get(1).hold = false;
    p.advance(50 * MS);
    assertThat(p.legs.get(1).got(FrameType.WRITE).getLast().sequence).isEqualTo(2);
    assertThat(w.status).isEqualTo(Status.OK);
  }
}
