package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.protocol.model.LegState;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What may be in flight at one leg: as many requests as its hello allows, and so many bytes. */
final class CreditsTest {
  private static final long MS = 1_000_000L;

  private FakePool p = new FakePool(2);
  private final List<Outcome> all = new ArrayList<>();

  @AfterEach
  void everythingIsGivenBack() {
    p.engine.abandon();
    p.wire.run();
    assertThat(p.engine.buffers.outstanding()).isZero();
  }

  private void allow(int first, int second) {
    p.legs.get(0).credits = first;
    p.legs.get(1).credits = second;
    p.attached();
    hold(true);
  }

  private void hold(boolean on) {
    for (FakeLeg l : p.legs) {
      l.log.clear();
      if (on) {
        l.hold = true;
      } else {
        l.release();
      }
    }
  }

  private static long requests(FakeLeg l, int... types) {
    return l.log.stream().filter(h -> List.of(boxed(types)).contains(h.type)).count();
  }

  private static Integer[] boxed(int... types) {
    return java.util.Arrays.stream(types).boxed().toArray(Integer[]::new);
  }

  private static long inFlight(FakeLeg l) {
    return requests(l, FrameType.WRITE, FrameType.WRITE_ZEROES, FrameType.READ, FrameType.FLUSH);
  }

  private void everythingIsAnswered() {
    p.wire.run();
    assertThat(all).allMatch(o -> o.status == Status.OK);
  }

  @Test
  void neverMoreThanTheLegAllows() {
    allow(8, 40);
    for (int i = 0; i < 30; i++) {
      all.add(p.write(i * 4096L, 4096, i));
      all.add(p.read((100 + i) * 4096L, 4096));
    }
    all.add(p.flush());
    p.wire.run();
    assertThat(inFlight(p.legs.get(0))).isEqualTo(8);
    assertThat(inFlight(p.legs.get(1))).isBetween(30L, 40L);
    assertThat(p.engine.counters().creditWaits()).isPositive();
    // One answer, one more request.
    FakeLeg few = p.legs.get(0);
    for (int i = 0; i < 100; i++) {
      long before = inFlight(few);
      few.releaseOne();
      p.wire.run();
      assertThat(inFlight(few)).isBetween(before, before + 1);
    }
    assertThat(few.got(FrameType.WRITE)).hasSize(30);
    assertThat(few.got(FrameType.WRITE).stream().map(h -> h.sequence)).isSorted();
    hold(false);
    everythingIsAnswered();
    for (int i = 0; i < 30; i++) {
      assertThat(few.store.get(i * 4096)).isEqualTo((byte) i);
    }
  }

  @Test
  void neitherKindKeepsTheOthersOut() {
    // Writes wait both inside of the window and before it.
    p = new FakePool(2, FakePool.STORE, FaultsTest.policies(false, 16), ClientRules.ALL);
    allow(8, 8);
    for (int i = 0; i < 50; i++) {
      all.add(p.write(i * 4096L, 4096, i));
    }
    for (int i = 0; i < 50; i++) {
      all.add(p.read((100 + i) * 4096L, 4096));
    }
    all.add(p.flush());
    p.wire.run();
    for (FakeLeg l : p.legs.subList(0, 2)) {
      assertThat(requests(l, FrameType.WRITE)).isEqualTo(6);
      assertThat(requests(l, FrameType.READ)).isEqualTo(2);
      assertThat(requests(l, FrameType.FLUSH)).isZero();
      l.releaseOne();
    }
    p.wire.run();
    // What a write gives back is the flush's first, though more writes wait; then theirs, in order.
    for (FakeLeg l : p.legs.subList(0, 2)) {
      assertThat(requests(l, FrameType.FLUSH)).isEqualTo(1);
      assertThat(requests(l, FrameType.WRITE)).isEqualTo(6);
    }
    for (int i = 0; i < 40; i++) {
      for (FakeLeg l : p.legs.subList(0, 2)) {
        l.releaseOne();
      }
      p.wire.run();
    }
    for (FakeLeg l : p.legs.subList(0, 2)) {
      assertThat(l.got(FrameType.WRITE)).hasSizeGreaterThan(10);
      assertThat(l.got(FrameType.WRITE).stream().map(h -> h.sequence)).isSorted();
    }
    hold(false);
    everythingIsAnswered();
  }

  @Test
  void readsGoWhereThereIsRoom() {
    allow(4, 40);
    for (int i = 0; i < 20; i++) {
      all.add(p.read(i * 4096L, 4096));
    }
    p.wire.run();
    assertThat(requests(p.legs.get(0), FrameType.READ)).isEqualTo(3);
    assertThat(requests(p.legs.get(1), FrameType.READ)).isEqualTo(17);
    hold(false);
    everythingIsAnswered();
  }

  @Test
  void whatWaitsSurvivesABreakAndAViewChange() {
    allow(4, 4);
    for (int i = 0; i < 20; i++) {
      all.add(p.write(i * 4096L, 4096, i));
      all.add(p.read((100 + i) * 4096L, 4096));
    }
    all.add(p.flush());
    p.wire.run();
    p.legs.get(0).cut("reset");
    p.advance(100 * MS);
    p.move(1, LegState.STALE);
    p.wire.run();
    p.move(1, LegState.SYNCING);
    p.wire.run();
    for (FakeLeg l : p.legs) {
      l.release();
    }
    p.advance(500 * MS);
    everythingIsAnswered();
  }

  @Test
  void aLegThatAllowsNothingIsNotUsed() {
    p.legs.get(1).credits = 0;
    p.attached();
    p.advance(100 * MS);
    assertThat(p.suspected).contains(1);
    p.legs.get(1).credits = 2;
    p.advance(1000 * MS);
    all.add(p.write(0, 4096, 1));
    all.add(p.read(0, 4096));
    all.add(p.flush());
    p.advance(100 * MS);
    everythingIsAnswered();
  }

  @Test
  void notMoreBytesOfReadsThanAConnectionQueues() {
    allow(10_000, 10_000);
    for (int i = 0; i < 300; i++) {
      all.add(p.read(0, 1 << 20));
    }
    p.wire.run();
    long asked =
        p.legs.stream()
            .flatMap(l -> l.got(FrameType.READ).stream())
            .mapToLong((FrameHeader h) -> h.length)
            .sum();
    assertThat(asked).isEqualTo(64L << 20);
    hold(false);
    everythingIsAnswered();
  }
}
