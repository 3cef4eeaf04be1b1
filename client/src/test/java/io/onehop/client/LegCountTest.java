package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Phase;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One to five legs: nothing may depend on there being two. */
final class LegCountTest {
  private static final long MS = 1_000_000L;

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5})
  void everyLegHasWhatWasAcknowledged(int legs) {
    FakePool p = new FakePool(legs).attached();
    Outcome w = p.write(0, 8192, 1);
    Outcome partial = p.write(100, 50, 2);
    Outcome f = p.flush();
    p.wire.run();
    assertThat(List.of(w.status, partial.status, f.status)).containsOnly(Status.OK);
    for (int i = 0; i < legs; i++) {
      assertThat(p.legs.get(i).store.get(120)).isEqualTo((byte) 2);
      assertThat(p.legs.get(i).got(FrameType.FLUSH)).hasSize(1);
    }
    List<Outcome> reads = new ArrayList<>();
    for (int i = 0; i < 4 * legs; i++) {
      reads.add(p.read(0, 4096));
    }
    p.wire.run();
    assertThat(reads).allMatch(r -> r.status == Status.OK && r.at(120) == 2);
    for (int i = 0; i < legs; i++) {
      assertThat(p.legs.get(i).got(FrameType.READ)).hasSizeBetween(4, 5);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void theLastMissingAnswerDecides(int legs) {
    FakePool p = new FakePool(legs).attached();
    p.legs.get(legs - 1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    Outcome f = p.flush();
    p.advance(600 * MS);
    assertThat(List.of(w.status, f.status)).containsOnly(-1);
    assertThat(p.legs.get(0).got(FrameType.HEARTBEAT).getLast().watermark).isZero();
    p.legs.get(legs - 1).release();
    p.advance(600 * MS);
    assertThat(List.of(w.status, f.status)).containsOnly(Status.OK);
    assertThat(p.legs.get(0).got(FrameType.HEARTBEAT).getLast().watermark).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5})
  void allLegsButOneFailOneAfterTheOther(int legs) {
    FakePool p = new FakePool(legs).attached();
    for (int i = legs - 1; i > 0; i--) {
      p.legs.get(i).down = true;
      p.legs.get(i).cut("reset");
      Outcome w = p.write(0, 4096, i);
      Outcome f = p.flush();
      Outcome r = p.read(4096, 4096);
      p.wire.run();
      assertThat(p.suspected).contains(i);
      p.move(i, LegState.STALE);
      p.wire.run();
      assertThat(List.of(w.status, f.status, r.status)).containsOnly(Status.OK);
    }
    assertThat(p.view.writeSet()).isEqualTo(1);
    // Beyond the majority of the voters nobody is asked for a lease: the write set is one leg.
    Outcome alone = p.read(0, 4096);
    p.advance(3000 * MS);
    assertThat(alone.status).isEqualTo(Status.OK);
  }

  @Test
  void aFailingLegIsReportedToEveryOtherInSync() {
    FakePool p = new FakePool(5).attached();
    p.move(3, LegState.STALE);
    p.move(3, LegState.SYNCING);
    p.wire.run();
    p.legs.get(4).down = true;
    p.legs.get(4).cut("reset");
    p.wire.run();
    for (int i = 0; i < 3; i++) {
      assertThat(p.legs.get(i).got(FrameType.SUSPECT)).hasSize(1);
    }
    assertThat(p.legs.get(3).got(FrameType.SUSPECT)).isEmpty();
  }

  @Test
  void theLeaseNeedsAMajorityOfSixVoters() {
    FakePool p = new FakePool(5).attached();
    for (int i = 0; i < 3; i++) {
      p.legs.get(i).grantsLease = false;
    }
    p.advance(3000 * MS);
    Outcome r = p.read(0, 4096);
    p.wire.run();
    assertThat(r.status).isEqualTo(-1);
    p.legs.get(0).grantsLease = true;
    p.advance(600 * MS);
    assertThat(r.status).isEqualTo(Status.OK);
  }

  @Test
  void theRenewalNamesTheVoterList() {
    FakePool p = new FakePool(3).attached();
    p.advance(600 * MS);
    assertThat(p.legs.get(1).got(FrameType.HEARTBEAT).getLast().offset)
        .isEqualTo(p.view.votersId());
    // Another list: what was granted for the old one does not count.
    p.legs.get(3).grantsLease = false;
    p.legs.get(0).grantsLease = false;
    p.change(d -> d.member(2, d.members().get(2).moved(LegState.OUT, 0, d.generation(), "")));
    Outcome r = p.read(0, 4096);
    p.advance(2500 * MS);
    assertThat(r.status).isEqualTo(-1);
    assertThat(p.waiting).contains("node-0").doesNotContain("node-2");
    p.legs.get(3).grantsLease = true;
    p.advance(600 * MS);
    assertThat(r.status).isEqualTo(Status.OK);
    assertThat(p.legs.get(1).got(FrameType.HEARTBEAT).getLast().offset)
        .isEqualTo(p.view.votersId());
    assertThat(p.legs.get(2).lanes).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5})
  void theSessionGoesOn(int legs) {
    FakePool p = new FakePool(legs).attached();
    for (int i = 0; i < legs; i++) {
      p.legs.get(i).hold = i > 0 || legs == 1;
    }
    Outcome w = p.write(0, 4096, 1);
    Outcome partial = p.write(8192 + 1, 10, 1);
    Outcome f = p.flush();
    p.wire.run();
    p.change(d -> d.sessionEnded(false, true).phase(new Phase.Reconciling(0)));
    p.advance(1000 * MS);
    for (FakeLeg l : p.legs) {
      l.release();
    }
    p.change(d -> d.phase(new Phase.Ready()));
    p.advance(1000 * MS);
    assertThat(List.of(w.status, partial.status, f.status)).containsOnly(Status.OK);
    for (int i = 0; i < legs; i++) {
      assertThat(p.legs.get(i).store.get(0)).isEqualTo((byte) 1);
      assertThat(p.legs.get(i).store.get(8193)).isEqualTo((byte) 1);
    }
  }
}
