package io.onehop.nbd.transmission;

import io.onehop.nbd.wire.Nbd;
import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * The replies of one connection that are not sent yet: headers in a small ring, adjacent ones
 * joined, and read data in the buffers where the device put them; all leave in one gathering write
 * per turn.
 */
final class Outbox {
  /** Longest header: a structured chunk with one extent. */
  private static final int MAX_HEADER = 32;

  private static final int MAX_PIECES_PER_WRITE = 512;

  private final CommandLoop owner;
  private final Buf ringBuf;
  private final ByteBuffer ring;
  private final int ringBytes;
  private int ringAt;

  private final ByteBuffer[] piece;
  private final @Nullable Request[] dataOf;
  private final int[] replies;
  private int head;
  private int tail;
  private int pending;

  /** For at most {@code maxReplies} replies at a time. */
  Outbox(CommandLoop owner, BufPool pool, int maxReplies) {
    this.owner = owner;
    // twice the need: headers are allotted contiguously and the oldest unsent one is never
    // overtaken
    this.ringBytes = maxReplies * MAX_HEADER * 2;
    this.ringBuf = pool.take(ringBytes);
    this.ring = ringBuf.bytes().clear();
    this.piece = new ByteBuffer[maxReplies * 4];
    this.dataOf = new Request[maxReplies * 4];
    this.replies = new int[maxReplies * 4];
  }

  /** Replies whose header is not sent yet. */
  int pending() {
    return pending;
  }

  boolean isEmpty() {
    return head == tail;
  }

  void simple(long cookie, int error) {
    int at = header(Nbd.SIMPLE_REPLY_BYTES);
    ring.putInt(at, Nbd.SIMPLE_REPLY_MAGIC).putInt(at + 4, error).putLong(at + 8, cookie);
    commit(at, Nbd.SIMPLE_REPLY_BYTES);
  }

  /** Last chunk without content. */
  void none(long cookie) {
    int at = header(Nbd.CHUNK_BYTES);
    chunk(at, Nbd.REPLY_NONE, cookie, 0);
    commit(at, Nbd.CHUNK_BYTES);
  }

  /** Last chunk with an error and no text. */
  void error(long cookie, int error) {
    int at = header(Nbd.CHUNK_BYTES + 6);
    chunk(at, Nbd.REPLY_ERROR, cookie, 6);
    ring.putInt(at + 20, error).putShort(at + 24, (short) 0);
    commit(at, Nbd.CHUNK_BYTES + 6);
  }

  /** Last chunk: the whole range is zeroes. */
  void hole(long cookie, long offset, int length) {
    int at = header(Nbd.CHUNK_BYTES + 12);
    chunk(at, Nbd.REPLY_OFFSET_HOLE, cookie, 12);
    ring.putLong(at + 20, offset).putInt(at + 28, length);
    commit(at, Nbd.CHUNK_BYTES + 12);
  }

  /** Last chunk: one extent of {@code length} bytes with status 0. */
  void extent(long cookie, int context, int length) {
    int at = header(Nbd.CHUNK_BYTES + 12);
    chunk(at, Nbd.REPLY_BLOCK_STATUS, cookie, 12);
    ring.putInt(at + 20, context).putInt(at + 24, length).putInt(at + 28, 0);
    commit(at, Nbd.CHUNK_BYTES + 12);
  }

  /** The data of a read; its request is told when they are sent. */
  void data(Request request, Buf buf, int length, boolean structured) {
    if (structured) {
      int at = header(Nbd.CHUNK_BYTES + 8);
      chunk(at, Nbd.REPLY_OFFSET_DATA, request.cookie, 8 + length);
      ring.putLong(at + 20, request.offset);
      commit(at, Nbd.CHUNK_BYTES + 8);
    } else {
      simple(request.cookie, 0);
    }
    add(buf.view(0, length), request, 0);
  }

  /**
   * Writes once, or until the channel takes no more.
   *
   * @return whether everything is sent
   */
  boolean flush(GatheringByteChannel channel) throws IOException {
    while (head < tail) {
      int count = Math.min(tail - head, MAX_PIECES_PER_WRITE);
      long n = count == 1 ? channel.write(piece[head]) : channel.write(piece, head, count);
      if (n <= 0) {
        return false;
      }
      int sent = 0;
      while (sent < count && !piece[head].hasRemaining()) {
        remove();
        sent++;
      }
      if (sent < count) {
        return false;
      }
    }
    head = 0;
    tail = 0;
    return true;
  }

  /** Drops everything; the last call. */
  void close() {
    while (head < tail) {
      remove();
    }
    ringBuf.release();
  }

  private void remove() {
    Request r = dataOf[head];
    pending -= replies[head];
    ByteBuffer view = piece[head];
    dataOf[head] = null;
    head++;
    if (r == null) {
      ringBuf.done(view);
    } else {
      owner.dataSent(r, view);
    }
  }

  private void chunk(int at, int type, long cookie, int bytes) {
    ring.putInt(at, Nbd.STRUCTURED_REPLY_MAGIC)
        .putShort(at + 4, (short) Nbd.REPLY_FLAG_DONE)
        .putShort(at + 6, (short) type)
        .putLong(at + 8, cookie)
        .putInt(at + 16, bytes);
  }

  /** Index in the ring for a header of {@code bytes}. */
  private int header(int bytes) {
    if (ringAt + bytes > ringBytes) {
      ringAt = 0;
    }
    return ringAt;
  }

  private void commit(int at, int bytes) {
    ringAt = at + bytes;
    pending++;
    if (head < tail && dataOf[tail - 1] == null && piece[tail - 1].limit() == at) {
      piece[tail - 1].limit(at + bytes);
      replies[tail - 1]++;
      return;
    }
    add(ringBuf.view(at, bytes), null, 1);
  }

  private void add(ByteBuffer view, @Nullable Request data, int headers) {
    if (tail == piece.length) {
      System.arraycopy(piece, head, piece, 0, tail - head);
      System.arraycopy(dataOf, head, dataOf, 0, tail - head);
      System.arraycopy(replies, head, replies, 0, tail - head);
      tail -= head;
      head = 0;
    }
    piece[tail] = view;
    dataOf[tail] = data;
    replies[tail] = headers;
    tail++;
  }
}
