package io.onehop.chaos;

import java.util.SplittableRandom;

/**
 * Draws requests for a part of a device: mostly writes of a block, aligned or not, some of many
 * blocks. They go to a quarter of the part at a time, so that a needless copy of all of it is seen;
 * some to a few blocks of it again and again. Not thread-safe.
 */
public final class RequestMix {
  /** Bytes of a block. */
  public static final int BLOCK = 4096;

  /** Most blocks of a request. */
  public static final int MOST_BLOCKS = 16;

  private static final int HOT_BLOCKS = 8;

  /** What a request does. */
  public enum Kind {
    /** Writes. */
    WRITE,
    /** Writes durably. */
    FUA,
    /** Writes zeroes. */
    ZEROES,
    /** Trims. */
    TRIM,
    /** Reads. */
    READ,
    /** Makes durable. */
    FLUSH;

    /** Whether it carries data to the device. */
    public boolean data() {
      return this == WRITE || this == FUA;
    }
  }

  /**
   * A request.
   *
   * @param kind what it does
   * @param first unit of the device
   * @param count of units; none for a flush
   */
  public record Request(Kind kind, int first, int count) {
    /** Whether it may change content. */
    public boolean changes() {
      return kind != Kind.READ && kind != Kind.FLUSH;
    }
  }

  private final int blockUnits;
  private final int base;
  private final int units;
  private final int readPercent;
  private final SplittableRandom random;
  private int zoneBlock;
  private int zoneBlocks;

  /**
   * A mix.
   *
   * @param unitBytes size of a unit, a block or a part of one; requests are aligned to units
   * @param base first unit of the part, at a block's begin
   * @param units how many units the part has, at least a block's and many blocks'
   * @param readPercent how many requests are reads
   * @param seed of all that is drawn
   */
  public RequestMix(int unitBytes, int base, int units, int readPercent, long seed) {
    this.blockUnits = BLOCK / unitBytes;
    this.base = base;
    this.units = units;
    this.readPercent = readPercent;
    this.random = new SplittableRandom(seed);
    moveZone();
  }

  /** First unit of the part. */
  int base() {
    return base;
  }

  /** How many units the part has. */
  int units() {
    return units;
  }

  /** To another quarter. */
  public void moveZone() {
    int all = units / blockUnits;
    zoneBlocks = all / 4;
    zoneBlock = random.nextInt(all - zoneBlocks + 1);
  }

  /** The next request. */
  public Request draw() {
    Kind kind = kind();
    if (kind == Kind.FLUSH) {
      return new Request(kind, 0, 0);
    }
    // A trim of parts of blocks leaves them alone.
    if (kind == Kind.TRIM || blockUnits == 1 || random.nextInt(5) > 0) {
      int blocks = random.nextInt(4) == 0 ? 1 + random.nextInt(MOST_BLOCKS) : 1;
      int among = random.nextInt(4) == 0 ? blocks + HOT_BLOCKS : zoneBlocks;
      int first = zoneBlock + random.nextInt(Math.min(among, zoneBlocks) - blocks + 1);
      return new Request(kind, base + first * blockUnits, blocks * blockUnits);
    }
    int count = 1 + random.nextInt(3 * blockUnits);
    // Often at the very end, which may be no whole block.
    int first =
        random.nextInt(16) == 0
            ? units - count
            : zoneBlock * blockUnits + random.nextInt(zoneBlocks * blockUnits - count + 1);
    return new Request(kind, base + first, count);
  }

  private Kind kind() {
    int dice = random.nextInt(100);
    if (dice < readPercent) {
      return Kind.READ;
    }
    int change = random.nextInt(88);
    if (change < 76) {
      return random.nextInt(8) == 0 ? Kind.FUA : Kind.WRITE;
    }
    return change < 82 ? Kind.ZEROES : change < 87 ? Kind.TRIM : Kind.FLUSH;
  }
}
