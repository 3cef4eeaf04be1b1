package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.protocol.model.LegState;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rules 4.2 and 4.3: reads when legs in sync cannot be reached, or have lost a block. */
final class HealingReadTest {
  private static final long MS = 1_000_000L;

  private FakePool p = new FakePool(2).attached();

  @AfterEach
  void everythingIsGivenBack() {
    p.engine.abandon();
    p.wire.run();
    assertThat(p.engine.buffers.outstanding()).isZero();
  }

  /** Leg 0 in sync, leg 1 heals. */
  private void oneHeals() {
    p.write(0, 8192, 5);
    p.wire.run();
    p.move(1, LegState.STALE);
    p.move(1, LegState.SYNCING);
    p.wire.run();
    // The leg that heals relays to the voter that the client does not reach.
    p.relayed = 1;
    p.advance(600 * MS);
  }

  private void cutOff(int leg) {
    p.legs.get(leg).down = true;
    p.legs.get(leg).cut("reset");
    p.wire.run();
  }

  @Test
  void theLegThatHealsIsReadOnlyWhenNobodyInSyncCanBe() {
    oneHeals();
    Outcome both = p.read(0, 4096);
    p.wire.run();
    assertThat(both.status).isEqualTo(Status.OK);
    assertThat(p.legs.get(1).got(FrameType.READ)).isEmpty();
    cutOff(0);
    Outcome alone = p.read(0, 4096);
    Outcome w = p.write(4096, 4096, 6);
    Outcome behind = p.read(4096, 4096);
    Outcome elsewhere = p.read(65536, 4096);
    p.advance(5000 * MS);
    assertThat(alone.status).isEqualTo(Status.OK);
    assertThat(alone.at(0)).isEqualTo(5);
    assertThat(elsewhere.status).isEqualTo(Status.OK);
    assertThat(List.of(w.status, behind.status)).containsOnly(-1);
    assertThat(p.waiting).startsWith("writes wait for node-0, the only leg in sync (");
    assertThat(p.told)
        .isNotEmpty()
        .allMatch(reason -> ("" + p.waiting).endsWith("(" + reason + ")"));
    assertThat(p.suspected).isEmpty();
    p.legs.get(0).down = false;
    p.advance(1000 * MS);
    assertThat(List.of(w.status, behind.status)).containsOnly(Status.OK);
    assertThat(p.waiting).isNull();
    int reads = p.legs.get(1).got(FrameType.READ).size();
    Outcome again = p.read(0, 4096);
    p.wire.run();
    assertThat(again.status).isEqualTo(Status.OK);
    assertThat(p.legs.get(1).got(FrameType.READ)).hasSize(reads);
  }

  @Test
  void partsOfBlocksAreMergedFromTheLegThatHeals() {
    oneHeals();
    cutOff(0);
    Outcome w = p.write(100, 50, 9);
    p.advance(3000 * MS);
    assertThat(w.status).isEqualTo(-1);
    p.legs.get(0).down = false;
    p.advance(1000 * MS);
    assertThat(w.status).isEqualTo(Status.OK);
    for (int i = 0; i < 2; i++) {
      assertThat(p.legs.get(i).store.get(99)).isEqualTo((byte) 5);
      assertThat(p.legs.get(i).store.get(100)).isEqualTo((byte) 9);
      assertThat(p.legs.get(i).store.get(150)).isEqualTo((byte) 5);
    }
  }

  @Test
  void partsOfBlocksAreMergedWhateverLegIsLostInBetween() {
    for (int lost = 0; lost < 3; lost++) {
      for (boolean beforeTheRead : new boolean[] {true, false}) {
        p = new FakePool(3).attached();
        p.write(0, 12288, 5);
        p.wire.run();
        for (FakeLeg l : p.legs) {
          l.hold = true;
        }
        Outcome w = p.write(100, 8092, 9);
        p.wire.run();
        if (!beforeTheRead) {
          for (FakeLeg l : p.legs.subList(0, 3)) {
            l.release();
            l.drops = FrameType.WRITE;
          }
          p.wire.run();
        }
        cutOff(lost);
        p.move(lost, LegState.STALE);
        for (FakeLeg l : p.legs) {
          l.release();
          l.drops = 0;
        }
        for (FakeLeg l : p.legs) {
          if (!l.down) {
            l.cut("reset");
          }
        }
        p.advance(1000 * MS);
        assertThat(w.status).isEqualTo(Status.OK);
        for (int i = 0; i < 3; i++) {
          for (int b = 0; b < 12288 && i != lost; b++) {
            assertThat((int) p.legs.get(i).store.get(b))
                .as("leg %d byte %d", i, b)
                .isEqualTo(b >= 100 && b < 8192 ? 9 : 5);
          }
        }
      }
    }
  }

