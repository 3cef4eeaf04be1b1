package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where members answer with different lineages, the one that left the other behind wins (8.6). */
final class LineageTest {
  private static final long MS = 1_000_000L;

  private final FakePool p = FakePool.knowing(2, 2);

  @AfterEach
  void everythingIsGivenBack() {
    p.engine.abandon();
    p.wire.run();
    assertThat(p.engine.buffers.outstanding()).isZero();
  }

  /** Begun by leg 1, which keeps leg 0 out. */
  private PoolView forked() {
    return p.view.forked(
        new UUID(0, 77),
        p.view.generation() + 5,
        null,
        d -> d.member(0, d.members().get(0).moved(LegState.OUT, 0, d.generation(), "forced")));
  }

  @Test
  void aSessionIsEndedOnceItHearsThatItsLineageWasLeftBehind() {
    p.attached();
    FakeLeg leg = p.legs.get(1);
    leg.greeting = forked();
    leg.cut("reset");
    Outcome w = p.write(0, 4096, 1);
    p.advance(1_000 * MS);
    assertThat(w.status).isEqualTo(Status.FENCED);
    assertThat(p.events.getLast()).contains("another lineage, by a forced promotion");
  }

  @Test
  void anAttachGoesToTheLineageThatLeftTheOtherBehind() {
    p.legs.get(1).greeting = forked();
    p.engine.start();
    p.wire.run();
    p.advance(1_000 * MS);
    assertThat(p.legs.get(0).got(FrameType.ATTACH)).isEmpty();
    assertThat(p.legs.get(1).got(FrameType.ATTACH)).isNotEmpty();
    PoolView view = p.engine.view();
    assertThat(view == null ? null : view.lineage()).isEqualTo(new UUID(0, 77));
  }

  @Test
  void aMemberThatSaysNothingIsNotWaitedForForLong() {
    p.legs.get(1).mute = true;
    p.engine.start();
    p.wire.run();
    p.advance(100 * MS);
    assertThat(p.legs.get(0).got(FrameType.ATTACH)).isEmpty();
    p.advance(900 * MS);
    assertThat(p.events).contains("attached");
  }
}
