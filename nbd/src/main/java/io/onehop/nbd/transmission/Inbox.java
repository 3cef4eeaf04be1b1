package io.onehop.nbd.transmission;

import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * The receive side of one connection: bytes land in reference-counted chunks, from which write
 * payloads go to the device without being copied. A chunk that a payload was taken from is filled
 * on to its end and never rewritten; the device's last release gives it back. A payload that does
 * not fit in the rest of the chunk starts a fresh chunk, or gets a buffer of its own that the
 * socket is read into directly.
 */
public final class Inbox {
  /** Size of a chunk, bytes. */
  public static final int CHUNK_BYTES = 256 << 10;

  /**
   * Payloads up to this start a fresh chunk when they do not fit; larger ones get their own buffer.
   */
  private static final int MOVE_BYTES = 64 << 10;

  /** With less room than this and nothing unread, a new chunk is better than a short read. */
  private static final int LITTLE_ROOM = 32 << 10;

  /** Bytes taken from one connection per turn, so that all get theirs. */
  private static final int READ_BYTES = 1 << 20;

  private final BufPool pool;
  private @Nullable Buf chunk;
  private int read;
  private int fill;
  private boolean shared;

  private @Nullable Buf own;
  private int ownFill;
  private int ownLength;

  /** An empty inbox; takes no memory until the first read. */
  public Inbox(BufPool pool) {
    this.pool = pool;
  }

  /** One read from {@code channel}; returns its result (-1 at the end of the stream). */
  public int fill(ReadableByteChannel channel) throws IOException {
    Buf into;
    int from;
    int room;
    if (own != null) {
      into = own;
      from = ownFill;
      room = Math.min(ownLength - ownFill, READ_BYTES);
    } else {
      into = chunkWithRoom();
      from = fill;
      room = into.capacity() - fill;
    }
    ByteBuffer view = into.view(from, room);
    try {
      int n = channel.read(view);
      if (n > 0) {
        if (into == own) {
          ownFill += n;
        } else {
          fill += n;
        }
      }
      return n;
    } finally {
      into.done(view);
    }
  }

  /** Bytes received and not consumed (without those of a payload with its own buffer). */
  public int available() {
    return fill - read;
  }

  /** The chunk's bytes; what is available begins at {@link #position}. */
  public ByteBuffer bytes() {
    return held().bytes();
  }

  /** Index of the first unconsumed byte. */
  public int position() {
    return read;
  }

  /** Drops {@code n} available bytes. */
  public void consume(int n) {
    read += n;
  }

  /**
   * Sees to it that the next {@code n} bytes (at most a chunk) can become available in one piece.
   */
  public void gather(int n) {
    if (chunk != null && read + n > chunk.capacity()) {
      freshChunk();
    }
  }

  /** Prepares for a payload of {@code length} bytes, of which some may be available already. */
  void expectPayload(int length) {
    Buf c = held();
    if (read + length <= c.capacity()) {
      return;
    }
    if (length <= MOVE_BYTES) {
      freshChunk();
      return;
    }
    Buf o = pool.take(length);
    int have = available();
    ByteBuffer from = c.view(read, have);
    ByteBuffer to = o.view(0, have);
    to.put(from);
    c.done(from);
    o.done(to);
    read = fill;
    own = o;
    ownFill = have;
    ownLength = length;
  }

  /** Whether the payload prepared for is there. */
  boolean payloadComplete(int length) {
    return own != null ? ownFill == ownLength : available() >= length;
  }

  /** The buffer of the complete payload, which begins at {@link #payloadAt}. */
  Buf payloadBuf() {
    return own != null ? own : held();
  }

  int payloadAt() {
    return own != null ? 0 : read;
  }

  /** The payload was handed on, by whoever retained it. */
  void payloadTaken(int length) {
    if (own != null) {
      own.release();
      own = null;
    } else {
      read += length;
      shared = true;
    }
  }

  /** Nothing is in flight: an empty chunk goes back to the pool, so idle connections hold none. */
  public void rest() {
    if (chunk != null && read == fill && own == null) {
      dropChunk();
    }
  }

  /** Releases everything. */
  public void close() {
    if (own != null) {
      own.release();
      own = null;
    }
    if (chunk != null) {
      dropChunk();
    }
  }

  private Buf chunkWithRoom() {
    if (chunk == null) {
      chunk = pool.take(CHUNK_BYTES);
      shared = false;
    } else if (read == fill) {
      if (!shared) {
        read = 0;
        fill = 0;
      } else if (chunk.capacity() - fill < LITTLE_ROOM) {
        freshChunk();
      }
    } else if (fill == chunk.capacity()) {
      freshChunk();
    }
    return held();
  }

  /** Goes on in a new chunk, taking the unconsumed bytes along. */
  private void freshChunk() {
    Buf old = held();
    int have = available();
    Buf next = pool.take(CHUNK_BYTES);
    if (have > 0) {
      ByteBuffer from = old.view(read, have);
      ByteBuffer to = next.view(0, have);
      to.put(from);
      old.done(from);
      next.done(to);
    }
    old.release();
    chunk = next;
    read = 0;
    fill = have;
    shared = false;
  }

  private void dropChunk() {
    held().release();
    chunk = null;
    read = 0;
    fill = 0;
  }

  private Buf held() {
    if (chunk == null) {
      throw new IllegalStateException("no chunk");
    }
    return chunk;
  }
}
