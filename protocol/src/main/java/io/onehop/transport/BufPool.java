package io.onehop.transport;

import java.nio.ByteBuffer;

/**
 * A loop's buffers by power-of-two size class, 4 KiB to 32 MiB. Keeps at most {@code keepBytes} of
 * free buffers; above that they are left to the garbage collector. On one loop only.
 */
public final class BufPool implements Buf.Home {
  private static final int MIN_SHIFT = 12;
  private static final int CLASSES = 14;

  private final Buf[][] free = new Buf[CLASSES][];
  private final int[] count = new int[CLASSES];
  private final long keepBytes;
  private long keptBytes;
  private long handedOut;

  /** A pool that keeps at most {@code keepBytes} of free buffers. */
  public BufPool(long keepBytes) {
    this.keepBytes = keepBytes;
    for (int i = 0; i < CLASSES; i++) {
      free[i] = new Buf[16];
    }
  }

  /** A buffer of at least {@code length} bytes, with one reference; its content is undefined. */
  public Buf take(int length) {
    int c = classOf(length);
    handedOut++;
    if (count[c] > 0) {
      Buf b = free[c][--count[c]];
      keptBytes -= b.capacity();
      return b.reborn();
    }
    return new Buf(ByteBuffer.allocateDirect(1 << (MIN_SHIFT + c)), this);
  }

  @Override
  public void giveBack(Buf buf) {
    handedOut--;
    if (keptBytes + buf.capacity() > keepBytes) {
      return;
    }
    int c = classOf(buf.capacity());
    if (count[c] == free[c].length) {
      free[c] = java.util.Arrays.copyOf(free[c], count[c] * 2);
    }
    free[c][count[c]++] = buf;
    keptBytes += buf.capacity();
  }

  /** Buffers taken and not yet returned: 0 when all is quiet. */
  public long outstanding() {
    return handedOut;
  }

  private static int classOf(int length) {
    int c =
        length <= 1 << MIN_SHIFT ? 0 : 32 - Integer.numberOfLeadingZeros(length - 1) - MIN_SHIFT;
    if (c >= CLASSES) {
      throw new IllegalArgumentException("no buffer of " + length + " bytes");
    }
    return c;
  }
}
