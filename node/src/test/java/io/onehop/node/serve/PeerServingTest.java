package io.onehop.node.serve;

import static io.onehop.node.serve.EngineLab.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.node.books.TestViews;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

/** What a leg gives to its peers, and what an authority asks of them (rules 6.4 to 6.7, 7.2). */
final class PeerServingTest extends ResyncCase {
  @Test
  void mapsAreGivenToTheNamedRunInTheVeryGenerationOnly() {
    lab.written();
    PoolView out = TestViews.evicted(lab.view, 1);
    lab.adopt(TestViews.syncing(out, 1, 201));
    TestConnection c = peerConnection(1, 201);
    FrameHeader h = request(c, FrameType.MAP_REQUEST);
    h.offset = lab.view.generation();
    assertThat(ask(c, h)).isEqualTo(Status.OK);
    h.generation++;
    assertThat(ask(c, h)).isEqualTo(Status.AGAIN);
    h.generation -= 2;
    assertThat(ask(c, h)).isEqualTo(Status.STALE_VIEW);
    h.generation++;
    h.offset--;
    assertThat(ask(c, h)).isEqualTo(Status.NOT_IN_SYNC);
    h.offset++;
    TestConnection old = peerConnection(1, 101);
    h.handle = old.sent.getFirst().header().handle;
    assertThat(ask(old, h)).isEqualTo(Status.NOT_IN_SYNC);
    // Not in phase reconciling (rule 7.1).
    lab.adopt(TestViews.ended(lab.view, 0));
    h = request(c, FrameType.MAP_REQUEST);
    h.offset = lab.view.members().get(1).since();
    assertThat(ask(c, h)).isEqualTo(Status.NOT_IN_SYNC);
  }

  @Test
  void aClearCountsForItsStayAndRunOnly() {
    lab.written();
    lab.adopt(TestViews.syncing(TestViews.evicted(lab.view, 1), 1, 201));
    lab.disk.missMap(TestViews.id(1)).add(3, 5);
    TestConnection c = peerConnection(1, 201);
    for (int kind = 0; kind < 5; kind++) {
      FrameHeader h = request(c, FrameType.CLEAR);
      h.offset = lab.view.generation();
      h.extra = 201;
      switch (kind) {
        case 0 -> h.generation--;
        case 1 -> h.offset--;
        case 2 -> h.extra--;
        case 3 -> h.generation++;
        default -> {}
      }
      ByteBuffer p = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
      p.putLong(3).putLong(1).flip();
      lab.engine.frame(c, h, p);
      assertThat(lab.disk.missMap(TestViews.id(1)).toString())
          .isEqualTo(kind < 4 ? "{3, 4}" : "{4}");
    }
    // A clear that comes in reconciling wipes nothing (†4c).
    lab.adopt(TestViews.ended(lab.view, 0));
    FrameHeader h = request(c, FrameType.CLEAR);
    h.offset = lab.view.members().get(1).since();
    h.extra = 201;
    ByteBuffer p = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    p.putLong(4).putLong(1).flip();
    lab.engine.frame(c, h, p);
    assertThat(lab.disk.missMap(TestViews.id(1)).toString()).isEqualTo("{4}");
  }

  @Test
  void aFetchIsAnsweredAfterTheWritesAdmittedBeforeIt() {
    lab.written();
    lab.adopt(TestViews.syncing(TestViews.evicted(lab.view, 1), 1, 201));
    TestConnection c = peerConnection(1, 201);
    EngineLab.Client w = lab.client(TestViews.SESSION, 0);
    lab.disk.late = true;
    w.write(1, 3, 9);
    FrameHeader h = request(c, FrameType.FETCH);
    h.offset = 3L * B;
    h.length = B;
    lab.engine.frame(c, h, ByteBuffer.allocate(0));
    assertThat(c.ofType(FrameType.FETCHED)).isEmpty();
    while (lab.disk.completeNext()) {}
    assertThat(c.last().header().type).isEqualTo(FrameType.FETCHED);
    assertThat(c.last().header().extra).isEqualTo(1);
    assertThat(c.last().payload().getLong(0)).isEqualTo(9);
    // What is missing here is refused at once (rule 4.3).
    lab.disk.ownMissing().add(3, 4);
    assertThat(ask(c, h)).isEqualTo(Status.MISSING);
    // A read would only hold up a view at the barrier.
    lab.disk.ownMissing().clear();
    w.write(2, 7, 9);
    lab.adopt(TestViews.evicted(lab.view, 2));
    h.generation = lab.view.generation() - 1;
    assertThat(ask(c, h)).isEqualTo(Status.AGAIN);
    while (lab.disk.completeNext()) {}
    assertThat(lab.engine.status().adoptedGeneration()).isEqualTo(lab.view.generation());
  }

