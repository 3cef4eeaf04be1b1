package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Attach, views, failure detection, the end. */
final class SessionTest {
  private static final long MS = 1_000_000L;

  @Test
  void attachesThroughOneServerAndConnectsToEveryMember() {
    FakePool p = new FakePool(2).attached();
    assertThat(p.engine.epoch()).isEqualTo(1);
    assertThat(p.engine.sizeBytes()).isEqualTo(FakePool.STORE);
    for (FakeLeg l : p.legs) {
      assertThat(l.lanes).hasSize(1);
    }
  }

  @Test
  void waitsWhileTheHolderIsSilentAndGivesUpWhenRefused() {
    FakePool p = new FakePool(2);
    p.attachStatus = Status.AGAIN;
    p.engine.start();
    p.advance(1000 * MS);
    assertThat(p.waiting).isEqualTo("held by host-x");
    assertThat(p.legs.get(1).got(FrameType.ATTACH)).isNotEmpty();
    assertThat(p.write(0, 4096, 1).status).isEqualTo(Status.AGAIN);
    p.attachStatus = Status.REFUSED;
    p.advance(1000 * MS);
    assertThat(p.events).contains("ended: held by host-x");
    assertThat(p.write(0, 4096, 1).status).isEqualTo(Status.FENCED);
  }

  @Test
  void attachesWhenTheServerComesUpLate() {
    FakePool p = new FakePool(2);
    p.legs.get(0).down = true;
    p.engine.start();
    p.advance(3000 * MS);
    assertThat(p.waiting).contains("node-0:1000").contains("refused");
    p.legs.get(0).down = false;
    p.advance(1000 * MS);
    assertThat(p.events).contains("attached");
  }

  @Test
  void detachDrainsFlushesAndAsks() {
    FakePool p = new FakePool(2).attached();
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    p.engine.detach();
    p.wire.run();
    assertThat(p.write(0, 4096, 1).status).isEqualTo(Status.FENCED);
    assertThat(p.legs.get(0).got(FrameType.DETACH)).isEmpty();
    p.legs.get(1).release();
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
    assertThat(p.events).endsWith("detached");
    assertThat(p.legs.get(1).got(FrameType.FLUSH)).hasSize(1);
    assertThat(p.view.writer()).isNull();
    assertThat(p.legs).allMatch(l -> l.lanes.isEmpty());
    assertThat(p.engine.buffers.outstanding()).isZero();
  }

  @Test
  void aViewWithoutUsFencesEverything() {
    FakePool p = new FakePool(2).attached();
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    Outcome queued = p.write(0, 4096, 2);
    p.wire.run();
    p.change(d -> d.sessionEnded(false, false));
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.FENCED);
    assertThat(queued.status).isEqualTo(Status.FENCED);
    assertThat(p.events.getLast()).startsWith("ended: ");
    assertThat(p.buffers.outstanding()).isZero();
  }

  @Test
  void viewsOfAnotherLineageOrAnOlderGenerationAreIgnored() {
    FakePool p = new FakePool(2).attached();
    PoolView v = p.view;
    long generation = p.engine.views.generation;
    PoolView foreign =
        new PoolView(
            v.pool(),
            v.name(),
            v.sizeBytes(),
            v.blockSize(),
            new UUID(0, 77),
            v.generation() + 5,
            v.members(),
            v.epoch(),
            null,
            null,
            v.phase(),
            v.policies());
    FakeLeg leg = p.legs.get(0);
    leg.sendView(leg.lanes.getFirst(), foreign);
    p.wire.run();
    assertThat(p.engine.views.generation).isEqualTo(generation);
    assertThat(p.events).doesNotContain("ended: ");
  }

  @Test
  void ofTwoLineagesTheOneThatServesIsFound() {
    FakePool p = FakePool.knowing(2, 2);
    PoolView v = p.view;
    // Leg 0 came back from a cut and knows nothing of the promotion of leg 1.
    p.legs.get(0).greeting =
        new PoolView(
            v.pool(),
            v.name(),
            v.sizeBytes(),
            v.blockSize(),
            new UUID(0, 77),
            v.generation() + 5,
            List.of(
                v.members().get(0).moved(LegState.STALE, 0, 5, ""),
                v.members().get(1),
                v.members().get(2)),
            v.epoch(),
            null,
            null,
            v.phase(),
            v.policies());
    p.engine.start();
    p.advance(3000 * MS);
    assertThat(p.events).doesNotContain("attached");
    p.advance(4000 * MS);
    assertThat(p.events).contains("attached");
    assertThat(p.engine.views.view).isEqualTo(p.view);
    Outcome w = p.write(0, 4096, 1);
    p.legs.get(0).greeting = null;
    p.advance(1000 * MS);
    assertThat(w.status).isEqualTo(Status.OK);
  }

  @Test
  void silenceIsNoticedWithinTheFailureTime() {
    FakePool p = new FakePool(2).attached();
    p.advance(1000 * MS);
    p.legs.get(1).mute = true;
    p.advance(1500 * MS);
    assertThat(p.suspected).isEmpty();
    p.advance(1200 * MS);
    assertThat(p.suspected).contains(1);
    int reports = p.suspected.size();
    p.advance(2000 * MS);
    assertThat(p.suspected.size()).isGreaterThan(reports + 2);
    assertThat(p.suspected).containsOnly(1);
  }

  @Test
  void aPauseOfTheClientMakesNobodySuspect() {
    FakePool p = new FakePool(2).attached();
    p.advance(1000 * MS);
    Outcome w = p.write(0, 4096, 1);
    p.loop.jump(10_000 * MS);
    p.advance(1000 * MS);
    assertThat(w.status).isEqualTo(Status.OK);
    assertThat(p.suspected).isEmpty();
  }

  @Test
  void theLastLegInSyncIsNeverReported() {
    FakePool p = new FakePool(1).attached();
    p.legs.get(0).mute = true;
    Outcome w = p.write(0, 4096, 1);
    p.advance(5000 * MS);
    assertThat(p.suspected).isEmpty();
    p.legs.get(0).mute = false;
    p.advance(3000 * MS);
    assertThat(w.status).isEqualTo(Status.OK);
  }

  @Test
  void aLegThatKnowsNoViewYetGetsItsRequestsLater() {
    FakePool p = new FakePool(2).attached();
    p.legs.get(1).adopted = null;
    p.legs.get(1).adopts = false;
    Outcome w = p.write(0, 4096, 1);
    p.advance(300 * MS);
    assertThat(w.status).isEqualTo(-1);
    p.legs.get(1).adopts = true;
    p.legs.get(1).adopt(p.view);
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
  }
}
