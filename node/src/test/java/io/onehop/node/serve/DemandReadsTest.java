package io.onehop.node.serve;

import static io.onehop.node.serve.EngineLab.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.node.books.TestViews;
import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.model.Policies;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Leg 0 is syncing and serves reads (rule 4.2); leg 1 is in sync and played. */
final class DemandReadsTest extends ResyncCase {
  private final EngineLab.Peer b = syncing();
  private final EngineLab.Client r = lab.client(TestViews.SESSION, 0);

  private List<FrameHeader> fetches() {
    return b.asked(FrameType.FETCH);
  }

  private void give(FrameHeader f) {
    b.send(fetched(f), (int) f.length, B, words(f));
  }

  private static long[] words(FrameHeader f) {
    long[] words = new long[(int) (f.length / B)];
    for (int i = 0; i < words.length; i++) {
      words[i] = 1000 + f.offset / B + i;
    }
    return words;
  }

  @Test
  void nothingIsServedBeforeAllMapsHaveCome() {
    r.read(1, 3);
    assertThat(r.status()).isEqualTo(Status.NOT_IN_SYNC);
    maps();
    r.read(2, 3);
    assertThat(r.status()).isEqualTo(Status.NOT_IN_SYNC);
    b.maps(5, 1);
    r.read(3, 3);
    assertThat(r.status()).isEqualTo(Status.OK);
    assertThat(r.c.last().header().generation).isEqualTo(lab.view.generation());
  }

  @Test
  void mapsOfOnePeerAreNotAll() {
    // Leg 2 in sync, too.
    lab.adopt(TestViews.promoted(TestViews.syncing(lab.view, 2, 202), 2));
    lab.peer(2);
    lab.loop.advance(300);
    maps();
    b.maps();
    r.read(1, 3);
    assertThat(r.status()).isEqualTo(Status.NOT_IN_SYNC);
  }

  @Test
  void aMissingBlockIsFetchedFirstAndBeforeAllOthers() {
    maps();
    b.maps(0, 900);
    r.read(1, 950); // while clients are served, little is under way
    heal();
    int background = fetches().size();
    assertThat(background).isPositive();
    r.send(r.header(FrameType.READ, 7, 890L * B, 2L * B), 0);
    lab.loop.advance(1);
    assertThat(fetches()).hasSize(background + 1);
    FrameHeader f = fetches().getLast();
    assertThat(f.offset).isEqualTo(890L * B);
    assertThat(f.length).isEqualTo(2L * B);
    assertThat(r.c.ofType(FrameType.DATA)).hasSize(1);
    give(f);
    lab.loop.advance(1);
    assertThat(r.c.ofType(FrameType.DATA)).hasSize(2);
    assertThat(r.status()).isEqualTo(Status.OK);
    assertThat(r.c.last().payload().getLong(B)).isEqualTo(1891);
    assertThat(lab.engine.status().figures().demandReads()).isZero();
    lab.loop.advance(100);
    assertThat(lab.engine.status().figures().demandReads()).isEqualTo(1);
    assertThat(lab.engine.status().figures().demandRefused()).isZero();
  }

  @Test
  void aReadJoinsAFetchUnderWay() {
    maps();
    b.maps(3, 2);
    heal();
    assertThat(fetches()).hasSize(1);
    r.read(7, 4);
    r.read(8, 3);
    lab.loop.advance(100);
    assertThat(fetches()).hasSize(1);
    give(fetches().getFirst());
    lab.loop.advance(1);
    assertThat(r.c.ofType(FrameType.DATA)).hasSize(2).allMatch(h -> h.status == Status.OK);
  }

  @Test
  void aWriteSatisfiesAReader() {
    maps();
    b.maps(3, 1);
    heal();
    r.read(7, 3);
    r.write(1, 3, 9);
    lab.loop.advance(100);
    assertThat(r.c.ofType(FrameType.DATA).getLast().status).isEqualTo(Status.OK);
  }

  @Test
  void aReaderWaitsNoLongerThanItsDeadline() {
    maps();
    b.maps(3, 1);
    heal();
    r.read(7, 3);
    lab.loop.advance(Policies.DEFAULT.deadlineNanos() / 1_000_000 + 200);
    assertThat(r.status()).isEqualTo(Status.NOT_IN_SYNC);
    assertThat(lab.engine.status().figures().demandRefused()).isEqualTo(1);
  }

  @Test
  void beforeTheHealIsOrderedItWaitsForThat() {
    maps();
    b.maps(3, 1);
    r.read(7, 3);
    lab.loop.advance(100);
    assertThat(fetches()).isEmpty();
    heal();
    lab.loop.advance(100);
    give(fetches().getFirst());
    lab.loop.advance(1);
    assertThat(r.status()).isEqualTo(Status.OK);
  }

  @Test
  void tooManyReadersAreTurnedAway() {
    maps();
    b.maps(3, 1);
    heal();
    for (int i = 0; i <= DemandReads.MOST; i++) {
      r.read(7 + i, 3);
    }
    assertThat(r.c.ofType(FrameType.DATA)).hasSize(1);
    assertThat(r.status()).isEqualTo(Status.NOT_IN_SYNC);
    give(fetches().getFirst());
    lab.loop.advance(1);
    assertThat(r.c.ofType(FrameType.DATA)).hasSize(1 + DemandReads.MOST);
    assertThat(r.status()).isEqualTo(Status.OK);
  }

  @Test
  void aNewViewJudgesThemAgain() {
    maps();
    b.maps(3, 1);
    heal();
    r.read(7, 3);
    lab.adopt(TestViews.syncing(lab.view, 2, 202));
    assertThat(r.c.ofType(FrameType.DATA).getLast().status).isEqualTo(Status.STALE_VIEW);
    assertThat(r.c.ofType(FrameType.VIEW)).isNotEmpty();
  }

  @Test
  void whatNoInSyncLegHasIsSaidToBeMissing() {
    maps();
    b.maps(3, 1);
    heal();
    r.read(7, 3);
    b.answer(fetches().getLast(), FrameType.FETCHED, Status.MISSING, 0, 8);
    lab.loop.advance(100);
    assertThat(r.status()).isEqualTo(Status.MISSING);
  }

  @Test
  void aMediumThatLosesABlockOfASyncingLegIsFetchedFor() {
    maps();
    b.maps(900, 1);
    heal();
    lab.disk.bad.set(3);
    r.read(7, 3);
    lab.loop.advance(100);
    assertThat(own()).isEqualTo("{3, 900}");
    FrameHeader f = fetches().getLast();
    assertThat(f.offset).isEqualTo(3L * B);
    give(f);
    lab.loop.advance(1);
    assertThat(r.status()).isEqualTo(Status.OK);
  }

  @Test
  void aLegOutOfTheWriteSetServesNothing() {
    maps();
    b.maps();
    lab.adopt(TestViews.evicted(lab.view, 0));
    r.read(7, 3);
    assertThat(r.status()).isEqualTo(Status.NOT_IN_SYNC);
  }

  @Test
  void afterANewEpochTheMapsHaveToComeAgain() {
    maps();
    b.maps();
    lab.adopt(TestViews.ready(TestViews.ended(lab.view, 1)));
    lab.adopt(TestViews.written(lab.view));
    r.read(7, 3);
    assertThat(r.status()).isEqualTo(Status.NOT_IN_SYNC);
    lab.engine.order(new LegOrder.RequestMaps(lab.view.generation(), 2));
    lab.loop.advance(1);
    b.maps();
    r.read(8, 3);
    assertThat(r.status()).isEqualTo(Status.OK);
  }
}
