package io.onehop.nbd.client;

import io.onehop.nbd.wire.Nbd;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;

/** Reads replies, blocking; read data go straight into the buffers they were asked for. */
final class ReplyReader {
  /** What requests are waiting for. */
  interface Waiting {
    /**
     * The buffer that the read {@code cookie} fills from its position to its limit; null if that
     * request reads nothing.
     *
     * @throws IOException if there is no such request
     */
    @Nullable ByteBuffer target(long cookie) throws IOException;

    /** Offset on the device of the read {@code cookie}. */
    long offset(long cookie);

    /** The request is answered. */
    void done(long cookie, int error);
  }

  private static final int MAX_TEXT = 64 << 10;

  private final ReadableByteChannel channel;
  private final Waiting waiting;
  private final ByteBuffer in = ByteBuffer.allocateDirect(64 << 10).limit(0);
  private int chunkError;

  ReplyReader(ReadableByteChannel channel, Waiting waiting) {
    this.channel = channel;
    this.waiting = waiting;
  }

  /** Reads one reply or chunk and reports it. */
  void next() throws IOException {
    need(4);
    int magic = in.getInt();
    if (magic == Nbd.SIMPLE_REPLY_MAGIC) {
      simple();
    } else if (magic == Nbd.STRUCTURED_REPLY_MAGIC) {
      chunk();
    } else {
      throw new IOException("garbage instead of a reply");
    }
  }

  private void simple() throws IOException {
    need(12);
    int error = in.getInt();
    long cookie = in.getLong();
    ByteBuffer target = waiting.target(cookie);
    if (error == 0 && target != null) {
      int start = target.position();
      fill(target, target.remaining());
      target.position(start);
    }
    waiting.done(cookie, error);
  }

  private void chunk() throws IOException {
    need(16);
    int flags = in.getShort();
    int type = in.getShort() & 0xffff;
    long cookie = in.getLong();
    int length = in.getInt();
    ByteBuffer target = waiting.target(cookie);
    if ((type & Nbd.REPLY_ERROR_BIT) != 0) {
      if (length < 6 || length > MAX_TEXT) {
        throw new IOException("an error chunk of " + length + " bytes");
      }
      need(4);
      chunkError = in.getInt();
      skip(length - 4);
    } else if (type == Nbd.REPLY_OFFSET_DATA || type == Nbd.REPLY_OFFSET_HOLE) {
      content(type, cookie, length, target);
    } else if (type != Nbd.REPLY_NONE || length != 0) {
      throw new IOException("an unexpected chunk of type " + type);
    }
    if ((flags & Nbd.REPLY_FLAG_DONE) != 0) {
      int error = chunkError;
      chunkError = 0;
      waiting.done(cookie, error);
    }
  }

  private void content(int type, long cookie, int length, @Nullable ByteBuffer target)
      throws IOException {
    boolean hole = type == Nbd.REPLY_OFFSET_HOLE;
    if (target == null || (hole ? length != 12 : length <= 8)) {
      throw new IOException("a content chunk where none belongs");
    }
    need(hole ? 12 : 8);
    long at = in.getLong() - waiting.offset(cookie);
    int bytes = hole ? in.getInt() : length - 8;
    if (at < 0 || bytes <= 0 || at + bytes > target.remaining()) {
      throw new IOException("a content chunk outside of what was asked for");
    }
    ByteBuffer part = target.slice(target.position() + (int) at, bytes);
    if (hole) {
      while (part.remaining() >= 8) {
        part.putLong(0);
      }
      while (part.hasRemaining()) {
        part.put((byte) 0);
      }
    } else {
      fill(part, bytes);
    }
  }

  private void fill(ByteBuffer target, int bytes) throws IOException {
    int buffered = Math.min(bytes, in.remaining());
    int limit = in.limit();
    in.limit(in.position() + buffered);
    target.put(in);
    in.limit(limit);
    while (target.hasRemaining()) {
      if (channel.read(target) < 0) {
        throw new EOFException("the server closed the connection");
      }
    }
  }

  private void skip(int bytes) throws IOException {
    int left = bytes;
    while (left > 0) {
      need(1);
      int n = Math.min(left, in.remaining());
      in.position(in.position() + n);
      left -= n;
    }
  }

  private void need(int bytes) throws IOException {
    while (in.remaining() < bytes) {
      in.compact();
      try {
        if (channel.read(in) < 0) {
          throw new EOFException("the server closed the connection");
        }
      } finally {
        in.flip();
      }
    }
  }
}
