package io.onehop.node.books;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a failed store sync makes suspect (rule 3.10). */
final class UnsyncedTest {
  private static final int EXTENT = 1024;

  private final FakeDisk disk =
      new FakeDisk(5 * EXTENT, TestViews.POOL, TestViews.id(0), TestViews.LINEAGE, TestViews.BOOT);
  private final LegBooks books = new LegBooks(disk, LegRules.ALL, TestViews.id(0), 100);
  private final Ops ops = new Ops(disk, books.unsynced, () -> {});
  private final List<Integer> done = new ArrayList<>();

  private void store(int block, int blocks) {
    Ops.Op op = ops.take();
    op.kind = Ops.Kind.ZERO;
    op.offset = (long) block * PoolView.BLOCK_SIZE;
    op.length = (long) blocks * PoolView.BLOCK_SIZE;
    ops.submit(
        op,
        null,
        p -> {
          throw new IllegalStateException();
        });
  }

  private void sync() {
    books.sync(done::add);
  }

  private String suspects() {
    assertThat(books.syncFailed("x")).contains("a store sync failed (x)").doesNotContain("could");
    List<String> extents = new ArrayList<>();
    for (long b = disk.ownMissing().next(0); b >= 0; ) {
      long e = disk.ownMissing().nextAbsent(b);
      extents.add(b / EXTENT + "-" + e / EXTENT);
      b = disk.ownMissing().next(e);
    }
    return String.join(",", extents);
  }

  @Test
  void untilTheFirstGoodSyncEverythingIs() {
    sync();
    disk.syncStatus = Status.IO_ERROR;
    disk.poll();
    assertThat(suspects()).isEqualTo("0-5");
  }

  @Test
  void laterWhatWasStoredSinceTheLastGoodOneBegan() {
    store(0, 1);
    sync();
    store(EXTENT, 1);
    disk.poll();
    store(3 * EXTENT - 1, 2);
    sync();
    store(4 * EXTENT, 1);
    disk.syncStatus = Status.IO_ERROR;
    disk.poll();
    assertThat(done).containsExactly(Status.OK, Status.IO_ERROR);
    assertThat(suspects()).isEqualTo("1-5");
  }

  @Test
  void aSyncAskedForWhileOneRunsClearsNothingThatCameBetween() {
    sync();
    disk.poll();
    disk.syncsEnd = false;
    sync();
    store(2 * EXTENT, 1);
    sync();
    disk.syncsEnd = true;
    disk.poll();
    assertThat(done).containsExactly(Status.OK, Status.OK, Status.OK);
    // The second covers it, but is not looked at: too much is suspect, never too little.
    assertThat(suspects()).isEqualTo("2-3");
  }

  @Test
  void andTheUnconfirmedSet() {
    sync();
    disk.poll();
    disk.unconfirmed().put(2, 1, 0, PoolView.BLOCK_SIZE);
    disk.carried().add(EXTENT, 2 * EXTENT);
    books.syncFailed("x");
    assertThat(disk.ownMissing().contains(0)).isTrue();
    assertThat(disk.ownMissing().size()).isEqualTo(1 + EXTENT);
    assertThat(disk.superblock().lostPower()).isTrue();
  }

  @Test
  void whatCannotBeRecordedIsSaid() {
    disk.metadataFails = true;
    assertThat(books.syncFailed("x")).contains("could not be recorded");
  }
}
