package io.onehop.node.serve;

import static io.onehop.node.serve.EngineLab.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.node.books.TestViews;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Leg 0 comes back, gives maps and content, and reconciles (rules 6.x, 7.x); its peers are played.
 */
final class LegResyncTest extends ResyncCase {
  @Test
  void aMapOfTheVeryGenerationIsTakenAndHealed() {
    EngineLab.Peer b = syncing();
    maps();
    assertThat(b.asked(FrameType.MAP_REQUEST)).extracting(h -> h.extra).contains(0L);
    b.maps(3, 2);
    assertThat(own()).isEqualTo("{3, 4}");
    assertThat(lab.edges(LegEdge.MapsArrived.class)).hasSize(1);
    heal();
    FrameHeader f = b.asked(FrameType.FETCH).getFirst();
    assertThat(f.offset).isEqualTo(3L * B);
    assertThat(f.length).isEqualTo(2L * B);
    b.send(fetched(f), 2 * B, B, 77, 78);
    lab.loop.advance(200);
    assertThat(lab.disk.data[3]).isNotZero();
    assertThat(own()).isEqualTo("{}");
    assertThat(lab.edges(LegEdge.Healed.class)).hasSize(1);
    FrameHeader clear = b.asked(FrameType.CLEAR).getFirst();
    assertThat(clear.extra).isEqualTo(100);
    assertThat(clear.generation).isEqualTo(lab.view.generation());
  }

  @Test
  void nothingIsFetchedBeforeAllMapsHaveCome() {
    EngineLab.Peer b = syncing();
    lab.disk.ownMissing().add(3, 4);
    heal();
    lab.loop.advance(500);
    assertThat(b.asked(FrameType.FETCH)).isEmpty();
  }

  @Test
  void thePeersMapsOfOtherAbsentLegsAreTakenOver() {
    EngineLab.Peer b = syncing();
    maps();
    List<FrameHeader> asked = b.asked(FrameType.MAP_REQUEST);
    assertThat(asked).extracting(h -> h.extra).containsExactlyInAnyOrder(0L, 3L);
    for (FrameHeader h : asked) {
      assertThat(lab.edges(LegEdge.MapsArrived.class)).isEmpty();
      b.answer(h, FrameType.MAP, Status.OK, 16, 8, h.extra == 0 ? 5 : 40, 1);
      lab.loop.advance(1);
    }
    assertThat(own()).isEqualTo("{5}");
    // Rule 6.8: leg 2 misses what leg 1 knows, durably before the promotion.
    assertThat(lab.disk.missMap(TestViews.id(2)).toString()).isEqualTo("{40}");
    assertThat(lab.disk.trace).contains("force map2");
    assertThat(lab.edges(LegEdge.MapsArrived.class)).hasSize(1);
  }

  @Test
  void aMapOfAnotherGenerationIsDropped() {
    EngineLab.Peer b = syncing();
    maps();
    FrameHeader late = b.asked(FrameType.MAP_REQUEST).getFirst();
    lab.adopt(TestViews.evicted(TestViews.syncing(lab.view, 2, 300), 2));
    maps();
    b.answer(late, FrameType.MAP, Status.OK, 16, 8, 3, 1);
    lab.loop.advance(1);
    assertThat(own()).isEqualTo("{}");
    assertThat(lab.edges(LegEdge.MapsArrived.class)).isEmpty();
  }

  @Test
  void aLateMapBitDoesNotMakeAFreshBlockMissing() {
    EngineLab.Peer b = syncing();
    EngineLab.Client c = lab.client(TestViews.SESSION, 0);
    c.write(1, 4, 9);
    maps();
    b.maps(3, 3);
    assertThat(own()).isEqualTo("{3, 5}");
  }

  @Test
  void aWriteThatIsNotStoredYetIsNotFresh() {
    EngineLab.Peer b = syncing();
    EngineLab.Client c = lab.client(TestViews.SESSION, 0);
    lab.disk.late = true;
    c.write(1, 4, 9);
    maps();
    b.maps(3, 3);
    // Promoted or killed now, the block would hold what it held before.
    assertThat(own()).isEqualTo("{3, 4, 5}");
    while (lab.disk.completeNext()) {}
    assertThat(lab.engine.status().missingBlocks()).isNotNegative();
    lab.loop.advance(100);
    assertThat(lab.engine.status().missingBlocks()).isEqualTo(2);
  }

