package io.onehop.node.serve;

import static io.onehop.node.serve.EngineLab.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.node.books.TestViews;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.leg.LegStatus;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Leg 0 is in sync and its medium loses blocks (rule 4.3); legs 1 and 2 are played. */
final class MediaErrorTest extends ResyncCase {
  private final EngineLab.Peer b = lab.peer(1);
  private final EngineLab.Peer c = lab.peer(2);
  private final EngineLab.Client w;

  MediaErrorTest() {
    lab.written();
    lab.loop.advance(300);
    w = lab.client(TestViews.SESSION, 0);
  }

  private String bad() {
    return lab.disk.unreadable().toString();
  }

  private List<FrameHeader> fetches() {
    return java.util.stream.Stream.concat(
            b.asked(FrameType.FETCH).stream(), c.asked(FrameType.FETCH).stream())
        .toList();
  }

  private EngineLab.Peer asked(FrameHeader f) {
    return b.asked.contains(f) ? b : c;
  }

  private void stale(PoolView v) {
    lab.adopt(v);
    lab.loop.advance(300);
  }

  @Test
  void aBlockThatCannotBeReadIsMissingDurablyAndHealsFromAPeer() {
    lab.disk.bad.set(4);
    w.send(w.header(FrameType.READ, 7, 3L * B, 3L * B), 0);
    assertThat(w.status()).isEqualTo(Status.MISSING);
    assertThat(own()).isEqualTo("{4}");
    assertThat(bad()).isEqualTo("{4}");
    assertThat(lab.disk.trace).containsSubsequence("force unreadable", "force own");
    // The rest of the range is served, and what is missing is not asked of the medium again.
    int reads = lab.disk.reads;
    w.read(8, 4);
    assertThat(w.status()).isEqualTo(Status.MISSING);
    assertThat(lab.disk.reads).isEqualTo(reads);
    w.read(9, 3);
    assertThat(w.status()).isEqualTo(Status.OK);
    lab.loop.advance(100);
    assertThat(fetches()).hasSize(1);
    FrameHeader f = fetches().getFirst();
    assertThat(f.offset).isEqualTo(4L * B);
    assertThat(f.length).isEqualTo(B);
    FrameHeader a = fetched(f);
    a.extra = 12;
    lab.disk.syncsEnd = false;
    asked(f).send(a, B, B, 77);
    lab.loop.advance(100);
    // Healed, and not dropped before that is durable; with the source's doubt (rule 6.6).
    assertThat(own()).isEqualTo("{4}");
    assertThat(lab.disk.carried().toString()).isEqualTo("{4}");
    w.read(10, 4);
    assertThat(w.status()).isEqualTo(Status.OK);
    lab.disk.syncsEnd = true;
    lab.loop.advance(100);
    assertThat(own()).isEqualTo("{}");
    assertThat(bad()).isEqualTo("{}");
    LegStatus s = lab.engine.status();
    assertThat(s.figures().mediaErrors()).isEqualTo(1);
    assertThat(s.figures().unreadableBlocks()).isZero();
    assertThat(lab.edges(LegEdge.DiskFailed.class)).isEmpty();
    assertThat(lab.bufs.outstanding()).isZero();
  }

  @Test
  void aReadThatWorksTheSecondTimeIsServed() {
    lab.disk.late = true;
    lab.disk.bad.set(4);
    w.read(7, 4);
    lab.disk.completeNext();
    lab.disk.bad.clear(4);
    while (lab.disk.completeNext()) {}
    assertThat(w.status()).isEqualTo(Status.OK);
    assertThat(own()).isEqualTo("{}");
  }

  @Test
  void aLegThatHasAnsweredForTheBlockFailsInstead() {
    w.write(1, 4, 9);
    lab.disk.bad.set(4);
    w.read(7, 4);
    assertThat(lab.edges(LegEdge.DiskFailed.class)).hasSize(1);
    assertThat(lab.edges(LegEdge.DiskFailed.class).getFirst().reason())
        .contains("block 4 (byte 16384)");
    assertThat(own()).isEqualTo("{}");
    assertThat(w.c.closed).isNotNull();
  }

  @Test
  void onceConfirmedItDoesNot() {
    w.write(1, 4, 9);
    FrameHeader beat = w.header(FrameType.HEARTBEAT, 0, 0, 0);
    beat.watermark = 1;
    w.send(beat, 0);
    lab.disk.bad.set(4);
    w.read(7, 4);
    assertThat(w.status()).isEqualTo(Status.MISSING);
    assertThat(lab.edges(LegEdge.DiskFailed.class)).isEmpty();
  }

  @Test
  void aWriteInProgressIsWaitedForAndThenCounts() {
    lab.disk.bad.set(4);
    lab.disk.late = true;
    w.read(7, 4);
    w.write(1, 4, 9);
    while (lab.disk.completeNext()) {}
    // Whole blocks mend the medium: nothing is lost.
    assertThat(w.c.ofType(FrameType.DATA).getLast().status).isEqualTo(Status.OK);
    assertThat(own()).isEqualTo("{}");
    lab.disk.bad.set(4, 6);
    w.send(w.header(FrameType.READ, 8, 5L * B, B), 0);
    w.write(2, 5, 9);
    lab.disk.writeStatus = Status.IO_ERROR;
    while (lab.disk.completeNext()) {}
    assertThat(lab.edges(LegEdge.DiskFailed.class)).hasSize(1);
  }

