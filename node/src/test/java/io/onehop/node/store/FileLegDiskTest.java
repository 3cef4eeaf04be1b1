package io.onehop.node.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.onehop.transport.Status;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileLegDiskTest {
  private static final int MIB = 1 << 20;

  @TempDir Path dir;
  private int status = -1;
  private final LegDisk.Done done = s -> status = s;

  private static ByteBuffer filled(int bytes, int value) {
    ByteBuffer b = ByteBuffer.allocateDirect(bytes);
    while (b.hasRemaining()) {
      b.put((byte) value);
    }
    return b.flip();
  }

  private void assertContent(LegDisk disk, long offset, int bytes, int value) {
    ByteBuffer b = ByteBuffer.allocateDirect(bytes);
    disk.read(offset, b, done);
    assertThat(status).isEqualTo(Status.OK);
    assertThat(b.flip()).isEqualTo(filled(bytes, value));
  }

  @Test
  void readsWhatWasWrittenAndZeroesElsewhere() throws Exception {
    byte[] model = new byte[4 * MIB];
    Random random = new Random(7);
    Path leg = dir.resolve("leg");
    FileLegDisk disk = Stores.fresh(leg, model.length - 100);
    try {
      assertThat(disk.blocks()).isEqualTo(1024);
      for (int i = 0; i < 400; i++) {
        int from = random.nextInt(1024);
        int n = 1 + random.nextInt(Math.min(64, 1024 - from));
        if (random.nextInt(3) > 0) {
          byte[] bytes = new byte[n * 4096];
          random.nextBytes(bytes);
          ByteBuffer b = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
          disk.write(from * 4096L, b, done);
          assertThat(b.hasRemaining()).isFalse();
          System.arraycopy(bytes, 0, model, from * 4096, bytes.length);
        } else {
          disk.zero(from * 4096L, n * 4096L, random.nextBoolean(), done);
          Arrays.fill(model, from * 4096, (from + n) * 4096, (byte) 0);
        }
        assertThat(status).isEqualTo(Status.OK);
        if (i % 100 == 50) {
          disk.close();
          disk = Stores.open(leg);
        }
      }
      ByteBuffer all = ByteBuffer.allocateDirect(model.length);
      disk.read(0, all, done);
      assertThat(all.flip()).isEqualTo(ByteBuffer.wrap(model));
      // the raw data lies contiguously in the file
      ByteBuffer raw = ByteBuffer.allocate(model.length);
      try (FileChannel c = FileChannel.open(disk.dataPath(), StandardOpenOption.READ)) {
        assertThat(c.size()).isEqualTo(disk.dataOffset() + model.length);
        assertThat(FileBytes.read(c, raw, disk.dataOffset())).isTrue();
      }
      assertThat(raw.flip()).isEqualTo(ByteBuffer.wrap(model));
    } finally {
      disk.close();
    }
  }

  @Test
  void refusesRangesThatAreNotWholeBlocksInside() throws Exception {
    try (FileLegDisk disk = Stores.fresh(dir.resolve("leg"), MIB)) {
      for (long[] r : new long[][] {{1, 4096}, {0, 100}, {MIB, 4096}, {-4096, 4096}}) {
        disk.write(r[0], filled((int) r[1], 1), done);
        assertThat(status).isEqualTo(Status.INVALID);
        disk.read(r[0], ByteBuffer.allocateDirect((int) r[1]), done);
        assertThat(status).isEqualTo(Status.INVALID);
        disk.zero(r[0], r[1], true, done);
        assertThat(status).isEqualTo(Status.INVALID);
      }
      disk.zero(4096, Long.MAX_VALUE & -4096, true, done);
      assertThat(status).isEqualTo(Status.INVALID);
      assertContent(disk, 0, MIB, 0);
    }
  }

  @Test
  void punchingGivesSpaceBackAndZeroingKeepsIt() throws Exception {
    try (FileLegDisk disk = Stores.fresh(dir.resolve("leg"), 8 * MIB)) {
      assertThat(DiskSpace.allocated(disk.dataPath())).isLessThan(MIB);
      for (int i = 0; i < 8; i++) {
        disk.write(i * (long) MIB, filled(MIB, 9), done);
      }
      disk.sync(done);
      awaitSync(disk);
      assertThat(DiskSpace.allocated(disk.dataPath())).isGreaterThanOrEqualTo(8 * MIB);
      disk.zero(0, 4 * MIB, false, done);
      assertThat(status).isEqualTo(Status.OK);
      assertThat(DiskSpace.allocated(disk.dataPath())).isGreaterThanOrEqualTo(8 * MIB);
      assertContent(disk, 0, 4 * MIB, 0);
      disk.zero(4 * MIB, 3 * MIB, true, done);
      assertThat(status).isEqualTo(Status.OK);
      assertThat(DiskSpace.allocated(disk.dataPath())).isLessThan(6 * MIB);
      assertContent(disk, 4 * MIB, 3 * MIB, 0);
      assertContent(disk, 7 * MIB, MIB, 9);
    }
  }

  private void awaitSync(LegDisk disk) {
    status = -1;
    while (status < 0) {
      if (disk.poll() == 0) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void syncsAreJoinedAndDeliveredByPoll() throws Exception {
    LegStoreFormat.create(Stores.creation(dir.resolve("leg"), MIB));
    Semaphore woken = new Semaphore(0);
    int[] count = new int[1];
    try (FileLegDisk disk = LegStoreFormat.open(dir.resolve("leg"), woken::release)) {
      for (int i = 0; i < 100; i++) {
        disk.sync(s -> {
          assertThat(s).isEqualTo(Status.OK);
          count[0]++;
        });
      }
      assertThat(count[0]).as("delivered by poll only").isZero();
      int polled = 0;
      while (polled < 100) {
        woken.acquire();
        polled += disk.poll();
      }
      assertThat(count[0]).isEqualTo(100);
      assertThat(disk.poll()).isZero();
    }
  }

  @Test
  void aFailedSyncIsNeverFollowedByAGoodOne() throws Exception {
    Semaphore woken = new Semaphore(0);
    Path file = Files.createFile(dir.resolve("file"));
    int[] last = {-1};
    FileChannel closed = FileChannel.open(file, StandardOpenOption.WRITE);
    closed.close();
    try (DataSync sync = new DataSync(closed, "test-sync", woken::release)) {
      for (int i = 0; i < 3; i++) {
        sync.request(s -> last[0] = s);
        woken.acquire();
        assertThat(sync.poll()).isEqualTo(1);
        assertThat(last[0]).isEqualTo(Status.IO_ERROR);
      }
    }
  }

  @Test
  void nothingIsAllocatedPerWrite() throws Exception {
    try (FileLegDisk disk = Stores.fresh(dir.resolve("leg"), 4 * MIB)) {
      ByteBuffer b = filled(4096, 3);
      BlockSet miss = disk.missMap(Stores.PEER);
      UnconfirmedLog log = disk.unconfirmed();
      var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long sequence = run(disk, b, miss, log, 0, 20_000);
      // Until the compiler has caught up, interpreted code allocates what compiled code does not.
      long per = Long.MAX_VALUE;
      for (int round = 0; round < 20 && per > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        sequence = run(disk, b, miss, log, sequence, 20_000);
        per = (threads.getCurrentThreadAllocatedBytes() - before) / 20_000;
      }
      assertThat(per).as("bytes per write").isZero();
    }
  }

  private long run(
      LegDisk disk, ByteBuffer b, BlockSet miss, UnconfirmedLog log, long start, int n) {
    long sequence = start;
    for (int i = 0; i < n; i++) {
      sequence++;
      long block = (sequence * 7919) % disk.blocks();
      log.put(1, sequence, block * 4096, 4096);
      miss.add(block, block + 1);
      disk.write(block * 4096, b.clear(), done);
      disk.read(block * 4096, b.clear(), done);
      disk.zero(block * 4096, 4096, true, done);
      if (log.overlapping(block * 4096, 4096) != sequence) {
        throw new AssertionError();
      }
      log.confirm(1, sequence);
      disk.poll();
    }
    return sequence;
  }

  @Test
  void metadataIsThereAfterReopening() throws Exception {
    Path leg = dir.resolve("leg");
    Superblock saved;
    try (FileLegDisk disk = Stores.fresh(leg, MIB)) {
      assertThat(disk.damage()).isEmpty();
      assertThat(disk.superblock().clean()).isTrue();
      saved = disk.superblock().adopted(7, Stores.PEER, 6).run(99, BootId.read(), false, true, "é");
      disk.save(saved.adopted(5, Stores.PEER, 5));
      disk.save(saved);
      disk.ownMissing().add(3, 5);
      disk.carried().add(0, 256);
      disk.missMap(Stores.PEER).add(8, 9);
      disk.unconfirmed().put(4, 1, 4096, 8192);
      disk.votes().save(new VoteStore.Vote(300, 257, new byte[] {1, 2, 3}));
    }
    try (FileLegDisk disk = Stores.open(leg)) {
      assertThat(disk.superblock()).isEqualTo(saved);
      assertThat(disk.ownMissing().size()).isEqualTo(2);
      assertThat(disk.carried().nextAbsent(0)).isEqualTo(256);
      assertThat(disk.missMap(Stores.PEER).next(0)).isEqualTo(8);
      assertThat(disk.missMap(Stores.LINEAGE).size()).isZero();
      assertThat(disk.unconfirmed().holds(4, 1)).isTrue();
      VoteStore.Vote vote = Objects.requireNonNull(disk.votes().load());
      assertThat(vote.promised()).isEqualTo(300);
      assertThat(vote.accepted()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void onlyOneSuperblockSlotIsNeeded() throws IOException {
    Path leg = dir.resolve("leg");
    try (FileLegDisk disk = Stores.fresh(leg, MIB)) {
      disk.save(disk.superblock().adopted(7, Stores.PEER, 6)); // sequence 3, slot 0
    }
    Path file = leg.resolve("meta/superblock");
    byte[] bytes = Files.readAllBytes(file);
    bytes[100] ^= 1;
    Files.write(file, bytes);
    try (FileLegDisk disk = Stores.open(leg)) {
      assertThat(disk.superblock().adoptedGeneration()).isZero();
      assertThat(disk.damage()).isEqualTo("superblock: slot 0 cannot be read");
    }
  }
}