  @Test
  void itsMapsMayStillBeOnTheWay() {
    oneHeals();
    cutOff(0);
    p.legs.get(1).readStatus = Status.NOT_IN_SYNC;
    Outcome r = p.read(0, 4096);
    p.advance(3000 * MS);
    assertThat(r.status).isEqualTo(-1);
    p.legs.get(1).readStatus = Status.OK;
    p.advance(300 * MS);
    assertThat(r.status).isEqualTo(Status.OK);
    assertThat(r.at(0)).isEqualTo(5);
  }

  @Test
  void underTheLeaseToo() {
    oneHeals();
    cutOff(0);
    p.legs.get(2).grantsLease = false;
    p.relayed = 0;
    p.advance(3000 * MS);
    Outcome r = p.read(0, 4096);
    p.advance(1000 * MS);
    assertThat(r.status).isEqualTo(-1);
    p.relayed = 1;
    p.advance(1000 * MS);
    assertThat(r.status).isEqualTo(Status.OK);
    assertThat(p.legs.get(1).got(FrameType.LEASE)).isNotEmpty();
  }

  @Test
  void aSlowFetchMakesNobodySuspect() {
    oneHeals();
    cutOff(0);
    p.legs.get(1).drops = FrameType.READ;
    p.suspected.clear();
    Outcome r = p.read(0, 4096);
    p.advance(4000 * MS);
    assertThat(r.status).isEqualTo(-1);
    assertThat(p.suspected).isEmpty();
    p.legs.get(0).down = false;
    p.advance(1000 * MS);
    assertThat(r.status).isEqualTo(Status.OK);
  }

  @Test
  void aBlockLostAtOneLegIsReadFromTheNext() {
    for (int status : new int[] {Status.MISSING, Status.IO_ERROR}) {
      p = new FakePool(3).attached();
      p.write(0, 4096, 4);
      p.wire.run();
      p.legs.get(0).readStatus = status;
      p.legs.get(1).readStatus = status;
      for (int i = 0; i < 5; i++) {
        Outcome r = p.read(10, 100);
        p.wire.run();
        assertThat(r.status).isEqualTo(Status.OK);
        assertThat(r.at(0)).isEqualTo(4);
      }
      Outcome partial = p.write(10, 10, 5);
      p.wire.run();
      assertThat(partial.status).isEqualTo(Status.OK);
      p.legs.get(2).readStatus = status;
      Outcome lost = p.read(0, 4096);
      Outcome merge = p.write(20, 10, 5);
      p.wire.run();
      assertThat(List.of(lost.status, merge.status)).containsOnly(Status.IO_ERROR);
      assertThat(p.suspected).isEmpty();
      Outcome whole = p.write(0, 4096, 6);
      p.wire.run();
      assertThat(whole.status).isEqualTo(Status.OK);
    }
  }

  @Test
  void whatOneLegLostAndAnotherLostElsewhereIsReadPieceByPiece() {
    p = new FakePool(2).attached();
    for (int i = 0; i < 7; i++) {
      p.write(i * 4096L, 4096, i + 1);
    }
    p.wire.run();
    p.legs.get(0).lostBlocks.set(1);
    p.legs.get(1).lostBlocks.set(5);
    Outcome r = p.read(100, 7 * 4096 - 200);
    p.wire.run();
    assertThat(r.status).isEqualTo(Status.OK);
    for (int at = 0; at < 7 * 4096 - 200; at++) {
      assertThat(r.at(at)).isEqualTo((at + 100) / 4096 + 1);
    }
    // One that nobody has is an error, and only that.
    p.legs.get(1).lostBlocks.set(1);
    Outcome lost = p.read(0, 7 * 4096);
    Outcome whole = p.read(2 * 4096, 5 * 4096);
    p.wire.run();
    assertThat(lost.status).isEqualTo(Status.IO_ERROR);
    assertThat(whole.status).isEqualTo(Status.OK);
  }

