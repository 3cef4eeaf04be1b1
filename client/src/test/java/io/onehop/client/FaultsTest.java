package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Several things going wrong at once: everything ends, once, and nothing is kept. */
final class FaultsTest {
  private static final long MS = 1_000_000L;

  private FakePool p = new FakePool(2).attached();

  @AfterEach
  void everythingIsGivenBack() {
    p.engine.abandon();
    p.wire.run();
    assertThat(p.engine.buffers.outstanding()).isZero();
    assertThat(p.engine.counters().requestsInFlight()).isZero();
  }

  static Policies policies(boolean error, int window) {
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

  @Test
  void aFailedWindowDoesNotMakeTheNextWaitForEver() {
    for (boolean lastLeg : new boolean[] {true, false}) {
      p = new FakePool(2, FakePool.STORE, policies(true, 16), ClientRules.ALL).attached();
      if (lastLeg) {
        // The last leg's store is full: its errors are reported at once.
        p.move(1, LegState.STALE);
        p.wire.run();
        p.legs.get(0).writeStatus = Status.NO_SPACE;
      } else {
        // No majority can evict the lost leg: they fail at their deadline.
        p.legs.get(1).down = true;
        p.legs.get(1).cut("reset");
      }
      List<Outcome> all = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        all.add(p.write(i * 4096L, 4096, i + 1));
      }
      Outcome late = p.write(30 * 4096L, 4096, 99);
      p.advance(lastLeg ? 2500 * MS : 5500 * MS);
      assertThat(all).noneMatch(o -> o.status == -1 || o.status == Status.OK);
      assertThat(late.status).isEqualTo(Status.IO_ERROR);
      // What was never sent is over, and its memory free; what was sent is driven on.
      assertThat(p.engine.counters().requestsInFlight()).isEqualTo(16);
      assertThat(p.buffers.outstanding()).isEqualTo(16);
      p.legs.get(0).writeStatus = Status.OK;
      p.legs.get(1).down = false;
      p.advance(1500 * MS);
      assertThat(p.engine.counters().requestsInFlight()).isZero();
      Outcome again = p.write(30 * 4096L, 4096, 5);
      p.wire.run();
      assertThat(again.status).isEqualTo(Status.OK);
    }
  }

  @Test
  void aFailedWriteDoesNotKeepTheLargeBufferItCameIn() {
    p.move(1, LegState.STALE);
    p.wire.run();
    p.legs.get(0).writeStatus = Status.NO_SPACE;
    Buf chunk = p.filled(256 << 10, 3);
    Outcome whole = new Outcome();
    Outcome partial = new Outcome();
    p.engine.write(0, 8192, chunk, 4096, false, whole);
    p.engine.write(16384 + 100, 8192, chunk, 65536, false, partial);
    chunk.release();
    p.wire.run();
    assertThat(List.of(whole.status, partial.status)).containsOnly(Status.NO_SPACE);
    assertThat(p.buffers.outstanding()).isZero();
    p.legs.get(0).writeStatus = Status.OK;
    p.advance(700 * MS);
    assertThat(p.engine.counters().requestsInFlight()).isZero();
    for (int b = 0; b < 32768; b++) {
      boolean written = b < 8192 || (b >= 16484 && b < 24676);
      assertThat((int) p.legs.get(0).store.get(b)).as("byte %d", b).isEqualTo(written ? 3 : 0);
    }
  }

  @Test
  void aWriteHalfInTheWindowFailsAndIsDrivenOn() {
    p = new FakePool(2, FakePool.STORE, policies(true, 16), ClientRules.ALL).attached();
    p.legs.get(1).down = true;
    p.legs.get(1).cut("reset");
    for (int i = 0; i < 15; i++) {
      p.write(i * 4096L, 4096, i + 1);
    }
    Outcome half = p.write(1 << 20, 3 << 20, 7);
    Outcome behind = p.read(3 << 20, 4096);
    p.advance(6000 * MS);
    assertThat(half.status).isEqualTo(Status.IO_ERROR);
    assertThat(behind.status).isEqualTo(Status.IO_ERROR);
    p.legs.get(1).down = false;
    p.advance(1500 * MS);
    assertThat(p.engine.counters().requestsInFlight()).isZero();
    for (int leg = 0; leg < 2; leg++) {
      assertThat(p.legs.get(leg).store.get((4 << 20) - 1)).isEqualTo((byte) 7);
    }
  }

