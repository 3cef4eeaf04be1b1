package io.onehop.node.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.onehop.transport.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A full disk, on a small tmpfs of its own; needs to be root. */
final class StoreFullTest {
  private static final int MIB = 1 << 20;

  @TempDir Path dir;
  private boolean mounted;
  private int status = -1;

  @BeforeEach
  void mount() throws Exception {
    mounted = run("mount", "-t", "tmpfs", "-o", "size=4m", "onehop-test", dir.toString()) == 0;
    if (!mounted) {
      System.out.println("not tried: full disks (cannot mount a tmpfs: not root?)");
    }
    assumeTrue(mounted, "cannot mount a tmpfs");
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      assertThat(run("umount", dir.toString())).isZero();
    }
  }

  private static int run(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      return -1;
    }
  }

  @Test
  void writesSayThatThereIsNoSpaceAndPunchingHelps() throws Exception {
    try (FileLegDisk disk = Stores.fresh(dir.resolve("leg"), 64L * MIB)) {
      ByteBuffer b = ByteBuffer.allocateDirect(MIB);
      int n = 0;
      do {
        disk.write(n * (long) MIB, b.clear(), s -> status = s);
        assertThat(b.hasRemaining()).as("consumed").isFalse();
        n++;
      } while (status == Status.OK);
      assertThat(status).isEqualTo(Status.NO_SPACE);
      assertThat(n).isBetween(2, 5);
      // what was promised to be there needs no space: marks, and the superblock
      disk.ownMissing().add(0, disk.blocks());
      disk.unconfirmed().put(1, 1, 0, 4096);
      disk.save(disk.superblock().adopted(3, Stores.LINEAGE, 3));
      // a new map does, and says so
      disk.write(n * (long) MIB, ByteBuffer.allocateDirect(4096), s -> status = s);
      fill();
      assertThatThrownBy(() -> disk.missMap(Stores.PEER))
          .isInstanceOf(UncheckedIOException.class)
          .hasRootCauseInstanceOf(IOException.class);
      disk.zero(0, MIB, true, s -> status = s);
      assertThat(status).isEqualTo(Status.OK);
      disk.missMap(Stores.PEER).add(1, 2);
      disk.write(0, ByteBuffer.allocateDirect(4096), s -> status = s);
      assertThat(status).isEqualTo(Status.OK);
    }
  }

  private void fill() throws IOException {
    try (var out = Files.newOutputStream(dir.resolve("fill"))) {
      while (true) {
        out.write(new byte[4096]);
      }
    } catch (IOException e) {
      assertThat(Posix.full(e)).isTrue();
    }
  }

  @Test
  void creationOnAFullDiskIsOneLineAndLeavesNothing() throws Exception {
    // the bitmaps of 64 GiB take 2 MiB each
    Path leg = dir.resolve("leg");
    assertThatThrownBy(() -> LegStoreFormat.create(Stores.creation(leg, 64L << 30)))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("No space left")
        .message()
        .doesNotContain("\n");
    assertThat(leg).doesNotExist();
  }

  @Test
  void aBigSparseSetReportsWhatItCannotMark() throws Exception {
    long blocks = 1L << 32;
    MappedBlockSet.create(dir.resolve("set"), Stores.miss(), blocks);
    try (MappedBlockSet set = MappedBlockSet.open(dir.resolve("set"), Stores.miss(), blocks)) {
      set.add(5, 6);
      assertThatThrownBy(() -> set.add(0, blocks / 2)).isInstanceOf(UncheckedIOException.class);
      assertThat(set.size()).isEqualTo(1);
      assertThat(set.next(0)).isEqualTo(5);
    }
  }
}
