package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Legs that live but do not answer in time: nobody waits longer than a deadline to have it said.
 */
final class SlownessTest {
  private static final long MS = 1_000_000L;

  private final FakePool p = new FakePool(3).attached();

  @Test
  void viewsThatKeepComingGiveNobodyMoreTime() {
    p.legs.get(1).drops = FrameType.WRITE;
    Outcome w = p.write(0, 4096, 1);
    for (int i = 0; i < 24; i++) {
      p.change(d -> d);
      p.advance(100 * MS);
    }
    assertThat(w.status).isEqualTo(-1);
    assertThat(p.suspected).contains(1).doesNotContain(0, 2);
  }

  @Test
  void aLegThatIsAlwaysOneViewBehindIsReported() {
    p.follow = ~(1 << 1);
    p.legs.get(1).adopts = false;
    for (int i = 0; i < 24; i++) {
      p.change(d -> d);
      p.advance(100 * MS);
    }
    assertThat(p.suspected).contains(1).doesNotContain(0, 2);
  }

  @Test
  void aLegThatAdoptsEachViewLateIsNot() {
    p.follow = ~(1 << 1);
    p.legs.get(1).adopts = false;
    for (int i = 0; i < 40; i++) {
      p.change(d -> d);
      p.advance(500 * MS);
      p.legs.get(1).adopt(p.view);
      p.advance(500 * MS);
    }
    assertThat(p.suspected).isEmpty();
  }

  @Test
  void oneLateReadTakesTheOthersAwayAndSparesTheLeg() {
    p.legs.get(1).drops = FrameType.READ;
    List<Outcome> first = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      first.add(p.read(i * 4096L, 4096));
    }
    p.advance(1500 * MS);
    List<Outcome> later = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      later.add(p.read(i * 4096L, 4096));
    }
    p.wire.run();
    assertThat(later).anyMatch(r -> r.status == -1);
    // A deadline after the first one was sent, all are answered.
    p.advance(700 * MS);
    assertThat(first).allMatch(r -> r.status == Status.OK);
    assertThat(later).allMatch(r -> r.status == Status.OK);
    assertThat(p.suspected).contains(1).doesNotContain(0, 2);
    p.legs.get(1).log.clear();
    p.legs.get(1).drops = 0;
    for (int i = 0; i < 12; i++) {
      p.read(i * 4096L, 4096);
    }
    p.wire.run();
    assertThat(p.legs.get(1).got(FrameType.READ)).isEmpty();
    // Forgotten when none has been late for a deadline.
    p.advance(2500 * MS);
    for (int i = 0; i < 12; i++) {
      p.read(i * 4096L, 4096);
    }
    p.wire.run();
    assertThat(p.legs.get(1).got(FrameType.READ)).hasSize(4);
  }

  @Test
  void ifAllAreSlowTheyAreReadAllTheSame() {
    for (FakeLeg l : p.legs) {
      l.drops = FrameType.READ;
    }
    Outcome r = p.read(0, 4096);
    Outcome r2 = p.read(0, 4096);
    Outcome r3 = p.read(0, 4096);
    p.advance(7000 * MS);
    for (FakeLeg l : p.legs) {
      l.drops = 0;
    }
    p.advance(3000 * MS);
    assertThat(List.of(r.status, r2.status, r3.status)).containsOnly(Status.OK);
  }
}
