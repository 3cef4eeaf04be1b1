package io.onehop.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rule 5.3: a session that goes on under another epoch, or never does again. */
final class ResumeTest {
  private static final long MS = 1_000_000L;

  private FakePool p = new FakePool(2).attached();

  @AfterEach
  void everythingIsGivenBack() {
    p.engine.abandon();
    p.wire.run();
    assertThat(p.engine.buffers.outstanding()).isZero();
    assertThat(p.engine.counters().requestsInFlight()).isZero();
  }

  private static FakePool pool(ClientRules rules) {
    return new FakePool(2, FakePool.STORE, Policies.DEFAULT, rules).attached();
  }

  /** The pool takes the client for dead and reconciles. */
  private void endBySilence() {
    p.change(d -> d.sessionEnded(false, true).phase(new Phase.Reconciling(0)));
  }

  private void ready() {
    p.change(d -> d.phase(new Phase.Ready()));
  }

  private static List<FrameHeader> under(FakeLeg l, int type, long epoch) {
    return l.got(type).stream().filter(h -> h.epoch == epoch).toList();
  }

  @Test
  void everythingUnansweredIsDoneAgainUnderTheNextEpoch() {
    p.write(0, 4096, 1);
    p.wire.run();
    for (FakeLeg l : p.legs) {
      l.hold = true;
    }
    Outcome w = p.write(0, 4096, 2);
    Outcome f = p.flush();
    Outcome r = p.read(65536, 4096);
    Outcome partial = p.write(131072 + 100, 50, 3);
    p.wire.run();
    endBySilence();
    p.wire.run();
    Outcome later = p.write(8192, 4096, 4);
    Outcome laterRead = p.read(0, 4096);
    Outcome laterFlush = p.flush();
    p.advance(1000 * MS);
    assertThat(p.events.getLast()).isEqualTo("suspended");
    assertThat(p.waiting).contains("took this client for dead");
    assertThat(
            List.of(
                w.status,
                f.status,
                r.status,
                partial.status,
                later.status,
                laterRead.status,
                laterFlush.status))
        .containsOnly(-1);
    for (FakeLeg l : p.legs) {
      l.release();
    }
    ready();
    p.advance(500 * MS);
    assertThat(
            List.of(
                w.status,
                f.status,
                r.status,
                partial.status,
                later.status,
                laterRead.status,
                laterFlush.status))
        .containsOnly(Status.OK);
    assertThat(laterRead.at(0)).isEqualTo(2);
    assertThat(p.engine.epoch()).isEqualTo(3);
    assertThat(p.events).containsOnlyOnce("attached").containsOnlyOnce("resumed");
    assertThat(p.heldEpochs).contains(0L, 1L);
    assertThat(p.engine.counters().resumes()).isEqualTo(1);
    for (int i = 0; i < 2; i++) {
      FakeLeg l = p.legs.get(i);
      assertThat(l.store.get(0)).isEqualTo((byte) 2);
      assertThat(l.store.get(131072 + 120)).isEqualTo((byte) 3);
      assertThat(under(l, FrameType.WRITE, 3).getFirst().sequence).isEqualTo(2);
      assertThat(under(l, FrameType.FLUSH, 3)).hasSize(2);
      // The first request of an epoch comes with a watermark that says from where on it is.
      assertThat(under(l, FrameType.WRITE, 3).getFirst().watermark).isEqualTo(1);
    }
  }

  @Test
  void aRefusalOfAnOlderEpochIsNotListenedTo() {
    endBySilence();
    p.wire.run();
    ready();
    p.advance(500 * MS);
    assertThat(p.events.getLast()).isEqualTo("resumed");
    for (FakeLeg l : p.legs) {
      l.drops = FrameType.ATTACH;
    }
    endBySilence();
    p.wire.run();
    FrameHeader late = new FrameHeader();
    late.type = FrameType.ATTACH_ACK;
    late.status = Status.REFUSED;
    late.epoch = 1;
    for (FakeLeg l : p.legs) {
      l.lanes.getLast().answer(late, java.nio.ByteBuffer.wrap("not now".getBytes(US_ASCII)));
      l.drops = 0;
    }
    p.wire.run();
    assertThat(p.events.getLast()).isEqualTo("suspended");
    ready();
    p.advance(12_000 * MS);
    assertThat(p.events.getLast()).isEqualTo("resumed");
  }

  @Test
  void aSilentLegIsNotAskedWhileAnotherIsHeard() {
    for (int silent = 0; silent < 2; silent++) {
      p = pool(ClientRules.ALL);
      p.legs.get(silent).mute = true;
      p.advance(1200 * MS);
      endBySilence();
      ready();
      p.wire.run();
      assertThat(p.events.getLast()).isEqualTo("resumed");
    }
  }

