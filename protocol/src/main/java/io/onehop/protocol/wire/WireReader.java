package io.onehop.protocol.wire;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** Reads little-endian fields and names the one that is short or out of range. */
final class WireReader {
  private final String what;
  private final ByteBuffer in;

  WireReader(String what, ByteBuffer in) {
    this.what = what;
    this.in = in.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  private void need(int bytes, String field) throws WireException {
    if (in.remaining() < bytes) {
      throw bad(field, "ends too early");
    }
  }

  WireException bad(String field, String why) {
    return new WireException(what + ": " + field + " " + why);
  }

  /** The layout version that must come first. */
  void version(int known) throws WireException {
    version(known, known);
  }

  /** The layout version that must come first, one of {@code oldest} to {@code newest}. */
  int version(int oldest, int newest) throws WireException {
    int version = u16("version");
    if (version < oldest || version > newest) {
      throw new WireException(
          what + ": layout version " + version + " is unknown, this program knows " + newest);
    }
    return version;
  }

  int u8(String field) throws WireException {
    need(1, field);
    return in.get() & 0xFF;
  }

  int u16(String field) throws WireException {
    need(2, field);
    return in.getShort() & 0xFFFF;
  }

  int i32(String field) throws WireException {
    need(4, field);
    return in.getInt();
  }

  long i64(String field) throws WireException {
    need(8, field);
    return in.getLong();
  }

  boolean bool(String field) throws WireException {
    int value = u8(field);
    if (value > 1) {
      throw bad(field, "is " + value + ", not 0 or 1");
    }
    return value == 1;
  }

  /** The constant with the ordinal that comes next. */
  <E extends Enum<E>> E ordinal(E[] values, String field) throws WireException {
    int value = u8(field);
    if (value >= values.length) {
      throw bad(field, "has the unknown code " + value);
    }
    return values[value];
  }

  UUID uuid(String field) throws WireException {
    need(16, field);
    long high = in.getLong();
    return new UUID(high, in.getLong());
  }

  String text(int maxBytes, String field) throws WireException {
    int length = u16(field);
    if (length > maxBytes) {
      throw bad(field, "has " + length + " bytes, at most " + maxBytes + " are allowed");
    }
    need(length, field);
    ByteBuffer bytes = in.slice(in.position(), length);
    in.position(in.position() + length);
    return utf8(bytes, what, field);
  }

  /** The next {@code length} bytes as a buffer of their own. */
  ByteBuffer part(int length, String field) throws WireException {
    if (length < 0) {
      throw bad(field, "has a negative length");
    }
    need(length, field);
    ByteBuffer bytes = in.slice(in.position(), length);
    in.position(in.position() + length);
    return bytes;
  }

  void end() throws WireException {
    if (in.hasRemaining()) {
      throw new WireException(what + ": " + in.remaining() + " bytes too many");
    }
  }

  static String utf8(ByteBuffer bytes, String what, String field) throws WireException {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(bytes)
          .toString();
    } catch (CharacterCodingException e) {
      throw new WireException(what + ": " + field + " is not UTF-8");
    }
  }
}
