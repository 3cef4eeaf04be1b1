package io.onehop.node.serve;

import static io.onehop.node.serve.EngineLab.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.node.books.TestViews;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.model.Policies;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Leg 0 heals from legs that are slow, stuck, or have lost blocks; they are played. */
final class ResyncPatienceTest extends ResyncCase {
  private static final long DEADLINE_MS = Policies.DEFAULT.deadlineNanos() / 1_000_000;

  /** Every block is missing; answers of {@code silent} alone never come. */
  private static final int BLOCKS = 1024;

  private final List<EngineLab.Peer> peers = new ArrayList<>();

  private void bothInSync() {
    peers.add(lab.peer(1));
    peers.add(lab.peer(2));
    lab.written();
    lab.adopt(TestViews.syncing(TestViews.evicted(lab.view, 0), 0, 100));
    lab.loop.advance(200);
    lab.engine.order(new LegOrder.RequestMaps(lab.view.generation(), 6));
    lab.loop.advance(1);
    peers.get(0).maps(0, BLOCKS);
    peers.get(1).maps();
  }

  private int answerAll(EngineLab.Peer p) {
    List<FrameHeader> asked = List.copyOf(p.asked(FrameType.FETCH));
    p.asked.clear();
    for (FrameHeader f : asked) {
      FrameHeader a = fetched(f);
      a.flags = FrameType.FLAG_HOLE;
      p.send(a, 0, 8);
    }
    lab.loop.advance(1);
    return asked.size();
  }

  @Test
  void whatASourceNeverAnswersIsAskedOfAnother() {
    bothInSync();
    heal();
    EngineLab.Peer stuck = peers.get(0);
    EngineLab.Peer answers = peers.get(1);
    while (answerAll(answers) > 0) {}
    List<FrameHeader> owed = List.copyOf(stuck.asked(FrameType.FETCH));
    assertThat(owed).isNotEmpty();
    lab.loop.advance(DEADLINE_MS - 500);
    assertThat(answers.asked(FrameType.FETCH)).isEmpty();
    for (int i = 0; i < 50; i++) {
      lab.loop.advance(100);
      answerAll(answers);
    }
    assertThat(own()).isEqualTo("{}");
    assertThat(lab.edges(LegEdge.Healed.class)).hasSize(1);
    // No more was piled up at the one that is stuck; what it says at last is not listened to.
    assertThat(stuck.asked(FrameType.FETCH)).hasSameSizeAs(owed);
    stuck.send(fetched(owed.getFirst()), (int) owed.getFirst().length, B, 7);
    lab.loop.advance(10);
    assertThat(lab.disk.data[(int) (owed.getFirst().offset / B)]).isZero();
  }

  @Test
  void anOnlySourceIsNotAskedTwice() {
    EngineLab.Peer b = syncing();
    maps();
    b.maps(3, 1);
    heal();
    lab.loop.advance(4 * DEADLINE_MS);
    assertThat(b.asked(FrameType.FETCH)).hasSize(1);
  }

  @Test
  void aLongMapIsAskedForOnce() {
    EngineLab.Peer b = syncing();
    maps();
    FrameHeader request =
        b.asked(FrameType.MAP_REQUEST).stream().filter(h -> h.extra == 0).toList().getFirst();
    int asked = b.asked(FrameType.MAP_REQUEST).size();
    FrameHeader more = new FrameHeader().copyFrom(request);
    more.type = FrameType.MAP;
    more.flags = FrameType.FLAG_MORE;
    for (int i = 0; i < 20; i++) {
      lab.loop.advance(200);
      b.send(more, 16, 8, 10 + i, 1);
    }
    lab.loop.advance(1);
    assertThat(b.asked(FrameType.MAP_REQUEST)).hasSize(asked);
    // One that has stopped in the middle is asked again.
    lab.loop.advance(1000);
    assertThat(b.asked(FrameType.MAP_REQUEST)).hasSizeGreaterThan(asked);
  }

  @Test
  void whatTheLegInSyncHasLostIsServedIfItIsCleanHere() {
    EngineLab.Peer b = syncing();
    EngineLab.Client r = lab.client(TestViews.SESSION, 0);
    maps();
    b.maps(4, 2);
    heal();
    for (FrameHeader f : List.copyOf(b.asked(FrameType.FETCH))) {
      b.answer(f, FrameType.FETCHED, Status.MISSING, 0, 8);
    }
    lab.loop.advance(100);
    r.read(1, 3);
    assertThat(r.status()).isEqualTo(Status.OK);
    r.read(2, 4);
    for (int i = 0; i < 10; i++) {
      lab.loop.advance(60);
      for (FrameHeader f : List.copyOf(b.asked(FrameType.FETCH))) {
        b.answer(f, FrameType.FETCHED, Status.MISSING, 0, 8);
      }
      b.asked.clear();
    }
    assertThat(r.status()).isEqualTo(Status.MISSING);
    r.write(1, 4, 9);
    r.read(3, 4);
    assertThat(r.status()).isEqualTo(Status.OK);
  }
}
