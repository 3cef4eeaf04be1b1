package io.onehop.protocol.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A payload that is a remark for people: UTF-8, at most 1 KiB, no length field of its own. */
public final class TextCodec {
  /** Most bytes on the wire. */
  public static final int MAX_BYTES = 1024;

  private TextCodec() {}

  /** Appends {@code text}, cut off after {@link #MAX_BYTES}, at {@code into}'s position. */
  public static void encode(String text, ByteBuffer into) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    into.put(bytes, 0, cut(bytes, MAX_BYTES));
  }

  /**
   * Everything between position and limit, which both stay.
   *
   * @throws WireException if it is longer than {@link #MAX_BYTES} or no UTF-8
   */
  public static String decode(ByteBuffer from) throws WireException {
    if (from.remaining() > MAX_BYTES) {
      throw new WireException("text: longer than " + MAX_BYTES + " bytes");
    }
    return WireReader.utf8(from.slice(), "text", "payload");
  }

  /** How many of the UTF-8 {@code bytes} to keep so that no character is torn. */
  static int cut(byte[] bytes, int max) {
    if (bytes.length <= max) {
      return bytes.length;
    }
    int end = max;
    while ((bytes[end] & 0xC0) == 0x80) {
      end--;
    }
    return end;
  }
}
