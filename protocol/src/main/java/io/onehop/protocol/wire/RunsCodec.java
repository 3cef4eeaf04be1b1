package io.onehop.protocol.wire;

import io.onehop.transport.FrameHeader;
import java.nio.ByteBuffer;

/**
 * Sets of blocks as runs: pairs of u64 (first block, number of blocks), back to back, no header.
 * Order is free, overlaps are harmless. Allocates nothing; buffers may have any byte order, which
 * stays.
 */
public final class RunsCodec {
  /** Size of one run on the wire. */
  public static final int RUN_BYTES = 16;

  /** Most runs in one frame. */
  public static final int MAX_RUNS = FrameHeader.MAX_PAYLOAD / RUN_BYTES;

  /** Takes one run. */
  public interface RunConsumer {
    /** Blocks {@code start} to {@code start + count - 1}; count is at least 1. */
    void run(long start, long count);
  }

  private RunsCodec() {}

  /**
   * Appends a run at {@code into}'s position.
   *
   * @return false, having written nothing, if there is no room: send the frame with flag MORE and
   *     go on in another
   */
  public static boolean append(ByteBuffer into, long start, long count) {
    if (into.remaining() < RUN_BYTES || into.position() > FrameHeader.MAX_PAYLOAD - RUN_BYTES) {
      return false;
    }
    boolean big = into.order() == java.nio.ByteOrder.BIG_ENDIAN;
    into.putLong(big ? Long.reverseBytes(start) : start);
    into.putLong(big ? Long.reverseBytes(count) : count);
    return true;
  }

  /**
   * Checks every run of {@code payload} (position to limit) against a pool of {@code blocks}
   * blocks, so that nothing is applied of a frame that is bad in its middle.
   */
  public static void check(ByteBuffer payload, long blocks) throws WireException {
    if (payload.remaining() % RUN_BYTES != 0 || payload.remaining() > FrameHeader.MAX_PAYLOAD) {
      throw new WireException("runs: " + payload.remaining() + " bytes are no list of runs");
    }
    for (int i = 0; i < count(payload); i++) {
      long start = start(payload, i);
      long length = length(payload, i);
      if (start < 0 || length < 1 || start > blocks - length) {
        throw new WireException(
            "runs: " + start + "+" + length + " is outside of a pool of " + blocks + " blocks");
      }
    }
  }

  /** {@link #check} and then each run to {@code each}; position and limit stay. */
  public static void forEach(ByteBuffer payload, long blocks, RunConsumer each)
      throws WireException {
    check(payload, blocks);
    for (int i = 0; i < count(payload); i++) {
      each.run(start(payload, i), length(payload, i));
    }
  }

  /** Number of runs between position and limit. */
  public static int count(ByteBuffer payload) {
    return payload.remaining() / RUN_BYTES;
  }

  /** First block of run {@code i}. */
  public static long start(ByteBuffer payload, int i) {
    return word(payload, payload.position() + i * RUN_BYTES);
  }

  /** Number of blocks of run {@code i}. */
  public static long length(ByteBuffer payload, int i) {
    return word(payload, payload.position() + i * RUN_BYTES + 8);
  }

  private static long word(ByteBuffer payload, int at) {
    long value = payload.getLong(at);
    return payload.order() == java.nio.ByteOrder.BIG_ENDIAN ? Long.reverseBytes(value) : value;
  }
}
