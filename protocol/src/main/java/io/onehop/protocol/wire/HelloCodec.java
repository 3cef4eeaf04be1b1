package io.onehop.protocol.wire;

import java.nio.ByteBuffer;
import java.util.UUID;

/** {@link Hello} as bytes. */
public final class HelloCodec {
  /** Layout version. */
  public static final int VERSION = 1;

  /** Longest names, bytes of UTF-8. */
  public static final int MAX_NAME = 255;

  /** No hello is longer. */
  public static final int MAX_BYTES = 1024;

  private HelloCodec() {}

  /** Appends at {@code into}'s position; a longer host name is cut off. */
  public static void encode(Hello hello, ByteBuffer into) {
    try (WireWriter out = new WireWriter(into)) {
      out.u16(VERSION)
          .ordinal(hello.role())
          .text(hello.poolName(), MAX_NAME, "pool name")
          .uuid(hello.pool())
          .uuid(hello.lineage())
          .uuid(hello.sender())
          .i64(hello.incarnation())
          .i32(hello.lane())
          .i64(hello.connection())
          .remark(hello.host(), MAX_NAME)
          .i64(hello.pid());
    }
  }

  /** Reads position to limit, which both stay. */
  public static Hello decode(ByteBuffer from) throws WireException {
    WireReader in = new WireReader("hello", from);
    in.version(VERSION);
    Hello.SenderRole role = in.ordinal(Hello.SenderRole.values(), "role");
    String poolName = in.text(MAX_NAME, "pool name");
    UUID pool = in.uuid("pool");
    UUID lineage = in.uuid("lineage");
    UUID sender = in.uuid("sender");
    long incarnation = in.i64("incarnation");
    int lane = in.i32("lane");
    long connection = in.i64("connection");
    String host = in.text(MAX_NAME, "host");
    long pid = in.i64("pid");
    in.end();
    return new Hello(
        role, poolName, pool, lineage, sender, incarnation, lane, connection, host, pid);
  }
}
