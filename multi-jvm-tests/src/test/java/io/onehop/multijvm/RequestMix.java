package io.onehop.multijvm;

import java.util.SplittableRandom;

/**
 * Draws requests: mostly writes of a block, aligned or not, some of many blocks. They go to a
 * quarter of the pool at a time, so that a needless copy of all of it is seen. Not thread-safe.
 */
final class RequestMix {
  static final int BLOCK = 4096;
  static final int BLOCK_CELLS = BLOCK / CellHistory.CELL;

  /** Most blocks of a request. */
  static final int MOST_BLOCKS = 16;

  /** What a request does. */
  enum Kind {
    WRITE,
    FUA,
    ZEROES,
    TRIM,
    READ,
    FLUSH;

    /** Whether it carries data to the pool. */
    boolean data() {
      return this == WRITE || this == FUA;
    }
  }

  /** A request for {@code count} cells; none for a flush. */
  record Request(Kind kind, int first, int count) {
    int firstBlock() {
      return first / BLOCK_CELLS;
    }

    /** Behind the last one touched. */
    int endBlock() {
      return (first + count - 1) / BLOCK_CELLS + 1;
    }

    boolean changes() {
      return kind != Kind.READ && kind != Kind.FLUSH;
    }
  }

  private final int cells;
  private final SplittableRandom random;
  private int zoneBlock;
  private int zoneBlocks;

  RequestMix(int cells, long seed) {
    this.cells = cells;
    this.random = new SplittableRandom(seed);
    moveZone();
  }

  /** To another quarter of the pool. */
  void moveZone() {
    int all = cells / BLOCK_CELLS;
    zoneBlocks = all / 4;
    zoneBlock = random.nextInt(all - zoneBlocks + 1);
  }

  Request draw() {
    Kind kind = kind();
    if (kind == Kind.FLUSH) {
      return new Request(kind, 0, 0);
    }
    if (kind == Kind.TRIM || random.nextInt(5) > 0) {
      int blocks = random.nextInt(4) == 0 ? 1 + random.nextInt(MOST_BLOCKS) : 1;
      int first = zoneBlock + random.nextInt(zoneBlocks - blocks + 1);
      return new Request(kind, first * BLOCK_CELLS, blocks * BLOCK_CELLS);
    }
    int count = 1 + random.nextInt(3 * BLOCK_CELLS);
    // Often at the very end, which may be no whole cell.
    int first =
        random.nextInt(16) == 0
            ? cells - count
            : zoneBlock * BLOCK_CELLS + random.nextInt(zoneBlocks * BLOCK_CELLS - count + 1);
    return new Request(kind, first, count);
  }

  private Kind kind() {
    int dice = random.nextInt(100);
    if (dice < 76) {
      return random.nextInt(8) == 0 ? Kind.FUA : Kind.WRITE;
    }
    return dice < 82 ? Kind.ZEROES : dice < 87 ? Kind.TRIM : dice < 99 ? Kind.READ : Kind.FLUSH;
  }
}