  @Test
  void aPeersFetchIsRefusedAtOnceAndOnlyForTheLostBlock() {
    stale(TestViews.syncing(TestViews.evicted(lab.view, 2), 2, 202));
    TestConnection p = peerConnection(2, 202);
    lab.disk.bad.set(4);
    FrameHeader h = request(p, FrameType.FETCH);
    h.offset = 3L * B;
    h.length = 2L * B;
    assertThat(ask(p, h)).isEqualTo(Status.MISSING);
    assertThat(own()).isEqualTo("{4}");
    h.length = B;
    assertThat(ask(p, h)).isEqualTo(Status.OK);
  }

  @Test
  void anotherLegInSyncMayFetchWhatItsMediumLost() {
    TestConnection p = peerConnection(1, 101);
    FrameHeader h = request(p, FrameType.FETCH);
    h.offset = 3L * B;
    h.length = B;
    assertThat(ask(p, h)).isEqualTo(Status.OK);
    // But not one that the view does not know in that run.
    TestConnection old = peerConnection(1, 99);
    h.handle = old.sent.getFirst().header().handle;
    assertThat(ask(old, h)).isEqualTo(Status.NOT_IN_SYNC);
  }

  @Test
  void aDigestMeetsItToo() {
    TestConnection p = peerConnection(1, 101);
    lab.disk.bad.set(4);
    FrameHeader h = request(p, FrameType.DIGEST);
    h.length = 8L * B;
    assertThat(ask(p, h)).isEqualTo(Status.MISSING);
    assertThat(own()).isEqualTo("{4}");
    h.length = 4L * B;
    assertThat(ask(p, h)).isEqualTo(Status.OK);
  }

  @Test
  void twoLegsWithTheSameBadBlockDoNotAskForEverAndAWriteHealsIt() {
    lab.disk.bad.set(4);
    w.read(7, 4);
    for (int i = 0; i < 2; i++) {
      lab.loop.advance(60);
      FrameHeader f = fetches().getLast();
      asked(f).answer(f, FrameType.FETCHED, Status.MISSING, 0, 8);
      lab.loop.advance(1);
    }
    assertThat(b.asked(FrameType.FETCH)).hasSize(1);
    assertThat(c.asked(FrameType.FETCH)).hasSize(1);
    // Left alone for a while, then asked for again, ever more rarely.
    lab.loop.advance(100);
    assertThat(fetches()).hasSize(2);
    for (int round = 0; round < 400; round++) {
      lab.loop.advance(100);
      for (EngineLab.Peer p : List.of(b, c)) {
        List<FrameHeader> all = p.asked(FrameType.FETCH);
        p.answer(all.getLast(), FrameType.FETCHED, Status.MISSING, 0, 8);
      }
    }
    assertThat(fetches().size()).isBetween(6, 30);
    w.read(8, 4);
    assertThat(w.status()).isEqualTo(Status.MISSING);
    w.write(1, 4, 9);
    w.read(9, 4);
    assertThat(w.status()).isEqualTo(Status.OK);
    lab.loop.advance(200);
    assertThat(own()).isEqualTo("{}");
    assertThat(bad()).isEqualTo("{}");
    assertThat(lab.disk.data[4]).isEqualTo(9);
  }

  @Test
  void aRunIsRefusedForOneBlockAndTheOthersCome() {
    for (int i = 3; i < 8; i++) {
      lab.disk.bad.set(i);
    }
    w.send(w.header(FrameType.READ, 7, 0, 16L * B), 0);
    assertThat(own()).isEqualTo("{3, 4, 5, 6, 7}");
    stale(TestViews.evicted(lab.view, 2));
    for (int round = 0; round < 20; round++) {
      for (FrameHeader f : b.asked(FrameType.FETCH)) {
        if (f.offset <= 5L * B && 5L * B < f.offset + f.length) {
          b.answer(f, FrameType.FETCHED, Status.MISSING, 0, 8);
        } else {
          b.send(fetched(f), (int) f.length, B, new long[(int) (f.length / B)]);
        }
      }
      b.asked.clear();
      lab.loop.advance(50);
    }
    assertThat(own()).isEqualTo("{5}");
  }

