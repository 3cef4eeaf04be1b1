package io.onehop.node.books;

import static io.onehop.node.books.TestViews.coldStarted;
import static io.onehop.node.books.TestViews.evicted;
import static io.onehop.node.books.TestViews.id;
import static io.onehop.node.books.TestViews.promoted;
import static io.onehop.node.books.TestViews.syncing;
import static io.onehop.node.books.TestViews.written;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

/** Blocks that a medium has lost, through restarts and views (rules 4.3, 8.4). */
final class UnreadableTest {
  private static final int B = FakeDisk.BLOCK;

  private final FakeDisk disk =
      new FakeDisk(TestViews.BLOCKS, TestViews.POOL, id(0), TestViews.LINEAGE, TestViews.BOOT);
  private LegBooks books = new LegBooks(disk, LegRules.ALL, id(0), 100);
  private PoolView v = written(TestViews.first(3));

  @BeforeEach
  void start() throws IOException {
    books.start(TestViews.BOOT);
    books.adopt(v);
    books.unreadable(RoaringBitmap.bitmapOf(7, 8));
  }

  private void adopt(PoolView next) {
    v = next;
    books.adopt(v);
  }

  private void write(long sequence, int block) {
    books.admit(v.epoch(), sequence, (long) block * B, B);
    books.stored(v.epoch(), sequence, (long) block * B, B);
  }

  private void restart(LegRules rules) throws IOException {
    books = new LegBooks(disk.reopened(), rules, id(0), 300);
    books.start(TestViews.BOOT);
    books.adopt(v);
  }

  private String own() {
    return disk.ownMissing().toString();
  }

  private String bad() {
    return disk.unreadable().toString();
  }

  private String map(int member) {
    return disk.missMap(id(member)).toString();
  }

  @Test
  void theLegStaysInSync() {
    assertThat(books.state()).isEqualTo(LegState.IN_SYNC);
    assertThat(own()).isEqualTo("{7, 8}");
    adopt(evicted(v, 1));
    assertThat(own()).isEqualTo("{7, 8}");
    // Nobody else misses it for that.
    assertThat(map(1)).isEqualTo("{}");
  }

  @Test
  void aColdStartEmptiesTheSuspectsAndNotWhatTheMediumLost() throws IOException {
    write(1, 5);
    restart(LegRules.ALL);
    assertThat(own()).isEqualTo("{5, 7, 8}");
    adopt(coldStarted(v, 0, 300));
    assertThat(books.state()).isEqualTo(LegState.IN_SYNC);
    assertThat(own()).isEqualTo("{7, 8}");
    // The others keep their good copies of it.
    assertThat(map(1)).isEqualTo("{5}");
    assertThat(map(2)).isEqualTo("{5}");
  }

  @Test
  void withoutTheRuleTheOthersWouldThrowTheirGoodCopiesAway() throws IOException {
    LegRules a = LegRules.ALL;
    LegRules naive =
        new LegRules(
            a.recordFirst(),
            a.barrier(),
            a.markAtAdoption(),
            a.sinceDecides(),
            a.syncingMovesOwn(),
            a.forgetFresh(),
            a.forgetMaps(),
            a.suspectsDurable(),
            a.marksSurvive(),
            a.duplicates(),
            a.unionIntoMaps(),
            a.unionRecorded(),
            a.unconfirmedKept(),
            a.mapGeneration(),
            a.allMapsFirst(),
            a.fetchChecked(),
            a.clearChecked(),
            a.generationDurable(),
            a.suspectsToMaps(),
            true,
            false,
            true,
            true,
            true);
    restart(naive);
    adopt(coldStarted(v, 0, 300));
    assertThat(own()).isEqualTo("{}");
    assertThat(map(1)).isEqualTo("{7, 8}");
  }

  @Test
  void whatWasWrittenSinceIsASuspectLikeAnyOther() throws IOException {
    write(1, 7);
    restart(LegRules.ALL);
    assertThat(bad()).isEqualTo("{8}");
    adopt(coldStarted(v, 0, 300));
    assertThat(own()).isEqualTo("{8}");
    assertThat(map(1)).isEqualTo("{7}");
  }

  @Test
  void whatWasWrittenSinceAndConfirmedIsNotLostByAKill() throws IOException {
    adopt(evicted(v, 1));
    write(1, 7);
    books.watermark(v.epoch(), v.generation(), 1);
    // Killed before the store sync that drops it from own-missing: this leg alone has it.
    restart(LegRules.ALL);
    adopt(coldStarted(v, 0, 300));
    assertThat(own()).isEqualTo("{8}");
    assertThat(map(1)).isEqualTo("{7}");
  }

  @Test
  void aStrayBitMeansNothing() throws IOException {
    // Killed between the two removals of a block that has healed …
    disk.ownMissing().remove(7, 8);
    restart(LegRules.ALL);
    assertThat(bad()).isEqualTo("{8}");
    // … and between the two additions of one that was lost.
    disk.unreadable().add(20, 21);
    disk.unconfirmed().put(v.epoch(), 2, 20L * B, B);
    restart(LegRules.ALL);
    assertThat(bad()).isEqualTo("{8}");
    assertThat(own()).isEqualTo("{8, 20}");
  }

  @Test
  void healingDropsBoth() throws IOException {
    books.markClean(7, 8);
    assertThat(books.missesAny(0, TestViews.BLOCKS)).isTrue();
    assertThat(books.missesAny(7, 8)).isFalse();
    books.healed(RoaringBitmap.bitmapOf(7));
    assertThat(own()).isEqualTo("{8}");
    assertThat(bad()).isEqualTo("{8}");
    assertThat(books.clean.isEmpty()).isTrue();
  }

  @Test
  void aBlockThatIsLostAgainWhileItsSyncRunsIsMissing() throws IOException {
    books.markClean(7, 9);
    books.unreadable(RoaringBitmap.bitmapOf(7));
    assertThat(books.missing(7)).isTrue();
    assertThat(books.missing(8)).isFalse();
  }

  @Test
  void aPromotionOfALegWithALostBlockKeepsItMissing() throws IOException {
    adopt(syncing(evicted(v, 0), 0, 100));
    adopt(promoted(v, 0));
    assertThat(books.state()).isEqualTo(LegState.IN_SYNC);
    assertThat(own()).isEqualTo("{7, 8}");
  }

  @Test
  void aDamagedSetIsNotBelieved() throws IOException {
    disk.reopened().damage = "unreadable: has a damaged header";
    disk.unreadable().add(0, TestViews.BLOCKS);
    books = new LegBooks(disk, LegRules.ALL, id(0), 300);
    books.start(TestViews.BOOT);
    assertThat(bad()).isEqualTo("{}");
    assertThat(disk.ownMissing().size()).isEqualTo(TestViews.BLOCKS);
  }
}
