package io.onehop.node.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.LegRules;
import io.onehop.node.store.fault.BitFlip;
import io.onehop.transport.Status;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Metadata that decayed is refused or reacted to as ONDISK.md says, never silently believed. */
final class MetadataFaultTest {
  private static final long SIZE = 1 << 20;

  @TempDir Path dir;

  private Path leg = Path.of("");
  private Path meta = Path.of("");

  @BeforeEach
  void make() throws IOException {
    leg = dir.resolve("leg");
    meta = leg.resolve("meta");
    try (FileLegDisk disk = Stores.fresh(leg, SIZE)) {
      disk.votes().save(new VoteStore.Vote(7, 7, new byte[] {1, 2, 3}));
      disk.missMap(Stores.PEER).add(3, 4);
      disk.save(disk.superblock().adopted(5, Stores.LINEAGE, 5));
      disk.save(disk.superblock().adopted(6, Stores.LINEAGE, 6));
      disk.unconfirmed().put(2, 1, 4096, 4096);
    }
  }

  /** Flips bits at random within [0, {@code bytes}) of a file, one at a time. */
  private void flips(Path file, int bytes, Check check) throws IOException {
    Random random = new Random(file.getFileName().hashCode());
    for (int i = 0; i < 15; i++) {
      byte[] before = Files.readAllBytes(file);
      BitFlip.flip(file, random.nextInt(bytes), random.nextInt(8));
      check.run();
      Files.write(file, before);
    }
  }

  private interface Check {
    void run() throws IOException;
  }

  private void damaged() throws IOException {
    try (FileLegDisk disk = Stores.open(leg)) {
      assertThat(disk.damage()).isNotEmpty();
      assertThat(disk.superblock().adoptedGeneration()).isBetween(5L, 6L);
    } catch (StoreException refused) {
      // another magic or version
      assertThat(refused).hasMessageContaining(leg.toString());
    }
  }

  @Test
  void superblockSlots() throws IOException {
    flips(meta.resolve("superblock"), SuperblockFile.SLOT, this::damaged);
  }

  @Test
  void logHeader() throws IOException {
    flips(meta.resolve("unconfirmed"), 64, this::damaged);
  }

  @Test
  void setHeaders() throws IOException {
    for (String set :
        new String[] {"carried", "own-missing", "unreadable", "miss-" + Stores.PEER}) {
      flips(meta.resolve(set), 4096, this::damaged);
    }
  }

  @Test
  void label() throws IOException {
    flips(
        leg.resolve("data"),
        4096,
        () ->
            assertThatThrownBy(() -> Stores.open(leg).close()).isInstanceOf(StoreException.class));
  }

  @Test
  void votes() throws IOException {
    flips(
        meta.resolve("votes"),
        71,
        () -> {
          try (FileLegDisk disk = Stores.open(leg)) {
            assertThatThrownBy(() -> disk.votes().load()).isInstanceOf(IOException.class);
          } catch (StoreException refused) {
            assertThat(refused).hasMessageContaining("votes");
          }
        });
  }

  @Test
  void anUnreadableLogIsReplacedOnlyWhenEverythingIsSuspect() throws IOException {
    BitFlip.flip(meta.resolve("unconfirmed"), 20, 3);
    // Opened and killed before the leg could react to what it was told …
    try (FileLegDisk disk = Stores.open(leg)) {
      assertThat(disk.damage()).contains("unconfirmed");
    }
    // … the next run is told nothing, and still trusts nothing.
    try (FileLegDisk disk = Stores.open(leg)) {
      assertThat(disk.damage()).isEmpty();
      assertThat(disk.ownMissing().size()).isEqualTo(disk.blocks());
    }
  }

  @Test
  void aLegMadeBeforeThereWasTheSetOfUnreadableBlocksOpens() throws IOException {
    Files.delete(meta.resolve("unreadable"));
    try (FileLegDisk disk = Stores.open(leg)) {
      assertThat(disk.damage()).isEmpty();
      assertThat(disk.unreadable().size()).isZero();
      disk.unreadable().add(3, 5);
    }
    try (FileLegDisk disk = Stores.open(leg)) {
      assertThat(disk.unreadable().size()).isEqualTo(2);
    }
  }

  @Test
  void dataThatEndsEarlyWhileItRunsIsAReadError() throws IOException {
    try (FileLegDisk disk = Stores.open(leg)) {
      LegBooks books = new LegBooks(disk, LegRules.ALL, Stores.LEG, 9);
      books.start(new UUID(1, 1));
      try (RandomAccessFile f = new RandomAccessFile(leg.resolve("data").toFile(), "rw")) {
        f.setLength(disk.dataOffset() + 4096);
      }
      int[] status = {-1, -1};
      disk.read(0, ByteBuffer.allocateDirect(4096), s -> status[0] = s);
      disk.read(4096, ByteBuffer.allocateDirect(4096), s -> status[1] = s);
      assertThat(status).containsExactly(Status.OK, Status.IO_ERROR);
    }
  }
}
