package io.onehop.node.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MappedBlockSetTest {
  @TempDir Path dir;

  private MappedBlockSet fresh(long blocks) throws IOException {
    Path path = dir.resolve("set");
    MappedBlockSet.create(path, Stores.miss(), blocks);
    return open(blocks);
  }

  private MappedBlockSet open(long blocks) throws IOException {
    return MappedBlockSet.open(dir.resolve("set"), Stores.miss(), blocks);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 63, 64, 65, 32768, 32769, 200_001})
  void behavesAsABitSet(int blocks) throws IOException {
    Random random = new Random(blocks);
    BitSet model = new BitSet();
    MappedBlockSet set = fresh(blocks);
    try {
      for (int i = 0; i < 3000; i++) {
        int from = random.nextInt(blocks + 1);
        int most = random.nextBoolean() ? 70 : blocks;
        int to = from + random.nextInt(Math.min(most, blocks - from) + 1);
        int what = random.nextInt(100);
        if (what < 45) {
          set.add(from, to);
          model.set(from, to);
        } else if (what < 97) {
          set.remove(from, to);
          model.clear(from, to);
        } else if (what < 98) {
          set.clear();
          model.clear();
        } else {
          set.force();
          set.close();
          set = open(blocks);
        }
        assertThat(set.size()).isEqualTo(model.cardinality());
        int at = random.nextInt(blocks);
        assertThat(set.contains(at)).isEqualTo(model.get(at));
        assertThat(set.next(at)).isEqualTo(model.nextSetBit(at));
        assertThat(set.nextAbsent(at)).isEqualTo(Math.min(blocks, model.nextClearBit(at)));
        int until = at + random.nextInt(blocks - at + 1);
        int first = model.nextSetBit(at);
        assertThat(set.intersects(at, until)).isEqualTo(first >= 0 && first < until);
        if (i % 500 == 0) {
          assertThat(content(set)).isEqualTo(model);
        }
      }
      assertThat(content(set)).isEqualTo(model);
      assertThat(set.damage()).isEmpty();
    } finally {
      set.close();
    }
  }

  private static BitSet content(BlockSet set) {
    BitSet all = new BitSet();
    for (long b = set.next(0); b >= 0; ) {
      long e = set.nextAbsent(b);
      all.set((int) b, (int) e);
      b = set.next(e);
    }
    return all;
  }

  @Test
  void aSetOf16TiBIsSparseAndQuick() throws IOException {
    long blocks = 1L << 32;
    long start = System.nanoTime();
    try (MappedBlockSet set = fresh(blocks)) {
      set.add(blocks - 1, blocks);
      set.add(1_000_000_000, 1_000_000_003);
      for (int i = 0; i < 1000; i++) {
        assertThat(set.next(0)).isEqualTo(1_000_000_000);
        assertThat(set.next(1_000_000_003)).isEqualTo(blocks - 1);
        assertThat(set.nextAbsent(1_000_000_000)).isEqualTo(1_000_000_003);
      }
    }
    try (MappedBlockSet set = open(blocks)) {
      assertThat(set.size()).isEqualTo(4);
      set.remove(0, blocks);
      assertThat(set.next(0)).isEqualTo(-1);
    }
    assertThat(DiskSpace.allocated(dir.resolve("set"))).isLessThan(1 << 20);
    assertThat(System.nanoTime() - start)
        .as("generous: walking 512 MiB a few thousand times takes minutes")
        .isLessThan(20_000_000_000L);
  }

  @Test
  void whatCannotBeReadIsEverything() throws IOException {
    long blocks = 1000;
    for (String how : new String[] {"header", "length", "owner", "gone"}) {
      fresh(blocks).close();
      Path path = dir.resolve("set");
      switch (how) {
        case "header" -> {
          try (RandomAccessFile f = new RandomAccessFile(path.toFile(), "rw")) {
            f.seek(100);
            f.write(7);
          }
        }
        case "length" -> {
          try (RandomAccessFile f = new RandomAccessFile(path.toFile(), "rw")) {
            f.setLength(5000);
          }
        }
        case "owner" -> {
          var other =
              new MappedBlockSet.Owner(
                  Stores.POOL, Stores.LEG, MappedBlockSet.Kind.MISS, Stores.LINEAGE);
          MappedBlockSet.create(path, other, blocks);
        }
        default -> Files.delete(path);
      }
      try (MappedBlockSet set = open(blocks)) {
        assertThat(set.damage()).as(how).startsWith("set: ");
        assertThat(set.size()).as(how).isEqualTo(blocks);
        assertThat(set.nextAbsent(0)).isEqualTo(blocks);
      }
      // durably so: who opens it again before acting on the damage finds everything
      try (MappedBlockSet set = open(blocks)) {
        assertThat(set.damage()).isEmpty();
        assertThat(set.size()).isEqualTo(blocks);
      }
    }
  }

  @Test
  void anotherVersionIsRefused() throws IOException {
    fresh(1000).close();
    try (RandomAccessFile f = new RandomAccessFile(dir.resolve("set").toFile(), "rw")) {
      f.seek(8);
      f.write(2);
    }
    assertThatThrownBy(() -> open(1000))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("format 2");
  }

  @Test
  void rangesOutsideAreRefused() throws IOException {
    try (MappedBlockSet set = fresh(100)) {
      assertThatThrownBy(() -> set.add(5, 101)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> set.remove(-1, 3)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThat(set.contains(100)).isFalse();
    }
  }
}