  @Test
  void aLegThatFallsSilentWhenAskedIsNotWaitedForUntilItsConnectionEnds() {
    for (int silent = 0; silent < 2; silent++) {
      p = pool(ClientRules.ALL);
      // Both, as either may be the one whose turn it is.
      p.legs.get(silent).mute = true;
      endBySilence();
      ready();
      p.advance(1300 * MS);
      assertThat(p.events.getLast()).isEqualTo("resumed");
      assertThat(p.legs.get(silent).lanes).isNotEmpty();
    }
  }

  @Test
  void answersOfTheOldEpochNeverCount() {
    for (boolean rule : new boolean[] {true, false}) {
      p = pool(rule ? ClientRules.ALL : RuleOff.without("oldEpochAnswersDropped"));
      p.legs.get(0).hold = true;
      p.legs.get(1).mute = true;
      Outcome w = p.write(0, 4096, 1);
      p.wire.run();
      p.legs.get(1).mute = false;
      // Leg 0 has it and its answer is on the way; leg 1's content is copied over leg 0's.
      p.change(d -> d.sessionEnded(false, true));
      p.legs.get(0).store.put(0, (byte) 0);
      p.legs.get(0).drops = FrameType.WRITE;
      p.wire.run();
      assertThat(p.events.getLast()).isEqualTo("resumed");
      p.legs.get(0).release();
      p.wire.run();
      assertThat(w.status).isEqualTo(rule ? -1 : Status.OK);
      p.legs.get(0).drops = 0;
    }
  }

  @Test
  void whatOneLegHadAnsweredGoesToAllAgain() {
    for (boolean rule : new boolean[] {true, false}) {
      p = pool(rule ? ClientRules.ALL : RuleOff.without("resendAllOnResume"));
      p.legs.get(1).mute = true;
      Outcome w = p.write(0, 4096, 7);
      p.wire.run();
      assertThat(p.legs.get(0).store.get(0)).isEqualTo((byte) 7);
      p.legs.get(0).store.put(0, (byte) 0); // as leg 1's copy was
      p.legs.get(1).mute = false;
      p.change(d -> d.sessionEnded(false, true));
      p.wire.run();
      assertThat(w.status).isEqualTo(Status.OK);
      assertThat(p.legs.get(1).store.get(0)).isEqualTo((byte) 7);
      assertThat(p.legs.get(0).store.get(0)).isEqualTo((byte) (rule ? 7 : 0));
    }
  }

  @Test
  void writesAnsweredWithAnErrorLeaveWithTheirEpoch() {
    for (boolean rule : new boolean[] {true, false}) {
      p = pool(rule ? ClientRules.ALL : RuleOff.without("erroredWritesLeaveOnResume"));
      p.move(1, LegState.STALE);
      p.wire.run();
      p.legs.get(0).writeStatus = Status.NO_SPACE;
      Outcome w = p.write(0, 8192, 1);
      Outcome partial = p.write(8192 + 10, 10, 1);
      p.wire.run();
      Outcome behind = p.write(0, 4096, 2);
      assertThat(w.status).isEqualTo(Status.NO_SPACE);
      assertThat(partial.status).isEqualTo(Status.NO_SPACE);
      endBySilence();
      p.legs.get(0).log.clear();
      ready();
      p.wire.run();
      assertThat(p.events.getLast()).isEqualTo("resumed");
      assertThat(under(p.legs.get(0), FrameType.WRITE, 3).getFirst().length)
          .isEqualTo(rule ? 4096 : 8192);
      assertThat(behind.status).isEqualTo(rule ? Status.NO_SPACE : -1);
      assertThat(p.engine.counters().requestsInFlight()).isEqualTo(rule ? 1 : 3);
    }
  }

