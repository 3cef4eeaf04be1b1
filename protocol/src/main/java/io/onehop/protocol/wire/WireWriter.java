package io.onehop.protocol.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Writes little-endian fields at a buffer's position; the caller's buffer order stays as it was.
 */
final class WireWriter implements AutoCloseable {
  private final ByteBuffer out;
  private final ByteOrder before;

  WireWriter(ByteBuffer out) {
    this.out = out;
    this.before = out.order();
    out.order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    out.order(before);
  }

  WireWriter u8(int value) {
    out.put((byte) value);
    return this;
  }

  WireWriter u16(int value) {
    out.putShort((short) value);
    return this;
  }

  WireWriter i32(int value) {
    out.putInt(value);
    return this;
  }

  WireWriter i64(long value) {
    out.putLong(value);
    return this;
  }

  /** The wire codes of enums are their ordinals: constants are appended only. */
  @SuppressWarnings("EnumOrdinal")
  WireWriter ordinal(Enum<?> constant) {
    return u8(constant.ordinal());
  }

  WireWriter bool(boolean value) {
    return u8(value ? 1 : 0);
  }

  WireWriter uuid(UUID id) {
    return i64(id.getMostSignificantBits()).i64(id.getLeastSignificantBits());
  }

  /** A name: too long is the caller's error. */
  WireWriter text(String text, int maxBytes, String field) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > maxBytes) {
      throw new IllegalArgumentException(field + " has more than " + maxBytes + " bytes: " + text);
    }
    out.putShort((short) bytes.length).put(bytes);
    return this;
  }

  /** A remark for people: what is too long is cut off. */
  WireWriter remark(String text, int maxBytes) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int length = TextCodec.cut(bytes, maxBytes);
    out.putShort((short) length).put(bytes, 0, length);
    return this;
  }
}
