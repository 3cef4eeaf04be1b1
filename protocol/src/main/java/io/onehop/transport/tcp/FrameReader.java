package io.onehop.transport.tcp;

import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.FrameCodec;
import io.onehop.transport.FrameFault;
import io.onehop.transport.FrameHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.jspecify.annotations.Nullable;

/**
 * The receiving half of a connection: many frames per read, parsed in place, payloads handed out as
 * slices of the receive buffer. The buffer begins small, so that an idle connection is cheap, and
 * grows when a read fills it or a frame needs more.
 */
final class FrameReader {
  private static final int[] SIZES = {64 << 10, 512 << 10, 2 << 20};

  /** With less room behind a partial frame, the frame is moved to the front. */
  private static final int MIN_ROOM = 16 << 10;

  private final TcpConnection connection;
  private final ConnectionListener listener;
  private final TcpCounters counters;
  private final BufPool buffers;
  private final FrameCodec codec = new FrameCodec();
  private final FrameHeader header = new FrameHeader();
  private int sizeIndex;
  private @Nullable Buf buf;
  private ByteBuffer in;
  private ByteBuffer payload;
  private int from;
  private int to;

  FrameReader(TcpConnection connection, TcpTransport transport, ConnectionListener listener) {
    this.connection = connection;
    this.listener = listener;
    this.counters = transport.counters();
    this.buffers = transport.buffers();
    // Nothing is held before the first byte comes.
    this.in = ByteBuffer.allocate(0);
    this.payload = in;
  }

  FrameCodec codec() {
    return codec;
  }

  /** Reads once; -1 at the end of the stream. */
  int read(ReadableByteChannel channel) throws IOException {
    if (buf == null || to == in.capacity()) {
      grow();
    }
    in.limit(in.capacity()).position(to);
    int n = channel.read(in);
    if (n > 0) {
      to += n;
    }
    return n;
  }

  /** Whether the stream would end inside a frame. */
  boolean midFrame() {
    return to > from;
  }

  /** Hands out every whole frame, as long as the connection stays open and is not paused. */
  void deliver() {
    int needed = FrameHeader.BYTES;
    int frames = 0;
    boolean full = to == in.capacity();
    while (connection.delivering() && to - from >= FrameHeader.BYTES) {
      FrameFault fault = codec.decode(in, from, header);
      needed = FrameHeader.BYTES + (fault == FrameFault.NONE ? header.payloadBytes : 0);
      if (fault == FrameFault.NONE && to - from < needed) {
        break;
      }
      if (fault == FrameFault.NONE && !codec.payloadIntact(in, from)) {
        fault = FrameFault.BAD_PAYLOAD_CHECKSUM;
      }
      if (fault != FrameFault.NONE) {
        counters.count(fault);
        connection.close(connection.peer() + ": " + fault.text());
        break;
      }
      payload.limit(from + needed).position(from + FrameHeader.BYTES);
      from += needed;
      needed = FrameHeader.BYTES;
      frames++;
      listener.frame(connection, header, payload);
    }
    counters.framesIn += frames;
    if (frames > 0) {
      listener.endOfBatch(connection);
    }
    if (from == to) {
      from = 0;
      to = 0;
    } else if (from > 0 && in.capacity() - to < Math.max(MIN_ROOM, needed - (to - from))) {
      in.limit(to).position(from);
      in.compact();
      to -= from;
      from = 0;
    }
    if (needed > in.capacity() || (full && sizeIndex < SIZES.length)) {
      grow();
    }
  }

  /** To the next size, keeping what was received. */
  private void grow() {
    if (sizeIndex == SIZES.length) {
      return;
    }
    Buf bigger = buffers.take(SIZES[sizeIndex++]);
    ByteBuffer bytes = FrameCodec.ordered(bigger.bytes());
    bytes.clear();
    in.limit(to).position(from);
    bytes.put(in);
    to -= from;
    from = 0;
    ByteBuffer slices = FrameCodec.ordered(bigger.view(0, bytes.capacity()));
    drop();
    buf = bigger;
    in = bytes;
    payload = slices;
  }

  /** Gives the buffer back. */
  void drop() {
    if (buf != null) {
      payload.clear();
      buf.done(payload);
      buf.release();
      buf = null;
    }
  }
}
