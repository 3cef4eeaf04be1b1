package io.onehop.node.serve;

import static io.onehop.node.serve.EngineLab.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.node.books.TestViews;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Leg 0 compares itself with legs 1 and 2, played over contents of their own (rule 5.6). */
final class VerifierTest extends ResyncCase {
  private static final UUID ID = new UUID(1, 1);

  private final EngineLab.Peer[] peers = {lab.peer(1), lab.peer(2)};
  private final long[][] content = new long[2][TestViews.BLOCKS];
  private final EngineLab.Client w;

  VerifierTest() {
    lab.written();
    lab.loop.advance(300);
    w = lab.client(TestViews.SESSION, 0);
  }

  private static long[] digest(long[] data, long offset, long length) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      ByteBuffer block = ByteBuffer.allocate(B);
      for (long b = offset / B; b < (offset + length) / B; b++) {
        sha.update(block.putLong(0, data[(int) b]).array());
      }
      ByteBuffer d = ByteBuffer.wrap(sha.digest()).order(java.nio.ByteOrder.LITTLE_ENDIAN);
      return new long[] {d.getLong(), d.getLong(), d.getLong(), d.getLong()};
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Peers answer what they were asked for. */
  private void answer() {
    for (int p = 0; p < peers.length; p++) {
      for (FrameHeader h : peers[p].asked(FrameType.DIGEST)) {
        peers[p].answer(
            h, FrameType.DIGEST_ACK, Status.OK, 32, 8, digest(content[p], h.offset, h.length));
      }
      peers[p].asked.clear();
    }
  }

  private LegEdge.Verified outcome() {
    for (int i = 0; lab.edges(LegEdge.Verified.class).isEmpty(); i++) {
      assertThat(i).as("turns").isLessThan(100_000);
      answer();
      lab.loop.advance(1);
    }
    return lab.edges(LegEdge.Verified.class).getFirst();
  }

  private LegEdge.Verified verify() {
    lab.engine.order(new LegOrder.Verify(ID));
    return outcome();
  }

  @Test
  void equalLegsAreEqual() {
    LegEdge.Verified v = verify();
    assertThat(v).isEqualTo(new LegEdge.Verified(ID, (long) TestViews.BLOCKS * B, List.of(), ""));
  }

  @Test
  void ofThreeTheOddOneIsNamed() {
    content[1][70] = 5;
    assertThat(verify().differences())
        .containsExactly(new LegEdge.Difference(64L * B, 64L * B, List.of("n2")));
  }

  @Test
  void alsoIfItIsTheLegThatCompares() {
    lab.disk.data[70] = 5;
    assertThat(verify().differences())
        .containsExactly(new LegEdge.Difference(64L * B, 64L * B, List.of("n0")));
  }

  @Test
  void withoutAMajorityAllAreNamed() {
    content[0][70] = 5;
    content[1][70] = 6;
    assertThat(verify().differences().getFirst().nodes()).containsExactly("n0", "n1", "n2");
  }

  @Test
  void ofTwoBothAreNamed() {
    lab.adopt(TestViews.evicted(lab.view, 2));
    content[0][70] = 5;
    content[1][71] = 6;
    assertThat(verify().differences())
        .containsExactly(new LegEdge.Difference(64L * B, 64L * B, List.of("n0", "n1")));
  }

  @Test
  void constantWritesRaiseNoFalseAlarmAndDoNotKeepItFromEnding() {
    lab.engine.order(new LegOrder.Verify(ID));
    Random random = new Random(5);
    long sequence = 0;
    long confirmed = 0;
    // At each turn a write around what is looked at is stored here at once, at the peers some turns
    // later, and confirmed then.
    java.util.ArrayDeque<long[]> late = new java.util.ArrayDeque<>();
    long from = 0;
    while (lab.edges(LegEdge.Verified.class).isEmpty()) {
      assertThat(sequence).isLessThan(300_000);
      for (FrameHeader h : peers[0].asked(FrameType.DIGEST)) {
        from = h.offset / B;
      }
      answer();
      int block = (int) ((from + random.nextInt(64)) % TestViews.BLOCKS);
      sequence++;
      w.write(sequence, block, sequence);
      late.add(new long[] {block, sequence});
      while (late.size() > 20) {
        long[] l = late.remove();
        content[0][(int) l[0]] = l[1];
        content[1][(int) l[0]] = l[1];
        confirmed = l[1];
      }
      FrameHeader beat = w.header(FrameType.HEARTBEAT, 0, 0, 0);
      beat.watermark = confirmed;
      w.send(beat, 0);
      w.c.sent.subList(1, w.c.sent.size()).clear();
      lab.disk.trace.clear();
      lab.loop.advance(1);
    }
    LegEdge.Verified v = lab.edges(LegEdge.Verified.class).getFirst();
    assertThat(v.error()).isEmpty();
    assertThat(v.differences()).isEmpty();
    assertThat(v.comparedBytes()).isEqualTo((long) TestViews.BLOCKS * B);
  }

