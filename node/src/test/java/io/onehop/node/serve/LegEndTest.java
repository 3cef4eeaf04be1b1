package io.onehop.node.serve;

import static io.onehop.node.serve.EngineLab.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.node.books.TestViews;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.leg.LegStatus;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** How a leg ends: failing disks, orders to stop, hostile frames; and what it tells meanwhile. */
final class LegEndTest {
  private final EngineLab lab = new EngineLab();

  private EngineLab.Client writer() {
    lab.written();
    return lab.client(TestViews.SESSION, 0);
  }

  @Test
  void aFailedSyncEndsTheRunWithEverythingSuspectThatWasWrittenSinceTheLastGoodOne() {
    EngineLab.Client c = writer();
    c.write(1, 3, 7);
    c.flush(1);
    lab.loop.advance(100);
    assertThat(c.status()).isEqualTo(Status.OK);
    c.write(2, 1000, 8);
    lab.disk.syncStatus = Status.IO_ERROR;
    c.flush(2);
    lab.loop.advance(100);
    assertThat(c.status()).isEqualTo(Status.IO_ERROR);
    assertThat(lab.edges(LegEdge.DiskFailed.class)).hasSize(1);
    // The pool has one extent of 4 MiB, all of it stored to; see UnsyncedTest for several.
    assertThat(lab.disk.ownMissing().size()).isEqualTo(TestViews.BLOCKS);
    assertThat(lab.disk.trace).contains("force own");
    // Like lost power: a session that lived through it must not go on (rule 8.5).
    assertThat(lab.disk.superblock().lostPower()).isTrue();
    assertThat(c.c.closed).isNotNull();
    over(c);
  }

  @Test
  void failingMetadataEndTheRunWithoutAHalfAdoptedView() {
    EngineLab.Client c = writer();
    c.write(1, 0, 7);
    long adopted = lab.view.generation();
    lab.disk.metadataFails = true;
    lab.adopt(TestViews.evicted(lab.view, 1));
    assertThat(lab.edges(LegEdge.DiskFailed.class)).hasSize(1);
    assertThat(lab.engine.status().adoptedGeneration()).isEqualTo(adopted);
    assertThat(c.c.closed).isNotNull();
    over(c);
  }

  @Test
  void aMarkThatCannotBeMadeEndsTheRun() {
    EngineLab.Client c = writer();
    lab.adopt(TestViews.evicted(lab.view, 1));
    lab.disk.metadataFails = true;
    c.write(1, 0, 7);
    assertThat(lab.edges(LegEdge.DiskFailed.class)).hasSize(1);
    assertThat(lab.disk.data[0]).isZero();
    assertThat(c.c.ofType(FrameType.ACK)).isEmpty();
    over(c);
  }

  @Test
  void aPageOfMetadataThatIsGoneEndsTheRun() {
    EngineLab.Client c = writer();
    lab.adopt(TestViews.evicted(lab.view, 1));
    lab.disk.metadataFaults = true;
    c.write(1, 0, 7);
    assertThat(lab.edges(LegEdge.DiskFailed.class)).hasSize(1);
    assertThat(lab.disk.data[0]).isZero();
    lab.disk.metadataFaults = false;
    over(c);
  }

  @Test
  void aWriteThatFailsIsToldAndStaysUnconfirmed() {
    EngineLab.Client c = writer();
    for (int status : new int[] {Status.IO_ERROR, Status.NO_SPACE}) {
      lab.disk.writeStatus = status;
      c.write(status, 3, 7);
      assertThat(c.status()).isEqualTo(status);
      assertThat(lab.disk.unconfirmed().holds(lab.view.epoch(), status)).isTrue();
    }
    // The leg is not its own judge: the client reports it, and it goes out by a view.
    assertThat(lab.edges(LegEdge.DiskFailed.class)).isEmpty();
    lab.adopt(TestViews.evicted(lab.view, 0));
    assertThat(lab.disk.ownMissing().toString()).isEqualTo("{3}");
  }

  /** Nothing that still arrives does anything. */
  private void over(EngineLab.Client c) {
    int edges = lab.edges.size();
    long[] before = lab.disk.data.clone();
    c.write(3, 3, 3);
    lab.engine.order(new LegOrder.Adopt(TestViews.evicted(lab.view, 2)));
    lab.engine.order(new LegOrder.Stop());
    lab.engine.closed(c.c);
    assertThat(lab.client(TestViews.SESSION, 5).c.closed).isNotNull();
    lab.loop.advance(5000);
    lab.engine.shutDown("again");
    assertThat(lab.edges).hasSize(edges);
    assertThat(lab.disk.data).isEqualTo(before);
  }

  @Test
  void stopFinishesWhatIsAdmittedAndThenMarks() {
    EngineLab.Client c = writer();
    lab.disk.late = true;
    c.write(1, 0, 7);
    lab.engine.order(new LegOrder.Stop());
    lab.engine.order(new LegOrder.Stop());
    c.write(2, 1, 8);
    assertThat(c.status()).isEqualTo(Status.NO_VIEW);
    lab.loop.advance(200);
    assertThat(lab.edges(LegEdge.Stopped.class)).isEmpty();
    lab.disk.completeNext();
    assertThat(c.c.ofType(FrameType.ACK).getLast().status).isEqualTo(Status.OK);
    lab.loop.advance(200);
    assertThat(lab.edges(LegEdge.Stopped.class)).hasSize(1);
    assertThat(lab.disk.superblock().clean()).isTrue();
    assertThat(lab.disk.carried().toString()).isEqualTo("{0}");
    over(c);
  }

