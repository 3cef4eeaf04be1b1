package io.onehop.node.store.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.onehop.node.books.FakeDisk;
import io.onehop.node.books.TestLoop;
import io.onehop.node.books.TestViews;
import io.onehop.node.store.fault.Faults.Fault;
import io.onehop.node.store.fault.Faults.Kind;
import io.onehop.transport.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The faulty disk, and the file that a real node takes its faults from. */
final class FaultFileTest {
  private static final int B = FakeDisk.BLOCK;

  @TempDir Path dir;

  private final TestLoop loop = new TestLoop();
  private final FakeDisk inner =
      new FakeDisk(
          TestViews.BLOCKS, TestViews.POOL, TestViews.id(0), TestViews.LINEAGE, TestViews.BOOT);
  private final Faults faults = new Faults(new Random(1));
  private final FaultyDisk disk = new FaultyDisk(inner, loop, faults);
  private final List<Integer> done = new ArrayList<>();

  private int write(int block, int blocks) {
    ByteBuffer b = ByteBuffer.allocate(blocks * B);
    for (int i = 0; i < blocks; i++) {
      b.putLong(i * B, 7);
    }
    disk.write((long) block * B, b, done::add);
    assertThat(b.hasRemaining()).isFalse();
    return last();
  }

  private int read(int block, int blocks) {
    disk.read((long) block * B, ByteBuffer.allocate(blocks * B), done::add);
    return last();
  }

  private int zero(int block, int blocks) {
    disk.zero((long) block * B, (long) blocks * B, true, done::add);
    return last();
  }

  /** Status of the newest completion, or -1. */
  private int last() {
    return done.isEmpty() ? -1 : done.removeLast();
  }

  @Test
  void linesAreRead() {
    assertThat(
            FaultFile.parse(
                """
                read-error 10..19   # a scratch
                read-error 7..7 sticky

                slow-write 50ms 10%
                sync-error
                """))
        .containsExactly(
            Fault.of(Kind.READ_ERROR, 10, 20),
            new Fault(Kind.READ_ERROR, 7, 8, 100, 0, true),
            new Fault(Kind.SLOW_WRITE, 0, Long.MAX_VALUE, 10, 50_000_000, false),
            Fault.of(Kind.SYNC_ERROR, 0, Long.MAX_VALUE));
    assertThatThrownBy(() -> FaultFile.parse("melt 3..4"))
        .hasMessage("'melt 3..4': no fault is called melt");
    assertThatThrownBy(() -> FaultFile.parse("no-space often"))
        .hasMessage("'no-space often': what is often?");
  }

  @Test
  void theFileIsLookedAtAgain() throws IOException {
    Path file = dir.resolve("p");
    boolean[] closed = new boolean[1];
    new FaultFile(file, loop, faults, () -> closed[0]).watch();
    assertThat(write(3, 1)).isEqualTo(Status.OK);
    Files.writeString(file, "write-error 3..3");
    loop.advance(150);
    assertThat(write(3, 1)).isEqualTo(Status.IO_ERROR);
    Files.writeString(file, "nonsense");
    loop.advance(150);
    assertThat(write(3, 1)).isEqualTo(Status.IO_ERROR);
    Files.delete(file);
    loop.advance(150);
    assertThat(write(3, 1)).isEqualTo(Status.OK);
    closed[0] = true;
    Files.writeString(file, "write-error");
    loop.advance(150);
    assertThat(write(3, 1)).isEqualTo(Status.OK);
  }

  @Test
  void aBadBlockIsBadUntilItIsWritten() {
    faults.add(Fault.of(Kind.READ_ERROR, 3, 5));
    faults.add(new Fault(Kind.READ_ERROR, 9, 10, 100, 0, true));
    assertThat(read(2, 1)).isEqualTo(Status.OK);
    assertThat(read(2, 2)).isEqualTo(Status.IO_ERROR);
    assertThat(write(3, 1)).isEqualTo(Status.OK);
    assertThat(read(2, 2)).isEqualTo(Status.OK);
    assertThat(read(4, 1)).isEqualTo(Status.IO_ERROR);
    assertThat(zero(4, 1)).isEqualTo(Status.OK);
    assertThat(read(4, 1)).isEqualTo(Status.OK);
    assertThat(write(9, 1)).isEqualTo(Status.OK);
    assertThat(read(9, 1)).isEqualTo(Status.IO_ERROR);
    assertThat(faults.struck()).isEqualTo(3);
  }

  @Test
  void aShortWriteStoresHalf() {
    faults.add(Fault.of(Kind.SHORT_WRITE, 0, 100));
    assertThat(write(3, 4)).isEqualTo(Status.NO_SPACE);
    assertThat(inner.data[4]).isNotZero();
    assertThat(inner.data[5]).isZero();
  }

  @Test
  void afterOneFailedSyncEveryOneFails() {
    faults.add(Fault.of(Kind.SYNC_ERROR, 0, Long.MAX_VALUE));
    disk.sync(done::add);
    assertThat(last()).isEqualTo(-1);
    assertThat(disk.poll()).isEqualTo(1);
    assertThat(last()).isEqualTo(Status.IO_ERROR);
    faults.set(List.of());
    disk.sync(done::add);
    disk.poll();
    assertThat(last()).isEqualTo(Status.IO_ERROR);
    assertThat(inner.syncs).isZero();
  }

  @Test
  void slownessIsNotTheThreadsAndEndsWithTheDisk() {
    faults.set(
        List.of(
            Fault.slow(Kind.SLOW_WRITE, 50_000_000),
            Fault.slow(Kind.SLOW_READ, 20_000_000),
            Fault.slow(Kind.SLOW_SYNC, 70_000_000)));
    assertThat(write(3, 1)).isEqualTo(-1);
    assertThat(inner.data[3]).isEqualTo(7);
    assertThat(read(3, 1)).isEqualTo(-1);
    disk.sync(done::add);
    disk.poll();
    loop.advance(19);
    assertThat(done).isEmpty();
    loop.advance(2);
    assertThat(done).hasSize(1);
    loop.advance(30);
    assertThat(done).hasSize(2);
    disk.close();
    loop.advance(100);
    assertThat(done).hasSize(2);
  }

  @Test
  void aShareOfTheOperationsIsStruck() {
    faults.add(new Fault(Kind.WRITE_ERROR, 0, 100, 30, 0, false));
    int failed = 0;
    for (int i = 0; i < 1000; i++) {
      failed += write(3, 1) == Status.OK ? 0 : 1;
    }
    assertThat(failed).isBetween(250, 350);
  }
}
