package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.wire.AttachRequest;
import io.onehop.transport.Status;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rule 5.3: sessions that may not go on, and those that take others over. */
final class FencedTest {
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

  @Test
  void fencedForGoodBySuccessorTakeoverOrPowerLoss() {
    UUID other = new UUID(6, 6);
    for (int way = 0; way < 3; way++) {
      p = new FakePool(2).attached();
      p.legs.get(1).hold = true;
      Outcome w = p.write(0, 4096, 2);
      p.wire.run();
      switch (way) {
        case 0 -> p.change(d -> d.sessionEnded(false, false).phase(new Phase.Reconciling(0)));
        case 1 -> {
          p.follow = 0;
          p.change(d -> d.sessionEnded(false, true));
          p.change(d -> d.admitted(other, "elsewhere", 2, 0));
          p.follow = ~0;
          p.change(d -> d);
        }
        default -> {
          p.follow = 0;
          p.change(d -> d.sessionEnded(false, true));
          p.change(d -> d.admitted(other, "elsewhere", 2, 0));
          p.follow = ~0;
          p.change(d -> d.sessionEnded(true, false));
        }
      }
      p.wire.run();
      assertThat(w.status).isEqualTo(Status.FENCED);
      assertThat(p.attaches).hasSize(1);
      assertThat(p.events.getLast())
          .contains(
              way == 0
                  ? "ended for good: by a takeover or an operator"
                  : way == 1 ? "held by elsewhere pid 2" : "another one was admitted since");
      p.advance(1000 * MS);
      assertThat(p.attaches).hasSize(1);
      assertThat(p.write(0, 4096, 1).status).isEqualTo(Status.FENCED);
    }
  }

  @Test
  void withoutTheRuleItAsksWhateverTheViewSays() {
    p = pool(RuleOff.without("fencedForGood"));
    p.change(d -> d.sessionEnded(false, false));
    p.wire.run();
    assertThat(p.events.getLast()).isEqualTo("resumed");
  }

  @Test
  void aLegThatKnowsBetterRefuses() {
    endBySilence();
    p.wire.run();
    p.attachStatus = Status.REFUSED;
    ready();
    p.advance(500 * MS);
    assertThat(p.events.getLast()).isEqualTo("ended: the session was ended: held by host-x");
  }

  @Test
  void givesUpAfterAMinuteOfAsking() {
    p.attachStatus = Status.AGAIN;
    Outcome w = p.write(0, 4096, 1);
    p.wire.run();
    endBySilence();
    p.wire.run();
    Outcome late = p.write(0, 4096, 1);
    p.advance(59_000 * MS);
    assertThat(late.status).isEqualTo(-1);
    assertThat(p.waiting).contains("held by host-x");
    // No leg: that time is not counted, nobody could be asked.
    for (FakeLeg l : p.legs) {
      l.down = true;
      l.cut("killed");
    }
    p.advance(120_000 * MS);
    assertThat(late.status).isEqualTo(-1);
    assertThat(p.waiting).contains("no leg in sync can be reached");
    for (FakeLeg l : p.legs) {
      l.down = false;
    }
    p.advance(3000 * MS);
    assertThat(late.status).isEqualTo(Status.FENCED);
    assertThat(w.status).isEqualTo(Status.OK);
    assertThat(p.events.getLast()).contains("could not go on within 60000 ms");
  }

  @Test
  void takesOverOnceAndNeverAgain() {
    p = FakePool.takingOver(2);
    p.change(d -> d.admitted(new UUID(6, 6), "elsewhere", 2, 0));
    p.attached();
    assertThat(p.attaches).extracting(AttachRequest::takeover).containsOnly(true);
    int first = p.attaches.size();
    endBySilence();
    ready();
    p.wire.run();
    assertThat(p.events.getLast()).isEqualTo("resumed");
    assertThat(p.attaches.subList(first, p.attaches.size()))
        .isNotEmpty()
        .noneMatch(AttachRequest::takeover);
  }
}