  @Test
  void aMapAnsweredTwiceDoesNotMakeHealedBlocksMissingAgain() {
    EngineLab.Peer b = syncing();
    maps();
    List<FrameHeader> asked = List.copyOf(b.asked(FrameType.MAP_REQUEST));
    b.maps(3, 1);
    heal();
    b.send(fetched(b.asked(FrameType.FETCH).getFirst()), B, B, 77);
    lab.loop.advance(200);
    assertThat(own()).isEqualTo("{}");
    for (FrameHeader h : asked) {
      b.answer(h, FrameType.MAP, Status.OK, 16, 8, 3, 1);
    }
    lab.loop.advance(10);
    assertThat(own()).isEqualTo("{}");
  }

  @Test
  void severalSourcesAreAskedAtOnceAndEachBlockOnce() {
    EngineLab.Peer b = lab.peer(1);
    EngineLab.Peer c = lab.peer(2);
    lab.written();
    lab.adopt(TestViews.syncing(TestViews.evicted(lab.view, 0), 0, 100));
    lab.loop.advance(200);
    lab.engine.order(new LegOrder.RequestMaps(lab.view.generation(), 6));
    lab.loop.advance(1);
    b.maps(0, 1024);
    assertThat(lab.edges(LegEdge.MapsArrived.class)).isEmpty();
    c.maps();
    assertThat(lab.edges(LegEdge.MapsArrived.class)).hasSize(1);
    heal();
    List<FrameHeader> fromB = b.asked(FrameType.FETCH);
    List<FrameHeader> fromC = c.asked(FrameType.FETCH);
    assertThat(fromB).hasSameSizeAs(fromC).isNotEmpty();
    assertThat(fromB)
        .extracting(h -> h.offset)
        .doesNotContainAnyElementsOf(fromC.stream().map(h -> h.offset).toList());
    // A source that lost its link is not waited for.
    b.drop();
    lab.loop.advance(60);
    assertThat(c.asked(FrameType.FETCH).stream().mapToLong(h -> h.length).sum())
        .isEqualTo(1024L * B);
  }

  @Test
  void aBlockMissingAtOneSourceComesFromTheOther() {
    EngineLab.Peer b = lab.peer(1);
    EngineLab.Peer c = lab.peer(2);
    lab.written();
    lab.adopt(TestViews.syncing(TestViews.evicted(lab.view, 0), 0, 100));
    lab.loop.advance(200);
    lab.engine.order(new LegOrder.RequestMaps(lab.view.generation(), 6));
    lab.loop.advance(1);
    b.maps(3, 1);
    c.maps();
    heal();
    EngineLab.Peer first = b.asked(FrameType.FETCH).isEmpty() ? c : b;
    EngineLab.Peer second = first == b ? c : b;
    first.answer(first.asked(FrameType.FETCH).getFirst(), FrameType.FETCHED, Status.MISSING, 0, 8);
    lab.loop.advance(10);
    second.send(fetched(second.asked(FrameType.FETCH).getFirst()), B, B, 77);
    lab.loop.advance(200);
    assertThat(first.asked(FrameType.FETCH)).hasSize(1);
    assertThat(own()).isEqualTo("{}");
    assertThat(lab.edges(LegEdge.Healed.class)).hasSize(1);
    // Both peers hear that it is whole.
    assertThat(b.asked(FrameType.CLEAR)).hasSize(1);
    assertThat(c.asked(FrameType.CLEAR)).hasSize(1);
  }