  @Test
  void aLegThatNeverAdoptsFailsWritesIfThePolicySaysSo() {
    p = new FakePool(2, FakePool.STORE, policies(true, 16), ClientRules.ALL).attached();
    p.follow = ~(1 << 1);
    p.legs.get(1).adopts = false;
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    p.change(d -> d);
    p.wire.run();
    p.legs.get(1).release();
    p.advance(6000 * MS);
    assertThat(p.suspected).contains(1);
    assertThat(w.status).isEqualTo(Status.IO_ERROR);
  }

  @Test
  void connectionNumbersOfALaneGrowOverLinks() {
    for (FakeLeg l : p.legs) {
      l.logging = true;
    }
    Member m = p.view.members().get(1);
    Endpoint moved = new Endpoint("elsewhere", 2001);
    FakeLeg leg = p.legs.get(1);
    p.wire.alias(moved, leg);
    p.change(d ->
        d.member(
            1,
            new Member(
                m.id(),
                m.node(),
                m.role(),
                moved,
                m.state(),
                m.incarnation(),
                m.since(),
                m.inSyncSince(),
                "")));
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    p.legs.get(0).cut("reset");
    p.advance(10 * MS);
    assertThat(w.status).isEqualTo(Status.OK);
    // The first link to leg 0 was one to a server, before the view was known.
    for (FakeLeg l : p.legs.subList(0, 2)) {
      assertThat(l.numbers).hasSizeGreaterThanOrEqualTo(2).isSorted().doesNotHaveDuplicates();
    }
  }

  @Test
  void aLegOfAnotherLineageIsNotTalkedTo() {
    PoolView v = p.view;
    FakeLeg leg = p.legs.get(1);
    leg.greeting =
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
    leg.cut("reset");
    leg.log.clear();
    Outcome w = p.write(0, 4096, 1);
    p.advance(1000 * MS);
    assertThat(leg.got(FrameType.WRITE)).isEmpty();
    assertThat(w.status).isEqualTo(-1);
    assertThat(p.suspected).contains(1);
    // The other one serves under the lineage of this session (rule 8.6), as long as it can be
    // reached.
    p.advance(10_000 * MS);
    assertThat(w.status).isEqualTo(-1);
    p.legs.get(0).down = true;
    p.legs.get(0).cut("reset");
    p.advance(3000 * MS);
    assertThat(w.status).isEqualTo(-1);
    p.advance(2000 * MS);
    assertThat(w.status).isEqualTo(Status.FENCED);
    assertThat(p.events.getLast()).contains("another lineage").contains("node-1");
  }

  @Test
  void aLegThatGreetsAndHangsUpIsNotSpunOn() {
    FakeLeg leg = p.legs.get(1);
    leg.hangsUp = true;
    leg.cut("reset");
    leg.log.clear();
    p.advance(2000 * MS);
    assertThat(leg.got(FrameType.HELLO)).hasSizeLessThan(15);
  }

  @Test
  void aLegThatNeverGreetsIsReportedAndLeft() {
    FakeLeg leg = p.legs.get(1);
    leg.mute = true;
    leg.cut("reset");
    Outcome w = p.write(0, 4096, 1);
    p.advance(6000 * MS);
    assertThat(p.suspected).contains(1);
    assertThat(leg.lanes).hasSizeLessThan(2);
    p.move(1, LegState.STALE);
    p.wire.run();
    assertThat(w.status).isEqualTo(Status.OK);
  }

