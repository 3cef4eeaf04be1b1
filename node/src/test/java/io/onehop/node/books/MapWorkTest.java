package io.onehop.node.books;

import static io.onehop.node.books.TestViews.coldStarted;
import static io.onehop.node.books.TestViews.ended;
import static io.onehop.node.books.TestViews.evicted;
import static io.onehop.node.books.TestViews.id;
import static io.onehop.node.books.TestViews.promoted;
import static io.onehop.node.books.TestViews.ready;
import static io.onehop.node.books.TestViews.syncing;
import static io.onehop.node.books.TestViews.written;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

/** Leg 0 of three, through every kind of adoption (rules 2.2 to 2.5, 6.1, 7.2, 7.3, 8.2 to 8.4). */
final class MapWorkTest {
  private static final int B = FakeDisk.BLOCK;

  private final FakeDisk disk =
      new FakeDisk(TestViews.BLOCKS, TestViews.POOL, id(0), TestViews.LINEAGE, TestViews.BOOT);
  private LegBooks books = new LegBooks(disk, LegRules.ALL, id(0), 100);
  private PoolView v = written(TestViews.first(3));

  @BeforeEach
  void start() throws IOException {
    books.start(TestViews.BOOT);
    books.adopt(v);
  }

  private void adopt(PoolView next) {
    v = next;
    books.adopt(v);
  }

  /** Admits and stores a write of one block. */
  private void write(long sequence, int block) {
    books.admit(v.epoch(), sequence, (long) block * B, B);
    books.stored(v.epoch(), sequence, (long) block * B, B);
  }

  private void restart(long incarnation, UUID boot) throws IOException {
    books = new LegBooks(disk.reopened(), LegRules.ALL, id(0), incarnation);
    books.start(boot);
  }

  private String map(int member) {
    return disk.missMap(id(member)).toString();
  }

  private String own() {
    return disk.ownMissing().toString();
  }

  @Test
  void aNewlyAbsentMemberMissesWhatIsUnconfirmed() {
    write(1, 5);
    write(2, 9);
    books.watermark(v.epoch(), v.generation(), 1);
    adopt(evicted(v, 1));
    assertThat(map(1)).isEqualTo("{9}");
    assertThat(map(2)).isEqualTo("{}");
    assertThat(disk.trace).contains("force map1");
    assertThat(disk.trace.lastIndexOf("force map1")).isLessThan(disk.trace.lastIndexOf("save 3"));
    write(3, 20);
    assertThat(map(1)).isEqualTo("{9, 20}");
  }

  @Test
  void aMemberThatLeftAndCameBackInSkippedViewsIsNewlyAbsentToo() {
    write(1, 5);
    adopt(syncing(evicted(v, 1), 1, 201));
    assertThat(map(1)).isEqualTo("{5}");
    // A syncing leg gets new writes itself.
    write(2, 6);
    assertThat(map(1)).isEqualTo("{5}");
  }

  @Test
  void anUnchangedAbsenceMarksNothingAgain() {
    adopt(evicted(v, 1));
    write(1, 5);
    disk.missMap(id(1)).remove(5, 6);
    adopt(evicted(v, 2));
    assertThat(map(1)).isEqualTo("{}");
    assertThat(map(2)).isEqualTo("{5}");
  }

  @Test
  void severalAbsentMembersAreMarkedAndTheUnionForEveryoneNotInSync() throws IOException {
    v = written(TestViews.first(5));
    books = new LegBooks(disk.reopened(), LegRules.ALL, id(0), 100);
    books.start(TestViews.BOOT);
    books.adopt(v);
    write(1, 5);
    // Two leave at once, one of them is back already, seen in one view.
    adopt(syncing(evicted(evicted(v, 1), 3), 3, 203));
    assertThat(map(1)).isEqualTo("{5}");
    assertThat(map(2)).isEqualTo("{}");
    assertThat(map(3)).isEqualTo("{5}");
    write(2, 9);
    assertThat(map(1)).isEqualTo("{5, 9}");
    assertThat(map(3)).isEqualTo("{5}");
    assertThat(Misses.byMember(books)).containsExactly(0L, 2L, 0L, 0L, 0L);
    adopt(ended(v, 2));
    books.recordUnion(RoaringBitmap.bitmapOf(9, 30));
    assertThat(map(1)).isEqualTo("{5, 9, 30}");
    assertThat(map(3)).isEqualTo("{5, 9, 30}");
    assertThat(map(2)).isEqualTo("{}");
    assertThat(map(4)).isEqualTo("{}");
    assertThat(disk.carried().toString()).isEqualTo("{9, 30}");
  }

