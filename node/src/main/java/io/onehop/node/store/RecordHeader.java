package io.onehop.node.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The first 48 bytes of every record on disk. Numbers are little-endian, UUIDs in their printed
 * order. The checksum is CRC32C of the whole record with the checksum's own bytes as zeroes.
 */
final class RecordHeader {
  /** The first format, of most records the only one; bytes of it stay readable for ever. */
  static final int FORMAT = 1;

  static final int BYTES = 48;

  /** Where things are. */
  enum Field {
    MAGIC(0, 8),
    VERSION(8, 4),
    CHECK(12, 4),
    POOL(16, 16),
    MEMBER(32, 16);

    final int offset;
    final int size;

    Field(int offset, int size) {
      this.offset = offset;
      this.size = size;
    }
  }

  /** What a record turned out to be. */
  enum Verdict {
    OK,
    EMPTY,
    FOREIGN,
    OTHER_VERSION,
    TORN
  }

  private static final byte[] NO_CHECK = new byte[Field.CHECK.size];

  private RecordHeader() {}

  /** A buffer for a record. */
  static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Writes all but the checksum at {@code base}. */
  static void put(ByteBuffer b, int base, String magic, UUID pool, UUID member) {
    put(b, base, magic, FORMAT, pool, member);
  }

  /** The same in another format than the first. */
  static void put(ByteBuffer b, int base, String magic, int format, UUID pool, UUID member) {
    b.put(base, magic.getBytes(StandardCharsets.US_ASCII), 0, Field.MAGIC.size);
    b.putInt(base + Field.VERSION.offset, format);
    putUuid(b, base + Field.POOL.offset, pool);
    putUuid(b, base + Field.MEMBER.offset, member);
  }

  /** Writes the checksum of bytes 0 to the limit. */
  static void seal(ByteBuffer b, int base) {
    b.putInt(base + Field.CHECK.offset, check(b, base));
  }

  /** What the record in bytes 0 to the limit is. */
  static Verdict verify(ByteBuffer b, int base, String magic) {
    return verify(b, base, magic, FORMAT);
  }

  /** The same where formats up to {@code newest} are read. */
  static Verdict verify(ByteBuffer b, int base, String magic, int newest) {
    if (b.limit() < base + BYTES) {
      return Verdict.TORN;
    }
    byte[] found = new byte[Field.MAGIC.size];
    b.get(base, found);
    if (!magic.equals(new String(found, StandardCharsets.US_ASCII))) {
      return zeroes(b) ? Verdict.EMPTY : Verdict.FOREIGN;
    }
    int format = b.getInt(base + Field.VERSION.offset);
    if (format < FORMAT || format > newest) {
      return Verdict.OTHER_VERSION;
    }
    return b.getInt(base + Field.CHECK.offset) == check(b, base) ? Verdict.OK : Verdict.TORN;
  }

  static int version(ByteBuffer b, int base) {
    return b.getInt(base + Field.VERSION.offset);
  }

  static UUID pool(ByteBuffer b, int base) {
    return uuid(b, base + Field.POOL.offset);
  }

  static UUID member(ByteBuffer b, int base) {
    return uuid(b, base + Field.MEMBER.offset);
  }

  /** The refusal of another format. */
  static StoreException otherVersion(Object what, ByteBuffer b, int base) {
    return new StoreException(
        what
            + ": written in format "
            + Integer.toUnsignedString(version(b, base))
            + ", this program reads format "
            + FORMAT
            + ": use the version of OneHop that wrote it");
  }

  static void putUuid(ByteBuffer b, int at, UUID id) {
    b.putLong(at, Long.reverseBytes(id.getMostSignificantBits()));
    b.putLong(at + 8, Long.reverseBytes(id.getLeastSignificantBits()));
  }

  static UUID uuid(ByteBuffer b, int at) {
    return new UUID(Long.reverseBytes(b.getLong(at)), Long.reverseBytes(b.getLong(at + 8)));
  }

  /** Whether all bytes from 0 to the limit are zero. */
  static boolean zeroes(ByteBuffer b) {
    int i = 0;
    for (; i + 8 <= b.limit(); i += 8) {
      if (b.getLong(i) != 0) {
        return false;
      }
    }
    for (; i < b.limit(); i++) {
      if (b.get(i) != 0) {
        return false;
      }
    }
    return true;
  }

  private static int check(ByteBuffer b, int base) {
    int at = base + Field.CHECK.offset;
    CRC32C crc = new CRC32C();
    crc.update(b.duplicate().position(0).limit(at));
    crc.update(NO_CHECK);
    crc.update(b.duplicate().position(at + Field.CHECK.size));
    return (int) crc.getValue();
  }
}
