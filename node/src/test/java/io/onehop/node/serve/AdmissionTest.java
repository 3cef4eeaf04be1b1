package io.onehop.node.serve;

import static io.onehop.node.serve.EngineLab.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.node.books.TestViews;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a leg admits, refuses and answers (rules 2.1, 2.6, 3.x, 4.1, 5.4), good disk or bad. */
final class AdmissionTest {
  private final EngineLab lab = new EngineLab();

  private EngineLab.Client writer() {
    lab.written();
    return lab.client(TestViews.SESSION, 0);
  }

  @Test
  void beforeTheFirstAdoptionThereIsNoView() {
    EngineLab.Client c = lab.client(TestViews.SESSION, 0);
    c.write(1, 0, 7);
    assertThat(c.status()).isEqualTo(Status.NO_VIEW);
    // Rule 2.6: nor does a client's view help.
    byte[] v = ViewCodec.encode(TestViews.written(lab.view));
    c.payload.put(0, v);
    c.send(c.header(FrameType.VIEW, 9, 0, 0), v.length);
    assertThat(c.c.last().header().type).isEqualTo(FrameType.VIEW_ACK);
    assertThat(c.status()).isEqualTo(Status.NO_VIEW);
    assertThat(lab.disk.trace).doesNotContain("write 0");
  }

  @Test
  void refusalsByViewEpochSessionAndState() {
    EngineLab.Client c = writer();
    FrameHeader h = c.header(FrameType.WRITE, 1, 0, B);
    h.generation--;
    c.send(h, B);
    assertThat(c.status()).isEqualTo(Status.STALE_VIEW);
    h = c.header(FrameType.WRITE, 1, 0, B);
    h.generation++;
    c.send(h, B);
    assertThat(c.status()).isEqualTo(Status.NO_VIEW);
    h = c.header(FrameType.READ, 1, 0, B);
    h.epoch--;
    c.send(h, 0);
    assertThat(c.status()).isEqualTo(Status.FENCED);
    assertThat(c.c.last().header().type).isEqualTo(FrameType.DATA);
    EngineLab.Client other = lab.client(new UUID(4, 4), 0);
    other.write(1, 0, 7);
    assertThat(other.status()).isEqualTo(Status.FENCED);
    lab.adopt(TestViews.evicted(lab.view, 0));
    c.write(1, 0, 7);
    assertThat(c.status()).isEqualTo(Status.NOT_IN_SYNC);
    lab.adopt(TestViews.syncing(lab.view, 0, 100));
    c.read(1, 0);
    assertThat(c.status()).isEqualTo(Status.NOT_IN_SYNC);
    c.write(1, 0, 7);
    assertThat(c.status()).isEqualTo(Status.OK);
    // Another run of this leg is what the view means (rule 9.5).
    lab.adopt(TestViews.syncing(TestViews.evicted(lab.view, 0), 0, 555));
    c.write(2, 0, 7);
    assertThat(c.status()).isEqualTo(Status.NOT_IN_SYNC);
  }

  @Test
  void aNewViewIsSentBeforeAnythingIsAnsweredUnderIt() {
    EngineLab.Client c = writer();
    c.c.sent.clear();
    PoolView next = TestViews.evicted(lab.view, 1);
    lab.engine.order(new LegOrder.Adopt(next));
    assertThat(c.c.sent).hasSize(2);
    assertThat(c.c.sent.get(0).header().type).isEqualTo(FrameType.VIEW);
    assertThat(c.c.sent.get(1).header().type).isEqualTo(FrameType.VIEW_ACK);
    assertThat(c.c.sent.get(1).header().generation).isEqualTo(next.generation());
  }