  @Test
  void zeroesOfAWholePoolTravelInBoundedPieces() {
    p = new FakePool(2, 1L << 40, Policies.DEFAULT, ClientRules.ALL).attached();
    for (FakeLeg l : p.legs) {
      l.adopted = null;
      l.adopts = false;
    }
    Outcome z = new Outcome();
    p.engine.writeZeroes(0, 1L << 40, false, false, z);
    Outcome other = p.write(0, 4096, 1);
    p.wire.run();
    List<FrameHeader> got = p.legs.get(0).got(FrameType.WRITE_ZEROES);
    assertThat(got).isNotEmpty();
    assertThat(got.stream().mapToLong(h -> h.length).sum()).isLessThanOrEqualTo(320L << 20);
    p.change(d -> d.sessionEnded(false, false));
    for (FakeLeg l : p.legs) {
      l.adopt(p.view);
    }
    p.wire.run();
    assertThat(List.of(z.status, other.status)).containsOnly(Status.FENCED);
  }

  @Test
  void aClientThatSleptThroughItsSessionsEndFailsEverything() {
    p.write(0, 4096, 1);
    p.wire.run();
    p.legs.get(1).hold = true;
    Outcome w = p.write(0, 4096, 2);
    Outcome f = p.flush();
    p.wire.run();
    // Stopped: the session is ended and another one writes; connections live, frames wait.
    p.loop.jump(30_000 * MS);
    p.change(d -> d.sessionEnded(false, true));
    p.change(d -> d.phase(new Phase.Ready()));
    p.change(d -> d.admitted(new UUID(6, 6), "other", 2, 0));
    p.legs.get(0).store.put(0, (byte) 9);
    // It goes on: its application is faster than the news.
    Outcome r = p.read(0, 4096);
    Outcome w2 = p.write(8192, 4096, 3);
    p.wire.run();
    p.legs.get(1).release();
    p.wire.run();
    Outcome after = p.read(0, 4096);
    assertThat(List.of(w.status, f.status, r.status, w2.status, after.status))
        .containsOnly(Status.FENCED);
    assertThat(p.events.getLast()).startsWith("ended: ");
    assertThat(p.legs.get(0).store.get(8192)).isZero();
  }

  @Test
  void allLegsRestartedEndsWithTheViewThatSaysSo() {
    p.legs.get(0).mute = true;
    p.legs.get(1).mute = true;
    Outcome w = p.write(0, 4096, 1);
    Outcome r = p.read(4096, 4096);
    Outcome f = p.flush();
    Outcome unaligned = p.write(5, 10, 1);
    Outcome behind = p.write(0, 4096, 2);
    p.advance(3000 * MS);
    for (int i = 0; i < 2; i++) {
      FakeLeg l = p.legs.get(i);
      l.cut("killed");
      l.incarnation += 50;
      l.mute = false;
      l.adopted = null;
      l.adopts = false;
    }
    p.advance(5000 * MS);
    assertThat(w.status).isEqualTo(-1);
    // Power was lost (rule 8.5).
    p.move(0, LegState.IN_SYNC);
    p.change(d -> d.sessionEnded(false, false));
    p.wire.run();
    assertThat(List.of(w.status, r.status, f.status, unaligned.status, behind.status))
        .containsOnly(Status.FENCED);
    assertThat(p.buffers.outstanding()).isEqualTo(1); // the read's, which is the caller's
    Buf data = r.data;
    if (data != null) {
      data.release();
    }
  }

  @Test
  void withoutQuorumTheErrorPolicyAnswersEverything() {
    p = new FakePool(2, FakePool.STORE, policies(true, 16), ClientRules.ALL).attached();
    for (FakeLeg l : p.legs) {
      l.down = true;
      l.cut("reset");
    }
    List<Outcome> all = new ArrayList<>();
    all.add(p.write(0, 4096, 1));
    all.add(p.write(100, 4096, 1));
    all.add(p.read(0, 4096));
    all.add(p.read(1 << 20, 4096));
    all.add(p.flush());
    p.advance(15_000 * MS);
    assertThat(all).noneMatch(o -> o.status == -1 || o.status == Status.OK);
  }
}
