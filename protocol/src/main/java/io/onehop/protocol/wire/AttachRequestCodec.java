package io.onehop.protocol.wire;

import java.nio.ByteBuffer;
import java.util.UUID;

/** {@link AttachRequest} as bytes. */
public final class AttachRequestCodec {
  /** Layout version; 1, which knows no takeover, is read as well. */
  public static final int VERSION = 2;

  /** No request is longer. */
  public static final int MAX_BYTES = 512;

  private AttachRequestCodec() {}

  /** Appends at {@code into}'s position; a longer host name is cut off. */
  public static void encode(AttachRequest request, ByteBuffer into) {
    try (WireWriter out = new WireWriter(into)) {
      out.u16(VERSION)
          .uuid(request.session())
          .remark(request.host(), HelloCodec.MAX_NAME)
          .i64(request.pid())
          .bool(request.takeover());
    }
  }

  /** Reads position to limit, which both stay. */
  public static AttachRequest decode(ByteBuffer from) throws WireException {
    WireReader in = new WireReader("attach request", from);
    int version = in.version(1, VERSION);
    UUID session = in.uuid("session");
    String host = in.text(HelloCodec.MAX_NAME, "host");
    long pid = in.i64("pid");
    boolean takeover = version > 1 && in.bool("takeover");
    in.end();
    return new AttachRequest(session, host, pid, takeover);
  }
}