  @Test
  void anAnswerOlderThanAWriteThatTheMediumLostAgainIsDropped() {
    lab.disk.bad.set(4);
    w.read(7, 4);
    lab.loop.advance(60);
    FrameHeader f = fetches().getFirst();
    EngineLab.Peer source = asked(f);
    // Written everywhere and confirmed while the peer takes its time, and then lost once more.
    w.write(1, 4, 9);
    FrameHeader beat = w.header(FrameType.HEARTBEAT, 0, 0, 0);
    beat.watermark = 1;
    w.send(beat, 0);
    lab.disk.bad.set(4);
    w.read(8, 4);
    assertThat(w.status()).isEqualTo(Status.MISSING);
    source.send(fetched(f), B, B, 77);
    lab.loop.advance(1);
    w.read(9, 4);
    assertThat(w.status()).isEqualTo(Status.MISSING);
    // Asked for again, and that answer counts.
    lab.loop.advance(100);
    FrameHeader again = fetches().stream().filter(h -> h.sequence != f.sequence).findAny().get();
    asked(again).send(fetched(again), B, B, 9);
    lab.loop.advance(200);
    assertThat(lab.disk.data[4]).isEqualTo(9);
    assertThat(own()).isEqualTo("{}");
  }

  @Test
  void aWriteAdmittedWhileItHealsWinsAlsoOverAViewChange() {
    lab.disk.bad.set(4);
    w.read(7, 4);
    lab.loop.advance(60);
    FrameHeader f = fetches().getFirst();
    EngineLab.Peer source = asked(f);
    w.write(1, 4, 9);
    lab.disk.syncsEnd = false;
    source.send(fetched(f), B, B, 77);
    lab.loop.advance(100);
    assertThat(lab.disk.data[4]).isEqualTo(9);
    // Not yet durable when a view comes: what the client wrote is not fetched over.
    b.asked.clear();
    c.asked.clear();
    stale(TestViews.evicted(lab.view, 2));
    assertThat(fetches()).isEmpty();
    assertThat(own()).isEqualTo("{4}");
    w.read(8, 4);
    assertThat(w.status()).isEqualTo(Status.OK);
    lab.disk.syncsEnd = true;
    lab.loop.advance(200);
    assertThat(own()).isEqualTo("{}");
  }

  @Test
  void tooManyErrorsTakeTheLegOutWithTheReason() {
    lab.disk.bad.set(0, TestViews.BLOCKS);
    for (int i = 0; i < 2; i++) {
      w.send(w.header(FrameType.READ, 7 + i, i * 256L * B, 256L * B), 0);
    }
    assertThat(lab.edges(LegEdge.DiskFailed.class)).hasSize(1);
    assertThat(lab.edges(LegEdge.DiskFailed.class).getFirst().reason())
        .contains("512 blocks could not be read within a minute");
  }

  @Test
  void aFewNowAndThenDoNot() {
    for (int i = 0; i < 8; i++) {
      lab.disk.bad.set(0, 100);
      w.send(w.header(FrameType.READ, 7 + i, 0, 100L * B), 0);
      assertThat(lab.disk.ownMissing().size()).isEqualTo(100);
      w.send(w.header(FrameType.WRITE_ZEROES, i + 1, 0, 100L * B), 0);
      FrameHeader beat = w.header(FrameType.HEARTBEAT, 0, 0, 0);
      beat.watermark = i + 1L;
      w.send(beat, 0);
      lab.loop.advance(31_000);
    }
    assertThat(lab.edges(LegEdge.DiskFailed.class)).isEmpty();
    assertThat(lab.engine.status().figures().mediaErrors()).isEqualTo(800);
  }

  @Test
  void anAuthorityThatLostABlockOfTheUnionDoesNotDecideIt() {
    lab.disk.bad.set(4);
    w.read(7, 4);
    lab.adopt(TestViews.ended(lab.view, 0));
    lab.loop.advance(200);
    long g = lab.view.generation();
    lab.engine.order(new LegOrder.GatherUnion(g, 2 | 4));
    lab.loop.advance(1);
    b.answer(b.asked(FrameType.UNION_REQUEST).getLast(), FrameType.UNION, 0, 16, 8, 4, 1);
    c.answer(c.asked(FrameType.UNION_REQUEST).getLast(), FrameType.UNION, 0, 0, 8);
    lab.loop.advance(1);
    lab.engine.order(new LegOrder.RecordUnion(g, 2 | 4));
    assertThat(lab.edges(LegEdge.DiskFailed.class)).hasSize(1);
    assertThat(b.asked(FrameType.UNION_RECORD)).isEmpty();
  }

  @Test
  void noReadOfItIsBegunWhileAViewWaits() {
    lab.disk.late = true;
    lab.disk.bad.set(4);
    w.read(7, 4);
    w.write(1, 9, 9);
    lab.adopt(TestViews.evicted(lab.view, 2));
    while (lab.disk.completeNext()) {}
    assertThat(lab.engine.status().adoptedGeneration()).isEqualTo(lab.view.generation());
    // Judged by the new view.
    assertThat(w.c.ofType(FrameType.DATA).getLast().status).isEqualTo(Status.STALE_VIEW);
    assertThat(own()).isEqualTo("{4}");
  }

  @Test
  void clearsOfALegInSyncAreNobodysBusiness() {
    lab.disk.bad.set(4);
    w.read(7, 4);
    lab.loop.advance(100);
    FrameHeader f = fetches().getFirst();
    asked(f).send(fetched(f), B, B, 77);
    lab.loop.advance(200);
    assertThat(b.asked(FrameType.CLEAR)).isEmpty();
    assertThat(c.asked(FrameType.CLEAR)).isEmpty();
  }
}
