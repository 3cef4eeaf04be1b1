package io.onehop.node.serve;

import io.onehop.transport.Buf;
import io.onehop.transport.Connection;
import io.onehop.transport.FrameHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A connection that keeps what is sent on it; on request only counts, for tests of allocation. */
final class TestConnection implements Connection {
  /** What was sent. */
  record Sent(FrameHeader header, ByteBuffer payload) {}

  final List<Sent> sent = new ArrayList<>();
  boolean countOnly;
  long count;
  long received;
  @Nullable String closed;
  private @Nullable Object attachment;

  /** The last frame sent. */
  Sent last() {
    return sent.getLast();
  }

  /** Headers of the frames of this type. */
  List<FrameHeader> ofType(int type) {
    return sent.stream().map(Sent::header).filter(h -> h.type == type).toList();
  }

  @Override
  public boolean send(FrameHeader header, @Nullable Buf payload, int from, int length) {
    if (closed != null) {
      return false;
    }
    count++;
    if (!countOnly) {
      byte[] bytes = new byte[length];
      if (payload != null) {
        payload.bytes().get(from, bytes);
      }
      sent.add(new Sent(new FrameHeader().copyFrom(header), ByteBuffer.wrap(bytes)));
    }
    return true;
  }

  @Override
  public long queuedBytes() {
    return 0;
  }

  @Override
  public void pauseReading(boolean pause) {}

  @Override
  public long lastReceived() {
    return received;
  }

  @Override
  public String peer() {
    return "test";
  }

  @Override
  public void close(String why) {
    if (closed == null) {
      closed = why;
    }
  }

  @Override
  public @Nullable Object attachment() {
    return attachment;
  }

  @Override
  public void attach(@Nullable Object o) {
    attachment = o;
  }
}
