package io.onehop.protocol.wire;

import io.onehop.protocol.model.PoolView;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** {@link HelloAck} as bytes. */
public final class HelloAckCodec {
  /** Layout version. */
  public static final int VERSION = 1;

  /** No answer is longer. */
  public static final int MAX_BYTES = ViewCodec.MAX_BYTES + 64;

  private HelloAckCodec() {}

  /** Appends at {@code into}'s position. */
  public static void encode(HelloAck ack, ByteBuffer into) {
    byte[] view = ack.view() == null ? new byte[0] : ViewCodec.encode(ack.view());
    try (WireWriter out = new WireWriter(into)) {
      out.u16(VERSION).uuid(ack.member()).i64(ack.incarnation()).i32(ack.handle()).i32(view.length);
    }
    into.put(view);
  }

  /** Reads position to limit, which both stay. */
  public static HelloAck decode(ByteBuffer from) throws WireException {
    WireReader in = new WireReader("hello answer", from);
    in.version(VERSION);
    UUID member = in.uuid("member");
    long incarnation = in.i64("incarnation");
    int handle = in.i32("handle");
    int length = in.i32("view");
    @Nullable PoolView view = length == 0 ? null : ViewCodec.decode(in.part(length, "view"));
    in.end();
    return new HelloAck(member, incarnation, handle, view);
  }
}