  @Test
  void doubtEndsWithTheWatermarkOfItsHighestSequenceAndNotBefore() {
    EngineLab.Peer b = syncing();
    maps();
    b.maps(3, 2);
    heal();
    FrameHeader a = fetched(b.asked(FrameType.FETCH).getFirst());
    a.extra = 12;
    b.send(a, 2 * B, B, 77, 78);
    lab.loop.advance(200);
    EngineLab.Client c = lab.client(TestViews.SESSION, 0);
    FrameHeader beat = c.header(FrameType.HEARTBEAT, 0, 0, 0);
    beat.watermark = 11;
    c.send(beat, 0);
    assertThat(lab.disk.carried().toString()).isEqualTo("{3, 4}");
    beat = c.header(FrameType.HEARTBEAT, 0, 0, 0);
    beat.generation--;
    beat.watermark = 12;
    c.send(beat, 0);
    assertThat(lab.disk.carried().toString()).isEqualTo("{3, 4}");
    beat = c.header(FrameType.HEARTBEAT, 0, 0, 0);
    beat.watermark = 12;
    c.send(beat, 0);
    assertThat(lab.disk.carried().toString()).isEqualTo("{}");
  }

  @Test
  void aMapWithARunOutsideOfThePoolIsNoAnswer() {
    EngineLab.Peer b = syncing();
    maps();
    b.maps(TestViews.BLOCKS - 1, 2);
    b.maps(-1, 1);
    assertThat(own()).isEqualTo("{}");
    assertThat(lab.edges(LegEdge.MapsArrived.class)).isEmpty();
  }

  @Test
  void aFetchAnswerOfAnOlderGenerationIsDropped() {
    EngineLab.Peer b = syncing();
    maps();
    b.maps(3, 1);
    heal();
    FrameHeader old = b.asked(FrameType.FETCH).getFirst();
    // Out and back in, and asking for the same again.
    lab.adopt(TestViews.syncing(TestViews.evicted(lab.view, 0), 0, 100));
    maps();
    b.maps(3, 1);
    heal();
    b.send(fetched(old), B, B, 77);
    lab.loop.advance(10);
    assertThat(lab.disk.data[3]).isZero();
    assertThat(own()).isEqualTo("{3}");
  }

  @Test
  void aFetchOvertakenByAWriteIsDropped() {
    EngineLab.Peer b = syncing();
    maps();
    b.maps(3, 3);
    heal();
    FrameHeader f = b.asked(FrameType.FETCH).getFirst();
    EngineLab.Client c = lab.client(TestViews.SESSION, 0);
    lab.disk.late = true;
    c.write(1, 4, 9);
    // One in progress and, next time, one that is done.
    b.send(fetched(f), 3 * B, B, 77, 78, 79);
    lab.loop.advance(1);
    while (lab.disk.completeNext()) {}
    lab.disk.late = false;
    long written = lab.disk.data[4];
    assertThat(written).isEqualTo(9);
    assertThat(lab.disk.data[3]).isNotZero();
    assertThat(lab.disk.data[5]).isNotZero();
    // Block 4 alone is asked for again, and is not wanted any more when it comes.
    lab.loop.advance(100);
    FrameHeader again = b.asked(FrameType.FETCH).getLast();
    assertThat(again.offset).isEqualTo(4L * B);
    assertThat(again.length).isEqualTo(B);
    assertThat(b.asked(FrameType.FETCH)).hasSize(2);
    b.send(fetched(again), B, B, 80);
    lab.loop.advance(200);
    assertThat(own()).isEqualTo("{}");
    assertThat(lab.disk.data[4]).isEqualTo(9);
  }

  @Test
  void answersThatDoNotFitTheirQuestionAreDropped() {
    EngineLab.Peer b = syncing();
    maps();
    b.maps(3, 1);
    heal();
    for (int kind = 0; kind < 5; kind++) {
      FrameHeader f = b.asked(FrameType.FETCH).getLast();
      FrameHeader a = fetched(f);
      int bytes = B;
      switch (kind) {
        case 0 -> a.length = 2L * B;
        case 1 -> a.offset = 4L * B;
        case 2 -> bytes = 0;
        case 3 -> a.sequence += 1000;
        default -> a.offset = Long.MIN_VALUE;
      }
      b.send(a, bytes, B, 77);
      lab.loop.advance(100);
      assertThat(lab.disk.data[3]).isZero();
      assertThat(own()).isEqualTo("{3}");
    }
  }