  @Test
  void aWriteThatCameAndWasConfirmedBetweenTheTwoDigestsIsNoDifference() {
    lab.engine.order(new LegOrder.Verify(ID));
    for (int i = 1; i <= 8; i++) {
      while (peers[0].asked(FrameType.DIGEST).isEmpty()
          || peers[1].asked(FrameType.DIGEST).isEmpty()) {
        lab.loop.advance(1);
      }
      // To the first block of what is looked at, which this leg has digested already.
      int block = (int) (peers[0].asked(FrameType.DIGEST).getFirst().offset / B);
      w.write(i, block, i);
      content[0][block] = i;
      content[1][block] = i;
      FrameHeader beat = w.header(FrameType.HEARTBEAT, 0, 0, 0);
      beat.watermark = i;
      w.send(beat, 0);
      answer();
      lab.loop.advance(1);
    }
    assertThat(outcome().differences()).isEmpty();
  }

  @Test
  void aDifferenceUnderWritesIsStillFound() {
    content[1][70] = 5;
    lab.engine.order(new LegOrder.Verify(ID));
    for (int i = 1; lab.edges(LegEdge.Verified.class).isEmpty(); i++) {
      answer();
      w.write(i, 100, i);
      content[0][100] = i;
      content[1][100] = i;
      FrameHeader beat = w.header(FrameType.HEARTBEAT, 0, 0, 0);
      beat.watermark = i;
      w.send(beat, 0);
      lab.loop.advance(1);
    }
    assertThat(lab.edges(LegEdge.Verified.class).getFirst().differences())
        .hasSize(1)
        .allMatch(d -> d.offset() <= 70L * B && 70L * B < d.offset() + d.length());
  }

  @Test
  void whatAMediumHasLostIsPassedOverAndNamed() {
    lab.disk.ownMissing().add(70, 71);
    lab.disk.unreadable().add(70, 71);
    for (EngineLab.Peer p : peers) {
      p.asked.clear();
    }
    LegEdge.Verified v = verify();
    assertThat(v.error()).isEqualTo("4096 bytes cannot be read on n0");
    assertThat(v.differences()).isEmpty();
    assertThat(v.comparedBytes()).isEqualTo((TestViews.BLOCKS - 1L) * B);
  }

  @Test
  void againstOneStaleLegItComparesWhatThatOneHolds() {
    lab.adopt(TestViews.evicted(lab.view, 2));
    lab.loop.advance(300);
    content[1][70] = 5;
    lab.engine.order(new LegOrder.Verify(ID, 2));
    lab.loop.advance(1);
    assertThat(peers[1].asked(FrameType.DIGEST))
        .hasSize(1)
        .allMatch(h -> h.flags == FrameType.FLAG_AS_IT_IS);
    assertThat(outcome().differences())
        .containsExactly(new LegEdge.Difference(64L * B, 64L * B, List.of("n2")));
    assertThat(peers[0].asked(FrameType.DIGEST)).isEmpty();
  }

  @Test
  void againstALegThatIsKeptOutItSaysHelloWithoutALineage() {
    PoolView v = lab.view;
    lab.adopt(
        v.next(d -> d.member(2, v.members().get(2).moved(LegState.OUT, 0, d.generation(), ""))));
    lab.loop.advance(500);
    assertThat(lab.engine.status().peerLinks()).isEqualTo(1 << 1);
    assertThat(peers[1].lineages).endsWith(io.onehop.protocol.wire.Hello.ANY);
    lab.engine.order(new LegOrder.Verify(ID, 2));
    assertThat(outcome().differences()).isEmpty();
  }

  @Test
  void aLegThatCannotBeReachedIsNamedAndNotWaitedFor() {
    lab.network.kill("leg2");
    long begun = lab.loop.now();
    assertThat(verify().error()).contains("n2 cannot be reached");
    assertThat(lab.loop.now() - begun).isLessThan(10_000_000_000L);
  }

  @Test
  void againstNobodyIsSaid() {
    lab.engine.order(new LegOrder.Verify(ID, 0));
    lab.engine.order(new LegOrder.Verify(ID, 9));
    assertThat(lab.edges(LegEdge.Verified.class))
        .hasSize(2)
        .allMatch(v -> v.error().contains("no other leg with that number"));
  }

  @Test
  void aPeerWithoutALineageGetsDigestsAndNothingElse() {
    TestConnection c = new TestConnection();
    lab.engine.incoming(c, new FrameHeader(), hello(io.onehop.protocol.wire.Hello.ANY));
    FrameHeader h = request(c, FrameType.DIGEST);
    h.length = B;
    h.flags = FrameType.FLAG_AS_IT_IS;
    h.generation = 77;
    assertThat(ask(c, h)).isEqualTo(Status.OK);
    h.flags = 0;
    lab.engine.frame(c, h, ByteBuffer.allocate(0));
    assertThat(c.closed).contains("only digests");
  }

  @Test
  void aPeerOfAnotherLineageIsRefusedAndCutOff() {
    TestConnection c = new TestConnection();
    lab.engine.incoming(c, new FrameHeader(), hello(new UUID(66, 66)));
    assertThat(c.last().header().status).isEqualTo(Status.WRONG_POOL);
    assertThat(c.closed).isNotNull();
  }

  private static io.onehop.protocol.wire.Hello hello(UUID lineage) {
    return new io.onehop.protocol.wire.Hello(
        io.onehop.protocol.wire.Hello.SenderRole.PEER,
        "p",
        TestViews.POOL,
        lineage,
        TestViews.id(1),
        101,
        0,
        1,
        "",
        0);
  }
}