  @Test
  void aNewMemberMissesEverythingOnce() throws IOException {
    disk.save(disk.superblock().adopted(0, TestViews.LINEAGE, 0));
    restart(300, TestViews.BOOT);
    adopt(syncing(evicted(v, 0), 0, 300));
    assertThat(disk.ownMissing().size()).isEqualTo(TestViews.BLOCKS);
    assertThat(disk.superblock().missesEverything()).isEqualTo("a new member");
    // What has healed is not missing again with the next view.
    disk.ownMissing().remove(0, 1000);
    adopt(evicted(v, 2));
    assertThat(disk.ownMissing().size()).isEqualTo(24);
    adopt(promoted(v, 0));
    assertThat(disk.superblock().missesEverything()).isEmpty();
  }

  @Test
  void anOwnNewStintMovesTheUnconfirmedSet() {
    write(1, 5);
    books.mapsFrom = 6;
    books.fresh.add(7);
    long stint = books.stint;
    // Left and came back in views of which it sees the last only.
    adopt(syncing(evicted(v, 0), 0, 100));
    assertThat(own()).isEqualTo("{5}");
    assertThat(disk.unconfirmed().isEmpty()).isTrue();
    assertThat(books.fresh.isEmpty()).isTrue();
    assertThat(books.mapsFrom).isZero();
    assertThat(books.stint).isGreaterThan(stint);
    assertThat(books.state()).isEqualTo(LegState.SYNCING);
  }

  @Test
  void promotionIsNoNewStint() {
    adopt(syncing(evicted(v, 0), 0, 100));
    write(1, 5);
    long stint = books.stint;
    adopt(promoted(v, 0));
    assertThat(books.stint).isEqualTo(stint);
    assertThat(disk.unconfirmed().holds(v.epoch(), 1)).isTrue();
    assertThat(disk.superblock().lastInSync()).isEqualTo(v.generation());
  }

  @Test
  void whatAFetchCarriedInSurvivesEveryViewOfTheSession() {
    adopt(syncing(evicted(v, 0), 0, 100));
    // No write of the client came here yet in this run (rule 6.6).
    books.carry(5, 6, 77);
    adopt(evicted(v, 2));
    adopt(promoted(v, 0));
    assertThat(disk.carried().toString()).isEqualTo("{5}");
    books.watermark(v.epoch(), v.generation(), 76);
    assertThat(disk.carried().toString()).isEqualTo("{5}");
    books.watermark(v.epoch(), v.generation(), 77);
    assertThat(disk.carried().toString()).isEqualTo("{}");
  }

  @Test
  void anInSyncLegKeepsItsUnconfirmedSetForTheUnion() {
    write(1, 5);
    adopt(ended(v, 1));
    assertThat(disk.unconfirmed().isEmpty()).isFalse();
    adopt(ready(v));
    assertThat(disk.unconfirmed().isEmpty()).isTrue();
    assertThat(own()).isEqualTo("{}");
  }

  @Test
  void aLegPromotedInAViewThatItSkippedKeepsItToo() {
    adopt(syncing(evicted(v, 0), 0, 100));
    write(1, 5);
    adopt(ended(promoted(v, 0), 1));
    assertThat(books.state()).isEqualTo(LegState.IN_SYNC);
    assertThat(books.unconfirmedBlocks().contains(5)).isTrue();
    assertThat(own()).isEqualTo("{}");
  }

