package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import java.nio.ByteBuffer;

/**
 * The partly covered first and last block of a write: read, merged and written whole (rule 3.5).
 */
final class Edges {
  private static final int BLOCK = PoolView.BLOCK_SIZE;
  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(BLOCK);

  /** First block has to be read. */
  static final int HEAD = 1;

  /** Last block has to be read. */
  static final int TAIL = 2;

  private Edges() {}

  /**
   * Gives {@code op} the buffers that it needs for partly covered blocks.
   *
   * @return which of them must be read first. The part of the last block past the end of the pool
   *     is known to be zero and needs no read
   */
  static int prepare(Op op, long size, BufPool buffers) {
    long end = op.offset + op.length;
    boolean toTheEnd = end == size;
    boolean tailPartial = end != op.to && !(toTheEnd && op.kind == Op.ZERO);
    int bits = 0;
    if (op.offset != op.from) {
      op.head = buffers.take(BLOCK);
      bits |= HEAD;
    }
    if (tailPartial && !(op.head != null && op.to - op.from == BLOCK)) {
      Buf tail = buffers.take(BLOCK);
      op.tail = tail;
      if (toTheEnd) {
        zero(tail, 0, BLOCK);
      } else {
        bits |= TAIL;
      }
    }
    return bits;
  }

  /** Puts the new bytes (or zeroes) over the edge blocks. */
  static void merge(Op op) {
    if (op.head != null) {
      merge(op, op.head, op.from);
    }
    if (op.tail != null) {
      merge(op, op.tail, op.to - BLOCK);
    }
  }

  private static void merge(Op op, Buf block, long at) {
    long from = Math.max(op.offset, at);
    int length = (int) (Math.min(op.offset + op.length, at + BLOCK) - from);
    Buf data = op.buf;
    if (data == null) {
      zero(block, (int) (from - at), length);
    } else {
      block
          .bytes()
          .put((int) (from - at), data.bytes(), (int) (op.at + (from - op.offset)), length);
    }
  }

  /** Zeroes {@code [at, at + length)}. */
  static void zero(Buf into, int at, int length) {
    for (int done = 0; done < length; done += BLOCK) {
      into.bytes().put(at + done, ZEROES, 0, Math.min(BLOCK, length - done));
    }
  }
}