  @Test
  void theUnionIsRecordedDurablyBeforeItIsCopied() {
    EngineLab.Peer b = lab.peer(1);
    lab.written();
    lab.adopt(TestViews.evicted(lab.view, 2));
    lab.adopt(TestViews.ended(lab.view, 1));
    lab.loop.advance(200);
    TestConnection c = peerConnection(1, 101);
    FrameHeader copy = request(c, FrameType.UNION_COPY);
    assertThat(ask(c, copy)).isEqualTo(Status.AGAIN);
    FrameHeader record = request(c, FrameType.UNION_RECORD);
    ByteBuffer p = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    p.putLong(3).putLong(2).flip();
    lab.engine.frame(c, record, p);
    assertThat(c.last().header().status).isEqualTo(Status.OK);
    assertThat(lab.disk.carried().toString()).isEqualTo("{3, 4}");
    assertThat(lab.disk.missMap(TestViews.id(2)).toString()).isEqualTo("{3, 4}");
    assertThat(lab.disk.trace).contains("force carried", "force map2");
    int answers = c.sent.size();
    lab.engine.frame(c, copy, ByteBuffer.allocate(0));
    lab.engine.frame(c, copy, ByteBuffer.allocate(0));
    lab.loop.advance(1);
    FrameHeader f = b.asked(FrameType.FETCH).getLast();
    b.send(fetched(f), 2 * B, B, 77, 78);
    lab.loop.advance(200);
    assertThat(c.sent.size()).isEqualTo(answers + 1);
    assertThat(c.last().header().type).isEqualTo(FrameType.PEER_ACK);
    assertThat(lab.disk.data[4]).isNotZero();
    assertThat(ask(c, copy)).isEqualTo(Status.OK);
  }

  @Test
  void anAuthorityRepeatsItsStepsAndCountsNoOtherAnswers() {
    EngineLab.Peer b = lab.peer(1);
    lab.written();
    EngineLab.Client w = lab.client(TestViews.SESSION, 0);
    w.write(1, 3, 9);
    lab.adopt(TestViews.evicted(lab.view, 2));
    lab.adopt(TestViews.ended(lab.view, 0));
    lab.loop.advance(200);
    long g = lab.view.generation();
    lab.engine.order(new LegOrder.GatherUnion(g, 1 << 1));
    lab.engine.order(new LegOrder.GatherUnion(g, 1 << 1));
    lab.loop.advance(1);
    FrameHeader q = b.asked(FrameType.UNION_REQUEST).getLast();
    b.answer(q, FrameType.PEER_ACK, Status.OK, 0, 8);
    lab.loop.advance(1);
    assertThat(lab.edges(LegEdge.UnionGathered.class)).isEmpty();
    b.answer(q, FrameType.UNION, Status.OK, 16, 8, 8, 1);
    lab.loop.advance(1);
    assertThat(lab.edges(LegEdge.UnionGathered.class)).hasSize(1);
    lab.engine.order(new LegOrder.RecordUnion(g, 1 << 1));
    lab.loop.advance(1);
    assertThat(lab.disk.missMap(TestViews.id(2)).toString()).isEqualTo("{3, 8}");
    b.answer(b.asked(FrameType.UNION_RECORD).getLast(), FrameType.PEER_ACK, Status.OK, 0, 8);
    lab.loop.advance(1);
    assertThat(lab.edges(LegEdge.UnionRecorded.class)).hasSize(1);
    lab.engine.order(new LegOrder.CopyUnion(g, 1 << 1));
    lab.loop.advance(1);
    b.answer(b.asked(FrameType.UNION_COPY).getLast(), FrameType.PEER_ACK, Status.OK, 0, 8);
    lab.loop.advance(1);
    assertThat(lab.edges(LegEdge.UnionCopied.class)).hasSize(1);
  }

  @Test
  void ordersOfAnotherGenerationDoNothing() {
    EngineLab.Peer b = syncing();
    long g = lab.view.generation();
    for (long other : new long[] {g - 1, g + 1}) {
      lab.engine.order(new LegOrder.RequestMaps(other, 2));
      lab.engine.order(new LegOrder.Heal(other));
      lab.engine.order(new LegOrder.GatherUnion(other, 2));
      lab.engine.order(new LegOrder.RecordUnion(other, 2));
      lab.engine.order(new LegOrder.CopyUnion(other, 2));
    }
    lab.loop.advance(500);
    assertThat(b.asked).isEmpty();
  }
}