  @Test
  void aSyncingLegMovesItAtANewEpochAndForgetsItsMaps() {
    adopt(syncing(evicted(v, 0), 0, 100));
    write(1, 5);
    books.mapsFrom = 6;
    adopt(ended(v, 1));
    assertThat(own()).isEqualTo("{5}");
    assertThat(disk.unconfirmed().isEmpty()).isTrue();
    assertThat(books.mapsFrom).isZero();
    assertThat(books.fresh.isEmpty()).isTrue();
    assertThat(books.clean.isEmpty()).isTrue();
  }

  @Test
  void theUnionIsRecordedForEveryoneNotInSync() throws IOException {
    adopt(syncing(evicted(evicted(v, 1), 2), 2, 202));
    adopt(ended(v, 0));
    books.recordUnion(RoaringBitmap.bitmapOf(3, 4));
    assertThat(disk.carried().toString()).isEqualTo("{3, 4}");
    assertThat(map(1)).isEqualTo("{3, 4}");
    assertThat(map(2)).isEqualTo("{3, 4}");
    assertThat(disk.trace).contains("force carried", "force map1", "force map2");
    // Another authority repeats the step: nothing is forgotten before ready (rules 7.3, 7.4).
    adopt(v.next(d -> d.phase(new io.onehop.protocol.model.Phase.Reconciling(0))));
    assertThat(disk.carried().toString()).isEqualTo("{3, 4}");
    adopt(ready(v));
    assertThat(disk.carried().toString()).isEqualTo("{}");
  }

  @Test
  void aMapEndsWithALaterViewThatCallsItsLegInSync() throws IOException {
    adopt(syncing(evicted(v, 1), 1, 201));
    disk.missMap(id(1)).add(8, 9);
    PoolView again = promoted(v, 1);
    adopt(again);
    assertThat(map(1)).isEqualTo("{}");
    // †32: the same view once more, after a restart, ends no map.
    disk.missMap(id(1)).add(9, 10);
    restart(300, TestViews.BOOT);
    books.adopt(again);
    assertThat(map(1)).isEqualTo("{9}");
  }

  @Test
  void theAdoptedGenerationNeverGoesBack() throws IOException {
    PoolView old = v;
    adopt(evicted(v, 1));
    assertThat(books.newer(old)).isFalse();
    restart(300, TestViews.BOOT);
    assertThat(books.newer(old)).isFalse();
    assertThat(books.newer(v)).isTrue();
  }

  @Test
  void aRestartSuspectsItsUnconfirmedSetAndASecondOneKeepsThat() throws IOException {
    write(1, 5);
    restart(300, TestViews.BOOT);
    assertThat(own()).isEqualTo("{5}");
    assertThat(disk.superblock().lostPower()).isFalse();
    books.adopt(v);
    assertThat(books.state()).isEqualTo(LegState.STALE);
    assertThat(disk.unconfirmed().isEmpty()).isTrue();
    restart(301, TestViews.BOOT);
    assertThat(own()).isEqualTo("{5}");
  }

  @Test
  void aRestartedLegMarksItsUnconfirmedSetForEveryAbsentMember() throws IOException {
    adopt(evicted(v, 1));
    write(1, 5);
    disk.missMap(id(1)).clear();
    restart(300, TestViews.BOOT);
    books.adopt(v);
    assertThat(map(1)).isEqualTo("{5}");
  }

  @Test
  void lostPowerMakesEverythingSuspectUntilNamedInSyncAgain() throws IOException {
    restart(300, new UUID(1, 1));
    assertThat(disk.ownMissing().size()).isEqualTo(TestViews.BLOCKS);
    // What has healed stays healed over a restart of the process alone.
    disk.ownMissing().remove(0, 1000);
    restart(301, new UUID(1, 1));
    assertThat(disk.superblock().lostPower()).isTrue();
    assertThat(disk.superblock().missesEverything()).isNotEmpty();
    assertThat(disk.ownMissing().size()).isEqualTo(24);
    books.adopt(v);
    adopt(promoted(syncing(evicted(v, 0), 0, 301), 0));
    assertThat(disk.superblock().lostPower()).isFalse();
    assertThat(disk.superblock().missesEverything()).isEmpty();
  }