  @Test
  void stopWithAViewAtTheBarrierIsStillAStop() {
    EngineLab.Client c = writer();
    lab.disk.late = true;
    c.write(1, 0, 7);
    lab.adopt(TestViews.evicted(lab.view, 1));
    c.write(2, 1, 8);
    lab.engine.order(new LegOrder.Stop());
    lab.disk.completeNext();
    lab.loop.advance(200);
    assertThat(lab.edges(LegEdge.Stopped.class)).hasSize(1);
    assertThat(lab.disk.data[1]).isZero();
    assertThat(lab.bufs.outstanding()).isZero();
  }

  @Test
  void aViewThatDoesNotNameThisLegIsNotAdopted() {
    EngineLab.Client c = writer();
    PoolView v = lab.view;
    PoolView strange =
        v.next(d ->
            new PoolView.Draft(
                d.generation(),
                v.members().subList(1, 3),
                d.epoch(),
                d.writer(),
                d.lastSession(),
                d.phase(),
                d.policies()));
    byte[] bytes = ViewCodec.encode(strange);
    c.payload.put(0, bytes);
    c.send(c.header(FrameType.VIEW, 1, 0, 0), bytes.length);
    assertThat(c.status()).isEqualTo(Status.NO_VIEW);
    lab.engine.order(new LegOrder.Adopt(strange));
    assertThat(lab.engine.status().adoptedGeneration()).isEqualTo(v.generation());
  }

  @Test
  void hostileFramesOfClientsAndPeersNeverThrowAndNeverTouchTheData() {
    lab.written();
    lab.disk.ownMissing().add(3, 9);
    lab.disk.missMap(TestViews.id(1)).add(3, 9);
    Random random = new Random(11);
    long[] odd = {
      0,
      1,
      -1,
      2,
      3,
      B,
      -B,
      4095,
      Long.MAX_VALUE,
      Long.MIN_VALUE,
      Long.MAX_VALUE - 4095,
      1L << 32,
      1L << 40,
      TestViews.BLOCKS,
      (long) TestViews.BLOCKS * B,
      100,
      101,
    };
    ByteBuffer payload = ByteBuffer.allocate(8192);
    for (int round = 0; round < 4000; round++) {
      boolean peer = random.nextBoolean();
      TestConnection c = peer ? peerConnection() : lab.client(new UUID(4, round), 0).c;
      FrameHeader h = new FrameHeader();
      h.type = random.nextInt(60);
      h.handle = c.sent.getFirst().header().handle;
      h.flags = random.nextInt(32);
      h.status = random.nextInt(20);
      h.lane = random.nextInt();
      h.sequence = odd[random.nextInt(odd.length)];
      h.generation =
          random.nextInt(4) == 0 ? odd[random.nextInt(odd.length)] : lab.view.generation();
      h.epoch = odd[random.nextInt(odd.length)];
      h.watermark = odd[random.nextInt(odd.length)];
      h.offset = odd[random.nextInt(odd.length)];
      h.length = odd[random.nextInt(odd.length)];
      h.extra = odd[random.nextInt(odd.length)];
      payload.clear();
      random.nextBytes(payload.array());
      int bytes = random.nextInt(3) == 0 ? 0 : random.nextInt(4097);
      payload.limit(bytes);
      h.payloadBytes = bytes;
      lab.engine.frame(c, h, payload);
      lab.engine.closed(c);
    }
    lab.loop.advance(100);
    assertThat(lab.disk.trace).noneMatch(t -> t.startsWith("write") || t.startsWith("zero"));
    assertThat(lab.disk.ownMissing().toString()).isEqualTo("{3, 4, 5, 6, 7, 8}");
    assertThat(lab.disk.missMap(TestViews.id(1)).toString()).isEqualTo("{3, 4, 5, 6, 7, 8}");
    assertThat(lab.edges(LegEdge.DiskFailed.class)).isEmpty();
    EngineLab.Client c = lab.client(TestViews.SESSION, 0);
    c.write(1, 0, 7);
    assertThat(c.status()).isEqualTo(Status.OK);
  }

  private TestConnection peerConnection() {
    TestConnection c = new TestConnection();
    lab.engine.incoming(
        c,
        new FrameHeader(),
        new io.onehop.protocol.wire.Hello(
            io.onehop.protocol.wire.Hello.SenderRole.PEER,
            "p",
            TestViews.POOL,
            TestViews.LINEAGE,
            TestViews.id(1),
            101,
            0,
            1,
            "",
            0));
    return c;
  }

  @Test
  void statusIsASnapshotOfFixedCost() {
    lab.adopt(TestViews.syncing(TestViews.evicted(lab.view, 0), 0, 100));
    lab.disk.ownMissing().add(0, 100);
    LegStatus before = lab.engine.status();
    lab.loop.advance(100);
    assertThat(lab.engine.status()).isNotSameAs(before);
    assertThat(lab.engine.status().missingBlocks()).isEqualTo(100);
  }
}