  @Test
  void everyRangeThatIsNoneIsRefused() {
    EngineLab.Client c = writer();
    long size = (long) TestViews.BLOCKS * B;
    long[][] bad = {
      {0, 0},
      {1, B},
      {0, B + 1},
      {-B, B},
      {size, B},
      {size - B, 2L * B},
      {0, -B},
      {Long.MIN_VALUE, B},
      {Long.MAX_VALUE - B + 1, B},
      {0, Long.MAX_VALUE},
      {B, Long.MAX_VALUE - B},
      {0, 2L << 20},
    };
    for (long[] r : bad) {
      c.send(c.header(FrameType.READ, 1, r[0], r[1]), 0);
      assertThat(c.status()).as("read %d+%d", r[0], r[1]).isEqualTo(Status.INVALID);
      c.send(c.header(FrameType.WRITE, 1, r[0], r[1]), B);
      assertThat(c.status()).as("write %d+%d", r[0], r[1]).isEqualTo(Status.INVALID);
    }
    c.send(c.header(FrameType.WRITE, 1, 0, 2L * B), B);
    assertThat(c.status()).isEqualTo(Status.INVALID);
    for (long sequence : new long[] {0, -1, Long.MIN_VALUE, 65, Long.MAX_VALUE}) {
      c.write(sequence, 0, 7);
      assertThat(c.status()).as("sequence %d", sequence).isEqualTo(Status.INVALID);
      c.send(c.header(FrameType.WRITE_ZEROES, sequence, 0, B), 0);
      assertThat(c.status()).isEqualTo(Status.INVALID);
    }
    assertThat(lab.disk.unconfirmed().isEmpty()).isTrue();
    assertThat(lab.disk.trace).noneMatch(t -> t.startsWith("write") || t.startsWith("zero"));
    c.send(c.header(FrameType.WRITE_ZEROES, 1, 0, size), 0);
    assertThat(c.status()).isEqualTo(Status.OK);
  }

  @Test
  void theWindowMovesWithTheWatermark() {
    EngineLab.Client c = writer();
    for (int i = 1; i <= 64; i++) {
      c.write(i, i, i);
      assertThat(c.status()).isEqualTo(Status.OK);
    }
    c.write(65, 1, 1);
    assertThat(c.status()).isEqualTo(Status.INVALID);
    FrameHeader h = c.header(FrameType.WRITE, 65, 0, B);
    h.watermark = 1;
    c.send(h, B);
    assertThat(c.status()).isEqualTo(Status.OK);
  }

  @Test
  void aHeartbeatOfAnotherSessionConfirmsNothing() {
    EngineLab.Client c = writer();
    c.write(1, 0, 7);
    EngineLab.Client other = lab.client(new UUID(4, 4), 0);
    FrameHeader h = other.header(FrameType.HEARTBEAT, 0, 0, 0);
    h.watermark = Long.MAX_VALUE;
    other.send(h, 0);
    assertThat(lab.disk.unconfirmed().isEmpty()).isFalse();
    h = c.header(FrameType.HEARTBEAT, 0, 0, 0);
    h.watermark = 1;
    c.send(h, 0);
    assertThat(lab.disk.unconfirmed().isEmpty()).isTrue();
  }

  @Test
  void aSecondCopyIsAnsweredAndNotApplied() {
    EngineLab.Client c = writer();
    c.write(1, 0, 7);
    c.write(2, 0, 8);
    c.write(1, 0, 7);
    assertThat(c.status()).isEqualTo(Status.OK);
    assertThat(lab.disk.data[0]).isEqualTo(8);
    FrameHeader h = c.header(FrameType.HEARTBEAT, 0, 0, 0);
    h.watermark = 2;
    c.send(h, 0);
    c.write(1, 0, 7);
    assertThat(c.status()).isEqualTo(Status.OK);
    assertThat(lab.disk.data[0]).isEqualTo(8);
  }

  @Test
  void aSecondCopyOfOneInProgressJoinsIt() {
    EngineLab.Client c = writer();
    EngineLab.Client lane1 = lab.client(TestViews.SESSION, 1);
    lab.disk.late = true;
    c.write(1, 0, 7);
    lane1.c.sent.subList(1, lane1.c.sent.size()).clear();
    lane1.write(1, 0, 7);
    lane1.write(1, 0, 7);
    c.write(1, 0, 7);
    assertThat(lab.disk.underWay()).isEqualTo(1);
    lab.disk.completeNext();
    // Every copy has its answer: each request took a credit.
    assertThat(c.c.ofType(FrameType.ACK)).hasSize(2);
    assertThat(lane1.c.ofType(FrameType.ACK)).hasSize(2);
    assertThat(lab.disk.underWay()).isZero();
    assertThat(lab.bufs.outstanding()).isZero();
  }