  @Test
  void damagedMetadataMeansEverythingAndIsRememberedOverTheNextStart() throws IOException {
    adopt(evicted(v, 1));
    disk.reopened().damage = "own: has a damaged header";
    books = new LegBooks(disk, LegRules.ALL, id(0), 300);
    books.start(TestViews.BOOT);
    assertThat(disk.ownMissing().size()).isEqualTo(TestViews.BLOCKS);
    restart(301, TestViews.BOOT);
    assertThat(disk.superblock().missesEverything()).contains("damaged header");
    assertThat(disk.ownMissing().size()).isEqualTo(TestViews.BLOCKS);
  }

  @Test
  void aDiskOlderThanItsPromotionMissesEverything() {
    PoolView back = syncing(evicted(v, 0), 0, 100);
    adopt(evicted(promoted(back, 0), 0));
    assertThat(disk.ownMissing().size()).isEqualTo(TestViews.BLOCKS);
    assertThat(disk.superblock().missesEverything()).isNotEmpty();
  }

  @Test
  void aColdStartGivesItsSuspectsToEveryOtherMember() throws IOException {
    adopt(evicted(v, 2));
    write(1, 5);
    restart(300, TestViews.BOOT);
    books.adopt(v);
    adopt(coldStarted(v, 0, 300));
    assertThat(map(1)).isEqualTo("{5}");
    assertThat(map(2)).isEqualTo("{5}");
    assertThat(own()).isEqualTo("{}");
    assertThat(books.state()).isEqualTo(LegState.IN_SYNC);
  }

  @Test
  void aFailedMetadataWriteLeavesTheOldView() {
    write(1, 5);
    PoolView before = v;
    disk.metadataFails = true;
    assertThatThrownBy(() -> books.adopt(evicted(before, 1)))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(books.view()).isEqualTo(before);
  }

  @Test
  void aCleanStopMakesDurableWhatTheNextRunTrusts() throws IOException {
    adopt(evicted(v, 1));
    write(1, 5);
    disk.trace.clear();
    books.markCleanStop();
    assertThat(disk.trace)
        .containsSubsequence("force map1", "save 3 clean")
        .contains("force carried", "force own");
    // Another boot: the unconfirmed set is suspect, the rest is not.
    restart(300, new UUID(1, 1));
    assertThat(own()).isEqualTo("{5}");
    assertThat(disk.superblock().clean()).isFalse();
    assertThat(disk.superblock().lostPower()).isFalse();
  }

  @Test
  void aRunThatSawNoViewVouchesForNothingOfTheOneBefore() throws IOException {
    write(1, 5);
    restart(300, TestViews.BOOT);
    books.markCleanStop();
    assertThat(disk.superblock().clean()).isFalse();
  }

  @Test
  void theWatermarkCountsOnlyInItsGenerationAndEpoch() {
    write(1, 5);
    books.watermark(v.epoch(), v.generation() - 1, 1);
    books.watermark(v.epoch() - 1, v.generation(), 1);
    assertThat(disk.unconfirmed().isEmpty()).isFalse();
    books.watermark(v.epoch(), v.generation(), 1);
    assertThat(disk.unconfirmed().isEmpty()).isTrue();
  }

  @Test
  void whatIsCleanIsCountedExactly() {
    adopt(syncing(evicted(v, 0), 0, 100));
    disk.ownMissing().add(10, 20);
    disk.ownMissing().add(30, 31);
    books.markClean(5, 15);
    assertThat(books.missingBlocks()).isEqualTo(6);
    assertThat(books.nextMissing(0)).isEqualTo(15);
    assertThat(books.missingUntil(15, 100)).isEqualTo(20);
    books.markClean(0, TestViews.BLOCKS);
    assertThat(books.missingBlocks()).isZero();
    assertThat(books.nextMissing(0)).isEqualTo(-1);
  }
}