  @Test
  void aClientThatSleptGoesOnIfNobodyElseWasAdmitted() {
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 2);
    Outcome f = p.flush();
    p.wire.run();
    p.loop.jump(30_000 * MS);
    endBySilence();
    for (FakeLeg l : p.legs) {
      l.cut("silent");
    }
    ready();
    Outcome r = p.read(0, 4096);
    Outcome w2 = p.write(8192, 4096, 3);
    p.legs.get(1).release();
    p.advance(1000 * MS);
    assertThat(List.of(w.status, f.status, r.status, w2.status)).containsOnly(Status.OK);
    assertThat(r.at(0)).isEqualTo(2);
    assertThat(p.suspected).isEmpty();
  }

  @Test
  void allNodesKilledAndStartedAgainUnderALivingClient() {
    p.write(0, 4096, 9);
    p.wire.run();
    for (FakeLeg l : p.legs) {
      l.down = true;
      l.cut("killed");
    }
    Outcome w = p.write(0, 4096, 1);
    Outcome r = p.read(0, 4096);
    Outcome f = p.flush();
    Outcome partial = p.write(4096 + 5, 10, 1);
    p.advance(300_000 * MS);
    assertThat(p.waiting).contains("node-0").contains("node-1");
    for (FakeLeg l : p.legs) {
      l.incarnation += l.index < 2 ? 50 : 0;
      l.down = false;
      l.adopted = null;
      l.adopts = false;
      l.greetsWithoutView = true;
    }
    p.advance(2000 * MS);
    assertThat(w.status).isEqualTo(-1);
    // The cold start: leg 0 leads, in sync with its new run.
    p.change(d ->
        d.sessionEnded(false, true)
            .member(
                0,
                d.members()
                    .get(0)
                    .moved(LegState.IN_SYNC, p.legs.get(0).incarnation, d.generation(), ""))
            .member(1, d.members().get(1).moved(LegState.STALE, 0, d.generation(), "cold start")));
    p.advance(1000 * MS);
    assertThat(List.of(w.status, r.status, f.status, partial.status)).containsOnly(Status.OK);
    assertThat(r.at(0)).isEqualTo(1);
    assertThat(p.events).doesNotContain("ended: ");
  }

  @Test
  void theLeaseEndsWithItsEpoch() {
    p.change(d -> d.sessionEnded(false, true));
    for (FakeLeg l : p.legs) {
      l.grantsLease = false;
    }
    p.wire.run();
    Outcome r = p.read(0, 4096);
    p.wire.run();
    assertThat(p.events.getLast()).isEqualTo("resumed");
    assertThat(r.status).isEqualTo(-1);
    p.legs.get(0).grantsLease = true;
    p.legs.get(1).grantsLease = true;
    p.advance(600 * MS);
    assertThat(r.status).isEqualTo(Status.OK);
  }

  @Test
  void aDetachWaitsForTheSessionToGoOn() {
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    endBySilence();
    p.wire.run();
    p.engine.detach();
    assertThat(p.write(0, 4096, 2).status).isEqualTo(Status.FENCED);
    p.legs.get(1).release();
    p.advance(500 * MS);
    assertThat(w.status).isEqualTo(-1);
    ready();
    p.advance(500 * MS);
    assertThat(w.status).isEqualTo(Status.OK);
    assertThat(p.events.getLast()).isEqualTo("detached");
    assertThat(under(p.legs.get(0), FrameType.FLUSH, 3)).hasSize(1);
  }

  @Test
  void byThePolicyRequestsFailAtTheirDeadlineAndLeave() {
    Policies d = Policies.DEFAULT;
    Policies error =
        new Policies(
            true,
            false,
            d.coldStartGraceNanos(),
            0,
            0,
            d.heartbeatNanos(),
            d.failureNanos(),
            d.deadlineNanos(),
            d.deadNanos(),
            d.leaseNanos(),
            16);
    p = new FakePool(2, FakePool.STORE, error, ClientRules.ALL).attached();
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    endBySilence();
    p.wire.run();
    Outcome behind = p.write(0, 4096, 2);
    Outcome r = p.read(65536, 4096);
    Outcome f = p.flush();
    Outcome partial = p.write(131072 + 7, 7, 2);
    Outcome wide = p.write(262144, 1 << 20, 2);
    p.advance(2500 * MS);
    assertThat(List.of(w.status, behind.status, r.status, f.status, partial.status, wide.status))
        .containsOnly(Status.IO_ERROR);
    Outcome young = p.write(0, 4096, 3);
    p.legs.get(1).release();
    p.legs.get(0).log.clear();
    ready();
    p.advance(500 * MS);
    assertThat(young.status).isEqualTo(Status.OK);
    assertThat(p.engine.counters().requestsInFlight()).isZero();
    assertThat(p.legs.get(0).got(FrameType.WRITE)).hasSize(1);
    assertThat(p.legs.get(0).store.get(0)).isEqualTo((byte) 3);
  }

  @Test
  void aClientThatNeverLearnedOfItsAdmissionAsksAgain() {
    p = new FakePool(2);
    p.follow = 0;
    p.change(d -> d.admitted(new UUID(5, 5), "h", 1, 0));
    p.follow = ~0;
    p.change(d -> d.sessionEnded(false, true));
    p.attached();
    assertThat(p.heldEpochs).containsOnly(0L);
  }
}