  @Test
  void aLegOutOfReachMayStillHaveWhatTheOthersLost() {
    p.legs.get(0).readStatus = Status.MISSING;
    cutOff(1);
    Outcome r = p.read(0, 4096);
    p.advance(500 * MS);
    assertThat(r.status).isEqualTo(-1);
    p.move(1, LegState.STALE);
    p.advance(500 * MS);
    assertThat(r.status).isEqualTo(Status.IO_ERROR);
  }

  @Test
  void whatEveryLegInSyncLostIsReadFromOneThatHeals() {
    oneHeals();
    FakeLeg inSync = p.legs.get(0);
    FakeLeg heals = p.legs.get(1);
    for (int i = 0; i < 7; i++) {
      p.write(i * 4096L, 4096, i + 1);
    }
    p.wire.run();
    inSync.lostBlocks.set(2);
    inSync.lostBlocks.set(5);
    Outcome r = p.read(100, 7 * 4096 - 200);
    Outcome merge = p.write(2 * 4096 + 10, 10, 9);
    p.wire.run();
    assertThat(List.of(r.status, merge.status)).containsOnly(Status.OK);
    for (int at = 0; at < 7 * 4096 - 200; at++) {
      assertThat(r.at(at)).isEqualTo((at + 100) / 4096 + 1);
    }
    assertThat(heals.store.get(2 * 4096 + 10)).isEqualTo((byte) 9);
    assertThat(heals.store.get(2 * 4096 + 20)).isEqualTo((byte) 3);
    // Of nothing else: legs in sync serve what they have.
    assertThat(heals.got(FrameType.READ))
        .allMatch(h -> h.length == 4096 && inSync.lostBlocks.get((int) (h.offset / 4096)));
    heals.lostBlocks.set(5);
    Outcome nobody = p.read(5 * 4096, 4096);
    p.wire.run();
    assertThat(nobody.status).isEqualTo(Status.IO_ERROR);
    assertThat(p.suspected).isEmpty();
  }

  @Test
  void oneThatHealsIsGivenADeadlineToBeAble() {
    oneHeals();
    p.legs.get(0).lostBlocks.set(0);
    FakeLeg heals = p.legs.get(1);
    heals.readStatus = Status.NOT_IN_SYNC;
    Outcome soon = p.read(0, 4096);
    p.advance(1500 * MS);
    assertThat(soon.status).isEqualTo(-1);
    assertThat(heals.got(FrameType.READ)).hasSizeBetween(2, 40);
    heals.readStatus = Status.OK;
    p.advance(300 * MS);
    assertThat(soon.status).isEqualTo(Status.OK);
    assertThat(soon.at(0)).isEqualTo(5);
    heals.readStatus = Status.NOT_IN_SYNC;
    Outcome never = p.read(0, 4096);
    p.advance(1500 * MS);
    assertThat(never.status).isEqualTo(-1);
    p.advance(1000 * MS);
    assertThat(never.status).isEqualTo(Status.IO_ERROR);
    heals.drops = FrameType.READ;
    Outcome silent = p.read(0, 4096);
    p.advance(5000 * MS);
    assertThat(silent.status).isEqualTo(Status.IO_ERROR);
    assertThat(p.suspected).isEmpty();
  }

  @Test
  void oneThatHealsIsReadUnderLeaseAndViewAlsoThen() {
    oneHeals();
    p.legs.get(0).lostBlocks.set(0);
    FakeLeg heals = p.legs.get(1);
    heals.hold = true;
    Outcome r = p.read(0, 4096);
    p.wire.run();
    p.move(1, LegState.STALE);
    p.wire.run();
    heals.release();
    p.advance(100 * MS);
    assertThat(r.status).isEqualTo(Status.IO_ERROR);
    p.legs.get(0).readStatus = Status.OK;
  }

  @Test
  void losingBlocksNeedsNoMoreRoomThanReading() {
    p = new FakePool(2).attached();
    p.write(0, 4096, 4);
    p.wire.run();
    for (FakeLeg l : p.legs) {
      l.hold = true;
    }
    // As many as there may be at once, each of two blocks of which either leg lost another one.
    p.legs.get(0).lostBlocks.set(0);
    p.legs.get(1).lostBlocks.set(1);
    List<Outcome> all = new java.util.ArrayList<>();
    for (int i = 0; i < ReadParts.MOST + 100; i++) {
      all.add(p.read(0, 8192));
    }
    p.wire.run();
    for (FakeLeg l : p.legs) {
      l.release();
    }
    p.wire.run();
    assertThat(all).allMatch(o -> o.status == Status.OK && o.at(0) == 4);
  }
}