  @Test
  void healedIsSaidOnlyAfterASyncBegunAfterTheLastHeal() {
    EngineLab.Peer b = syncing();
    maps();
    b.maps(3, 1, 600, 1);
    heal();
    List<FrameHeader> f = b.asked(FrameType.FETCH);
    assertThat(f).hasSize(2);
    lab.disk.syncsEnd = false;
    b.send(fetched(f.get(0)), B, B, 77);
    lab.loop.advance(1);
    EngineLab.Client c = lab.client(TestViews.SESSION, 0);
    int before = lab.disk.syncs;
    c.write(1, 600, 9);
    b.send(fetched(f.get(1)), B, B, 79);
    // Nothing is missing in memory: a checkpoint begins …
    lab.loop.advance(100);
    assertThat(lab.disk.syncs).isGreaterThan(before);
    // … while it runs, another map bit comes and heals.
    lab.disk.ownMissing().add(700, 701);
    lab.loop.advance(100);
    FrameHeader last = b.asked(FrameType.FETCH).getLast();
    assertThat(last.offset).isEqualTo(700L * B);
    b.send(fetched(last), B, B, 78);
    lab.loop.advance(1);
    int running = lab.disk.syncs;
    lab.disk.poll();
    lab.disk.syncsEnd = true;
    lab.disk.poll();
    assertThat(lab.edges(LegEdge.Healed.class)).isEmpty();
    assertThat(own()).isEqualTo("{700}");
    lab.loop.advance(200);
    assertThat(lab.disk.syncs).isGreaterThan(running);
    assertThat(lab.edges(LegEdge.Healed.class)).hasSize(1);
    assertThat(own()).isEqualTo("{}");
  }

  @Test
  void fetchedDataCarriesItsDoubt() {
    EngineLab.Peer b = syncing();
    maps();
    b.maps(3, 1);
    heal();
    FrameHeader a = fetched(b.asked(FrameType.FETCH).getFirst());
    a.extra = 12;
    b.send(a, B, B, 77);
    lab.loop.advance(200);
    assertThat(lab.disk.carried().toString()).isEqualTo("{3}");
    // Its promotion is a view of the same session: the doubt stays for a union (†10).
    lab.adopt(TestViews.promoted(lab.view, 0));
    assertThat(lab.disk.carried().toString()).isEqualTo("{3}");
    lab.adopt(TestViews.ended(lab.view, 1));
    assertThat(union().toString()).isEqualTo("[3, 1]");
  }

  @Test
  void aFailedFirstSyncWhileHealingEndsTheRun() {
    EngineLab.Peer b = syncing();
    maps();
    b.maps();
    lab.disk.syncStatus = Status.IO_ERROR;
    heal();
    lab.loop.advance(300);
    assertThat(lab.edges(LegEdge.DiskFailed.class)).hasSize(1);
    assertThat(lab.edges(LegEdge.Healed.class)).isEmpty();
    assertThat(lab.disk.ownMissing().size()).isEqualTo(TestViews.BLOCKS);
  }

  @Test
  void aHealThatCannotBeStoredEndsTheRun() {
    EngineLab.Peer b = syncing();
    maps();
    b.maps(3, 1);
    heal();
    lab.disk.writeStatus = Status.NO_SPACE;
    b.send(fetched(b.asked(FrameType.FETCH).getFirst()), B, B, 77);
    lab.loop.advance(300);
    assertThat(lab.edges(LegEdge.DiskFailed.class)).hasSize(1);
    assertThat(own()).isEqualTo("{3}");
  }

  @Test
  void aMapThatCannotBeKeptEndsTheRun() {
    EngineLab.Peer b = syncing();
    maps();
    lab.disk.metadataFails = true;
    b.maps(3, 1);
    lab.loop.advance(300);
    assertThat(lab.edges(LegEdge.DiskFailed.class)).hasSize(1);
    assertThat(lab.edges(LegEdge.MapsArrived.class)).isEmpty();
  }
}
