package io.onehop.node.serve;

import static io.onehop.node.serve.EngineLab.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.node.books.TestLoop;
import io.onehop.node.books.TestViews;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import org.junit.jupiter.api.Test;

/** What one connection may cost a leg: requests in flight, and time without a sign of life. */
final class LinkBoundsTest extends ResyncCase {
  private static final long SILENCE_MS = 60_000;

  private EngineLab.Client writer() {
    lab.written();
    return lab.client(TestViews.SESSION, 0);
  }

  @Test
  void whoSendsMoreThanWasAnnouncedIsCutOff() {
    EngineLab.Client w = writer();
    long credits = w.c.sent.getFirst().header().extra;
    assertThat(credits).isGreaterThan(1024);
    lab.disk.late = true;
    for (int i = 0; i < credits; i++) {
      w.read(i, 3);
    }
    assertThat(w.c.closed).isNull();
    w.read(credits, 3);
    assertThat(w.c.closed).contains("requests in flight");
  }

  @Test
  void everyRequestIsAnsweredOnceWhateverBecomesOfIt() {
    EngineLab.Client w = writer();
    long credits = w.c.sent.getFirst().header().extra;
    int answers = w.c.sent.size();
    for (int i = 0; i < credits; i++) {
      w.write(1 + i % 4, 3, 9);
      w.read(i, 3);
      w.send(w.header(FrameType.READ, i, -B, B), 0);
      w.flush(i);
      FrameHeader old = w.header(FrameType.READ, i, 3L * B, B);
      old.generation--;
      w.send(old, 0);
      lab.loop.advance(1);
    }
    lab.loop.advance(100);
    assertThat(w.c.closed).isNull();
    assertThat(
            w.c.sent.stream()
                .skip(answers)
                .filter(s -> s.header().type == FrameType.ACK || s.header().type == FrameType.DATA))
        .hasSize((int) (5 * credits));
    // A copy of a write in progress joins it, on the same connection, too (rule 3.4).
    lab.disk.late = true;
    w.write(9, 5, 1);
    w.write(9, 5, 1);
    int before = w.c.ofType(FrameType.ACK).size();
    while (lab.disk.completeNext()) {}
    assertThat(w.c.ofType(FrameType.ACK)).hasSize(before + 2);
    assertThat(w.status()).isEqualTo(Status.OK);
  }

  @Test
  void whoIsSilentForAMinuteIsGone() {
    EngineLab.Client w = writer();
    EngineLab.Client lives = lab.client(new java.util.UUID(7, 7), 0);
    TestConnection p = peerConnection(1, 101);
    for (int i = 0; i < 70; i++) {
      lives.c.received = lab.loop.now();
      assertThat(w.c.closed).isNull();
      lab.loop.advance(SILENCE_MS / 70);
    }
    lab.loop.advance(1000);
    assertThat(w.c.closed).startsWith("silent for");
    assertThat(p.closed).startsWith("silent for");
    assertThat(lives.c.closed).isNull();
  }

  @Test
  void notAfterThisProcessWasStoppedItself() {
    TestLoop loop = new TestLoop();
    Silence silence = new Silence(loop);
    TestConnection c = new TestConnection();
    silence.look(lab.view);
    loop.advance(2 * SILENCE_MS);
    silence.look(lab.view);
    silence.judge(c);
    assertThat(c.closed).isNull();
  }

  @Test
  void aLegThatEndedLeavesNothingInItsLoop() {
    assertThat(lab.loop.hooks()).isEqualTo(1);
    lab.engine.shutDown("test");
    lab.loop.advance(1000);
    assertThat(lab.loop.hooks()).isZero();
  }
}