  @Test
  void aSecondCopyAfterAFailedStoreIsApplied() {
    EngineLab.Client c = writer();
    lab.disk.writeStatus = Status.NO_SPACE;
    c.write(1, 0, 7);
    assertThat(c.status()).isEqualTo(Status.NO_SPACE);
    lab.disk.writeStatus = Status.OK;
    // Also in a later view, as long as it is the same stay in the write set.
    lab.adopt(TestViews.evicted(lab.view, 1));
    c.write(1, 0, 7);
    assertThat(c.status()).isEqualTo(Status.OK);
    assertThat(lab.disk.data[0]).isEqualTo(7);
    c.write(1, 0, 9);
    assertThat(lab.disk.data[0]).isEqualTo(7);
  }

  @Test
  void aFailedWriteSentAgainWithAnotherRangeIsNoRequest() {
    EngineLab.Client c = writer();
    lab.disk.writeStatus = Status.IO_ERROR;
    c.write(1, 0, 7);
    c.write(1, 5, 7);
    assertThat(c.status()).isEqualTo(Status.INVALID);
  }

  @Test
  void requestsDuringTheBarrierAreJudgedByTheNewView() {
    EngineLab.Client c = writer();
    lab.disk.late = true;
    c.write(1, 0, 7);
    PoolView next = TestViews.evicted(lab.view, 1);
    lab.engine.order(new LegOrder.Adopt(next));
    c.write(2, 1, 8);
    FrameHeader h = c.header(FrameType.WRITE, 3, 2L * B, B);
    h.generation = next.generation();
    c.payload.putLong(0, 9);
    c.send(h, B);
    assertThat(lab.edges(LegEdge.Adopted.class)).hasSize(1);
    assertThat(lab.disk.underWay()).isEqualTo(1);
    c.c.sent.clear();
    lab.disk.completeNext();
    // The old operation under the old view, then the view, then the rest by it.
    assertThat(c.c.sent.get(0).header().generation).isEqualTo(next.generation() - 1);
    assertThat(c.c.sent.get(1).header().type).isEqualTo(FrameType.VIEW);
    assertThat(c.c.last().header().status).isEqualTo(Status.STALE_VIEW);
    assertThat(c.c.last().header().sequence).isEqualTo(2);
    assertThat(lab.disk.missMap(TestViews.id(1)).toString()).isEqualTo("{0, 2}");
    lab.disk.completeNext();
    assertThat(c.status()).isEqualTo(Status.OK);
    assertThat(lab.disk.data[2]).isEqualTo(9);
    assertThat(lab.disk.data[1]).isZero();
    assertThat(lab.bufs.outstanding()).isZero();
  }

  @Test
  void aFlushThatOutlivesItsViewVouchesForThatViewOnly() {
    EngineLab.Client c = writer();
    long asked = lab.view.generation();
    c.flush(1);
    lab.adopt(TestViews.syncing(TestViews.evicted(lab.view, 0), 0, 100));
    lab.loop.advance(100);
    assertThat(c.c.ofType(FrameType.ACK).getLast().generation).isEqualTo(asked);
  }

  @Test
  void aNewerConnectionOfTheLaneReplacesTheOldOne() {
    EngineLab.Client old = writer();
    lab.disk.late = true;
    old.write(1, 0, 7);
    EngineLab.Client fresh = lab.client(TestViews.SESSION, 0);
    assertThat(old.c.closed).isNotNull();
    lab.disk.completeNext();
    assertThat(old.c.ofType(FrameType.ACK)).isEmpty();
    lab.disk.late = false;
    fresh.write(1, 0, 7);
    assertThat(fresh.status()).isEqualTo(Status.OK);
    assertThat(lab.disk.trace.stream().filter(t -> t.equals("write 0"))).hasSize(1);
  }

  @Test
  void leasesAreGrantedUnderTheAcceptedEpochOnly() {
    EngineLab.Client c = writer();
    long list = lab.view.votersId();
    lab.engine.accepted(lab.view.epoch(), list);
    FrameHeader h = c.header(FrameType.HEARTBEAT, 1, 0, 0);
    h.flags = FrameType.FLAG_LEASE;
    h.offset = list;
    c.send(h, 0);
    assertThat(c.c.last().header().flags).isEqualTo(FrameType.FLAG_LEASE);
    assertThat(c.c.last().header().offset).isEqualTo(list);
    lab.engine.accepted(lab.view.epoch(), list + 1); // a voter was replaced (rule 5.4)
    c.send(h, 0);
    assertThat(c.c.last().header().flags).isZero();
    lab.engine.accepted(lab.view.epoch() + 1, list);
    c.send(h, 0);
    assertThat(c.c.last().header().flags).isZero();
  }
}
