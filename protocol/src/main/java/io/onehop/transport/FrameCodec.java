package io.onehop.transport;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The layout of a frame's header on the wire ({@code protocol/WIRE.md} has the same table, and a
 * test compares them). Works at absolute positions of little-endian buffers and allocates nothing.
 * One instance per thread.
 */
public final class FrameCodec {
  /** First four bytes: "1HOP" in the order of the wire. */
  public static final int MAGIC = 0x504F4831;

  /** The only version so far. */
  public static final int VERSION = 1;

  /** u32, {@link #MAGIC}. */
  public static final int MAGIC_AT = 0;

  /** u8, {@link #VERSION}. */
  public static final int VERSION_AT = 4;

  /** u8. */
  public static final int TYPE_AT = 5;

  /** u16. */
  public static final int FLAGS_AT = 6;

  /** u16. */
  public static final int STATUS_AT = 8;

  /** u16, reserved: sent as 0, ignored by the receiver. */
  public static final int RESERVED1_AT = 10;

  /** u32. */
  public static final int HANDLE_AT = 12;

  /** u32. */
  public static final int LANE_AT = 16;

  /** u32. */
  public static final int PAYLOAD_BYTES_AT = 20;

  /** u64. */
  public static final int SEQUENCE_AT = 24;

  /** u64. */
  public static final int GENERATION_AT = 32;

  /** u64. */
  public static final int EPOCH_AT = 40;

  /** u64. */
  public static final int WATERMARK_AT = 48;

  /** u64. */
  public static final int OFFSET_AT = 56;

  /** u64. */
  public static final int LENGTH_AT = 64;

  /** u64. */
  public static final int EXTRA_AT = 72;

  /** u64, reserved: sent as 0, ignored by the receiver. */
  public static final int RESERVED2_AT = 80;

  /** u32, CRC32C of the payload, or 0 = not computed. */
  public static final int PAYLOAD_CRC_AT = 88;

  /** u32, CRC32C of all header bytes before it. */
  public static final int HEADER_CRC_AT = 92;

  private final CRC32C crc = new CRC32C();

  /** A codec for one thread. */
  public FrameCodec() {}

  /**
   * Writes {@code h} at {@code at}; neither position nor limit of {@code out} matter but for the
   * limit being high enough; both are left where they were.
   *
   * @param out little-endian
   * @param payloadCrc of {@link #checksum}, or 0 = not computed
   */
  public void encode(FrameHeader h, ByteBuffer out, int at, int payloadCrc) {
    out.putInt(at + MAGIC_AT, MAGIC);
    out.put(at + VERSION_AT, (byte) VERSION);
    out.put(at + TYPE_AT, (byte) h.type);
    out.putShort(at + FLAGS_AT, (short) h.flags);
    out.putShort(at + STATUS_AT, (short) h.status);
    out.putShort(at + RESERVED1_AT, (short) 0);
    out.putInt(at + HANDLE_AT, h.handle);
    out.putInt(at + LANE_AT, h.lane);
    out.putInt(at + PAYLOAD_BYTES_AT, h.payloadBytes);
    out.putLong(at + SEQUENCE_AT, h.sequence);
    out.putLong(at + GENERATION_AT, h.generation);
    out.putLong(at + EPOCH_AT, h.epoch);
    out.putLong(at + WATERMARK_AT, h.watermark);
    out.putLong(at + OFFSET_AT, h.offset);
    out.putLong(at + LENGTH_AT, h.length);
    out.putLong(at + EXTRA_AT, h.extra);
    out.putLong(at + RESERVED2_AT, 0);
    out.putInt(at + PAYLOAD_CRC_AT, payloadCrc);
    out.putInt(at + HEADER_CRC_AT, checksum(out, at, HEADER_CRC_AT));
  }

  /**
   * Reads the header at {@code at}, which must be there whole. On a fault {@code into} is
   * undefined. The payload is not looked at (see {@link #payloadIntact}).
   *
   * @param in little-endian
   */
  public FrameFault decode(ByteBuffer in, int at, FrameHeader into) {
    if (in.getInt(at + MAGIC_AT) != MAGIC) {
      return FrameFault.BAD_MAGIC;
    }
    // Before the checksum: another version may have another layout.
    if (in.get(at + VERSION_AT) != VERSION) {
      return FrameFault.BAD_VERSION;
    }
    if (in.getInt(at + HEADER_CRC_AT) != checksum(in, at, HEADER_CRC_AT)) {
      return FrameFault.BAD_HEADER_CHECKSUM;
    }
    into.type = in.get(at + TYPE_AT) & 0xFF;
    into.flags = in.getShort(at + FLAGS_AT) & 0xFFFF;
    into.status = in.getShort(at + STATUS_AT) & 0xFFFF;
    into.handle = in.getInt(at + HANDLE_AT);
    into.lane = in.getInt(at + LANE_AT);
    into.payloadBytes = in.getInt(at + PAYLOAD_BYTES_AT);
    into.sequence = in.getLong(at + SEQUENCE_AT);
    into.generation = in.getLong(at + GENERATION_AT);
    into.epoch = in.getLong(at + EPOCH_AT);
    into.watermark = in.getLong(at + WATERMARK_AT);
    into.offset = in.getLong(at + OFFSET_AT);
    into.length = in.getLong(at + LENGTH_AT);
    into.extra = in.getLong(at + EXTRA_AT);
    if (!FrameType.known(into.type)) {
      return FrameFault.UNKNOWN_TYPE;
    }
    if (into.payloadBytes < 0 || into.payloadBytes > FrameHeader.MAX_PAYLOAD) {
      return FrameFault.OVERSIZE;
    }
    return FrameFault.NONE;
  }

  /** Whether the payload behind the header at {@code at} matches its checksum, if it has one. */
  public boolean payloadIntact(ByteBuffer in, int at) {
    int expected = in.getInt(at + PAYLOAD_CRC_AT);
    return expected == 0
        || expected == checksum(in, at + FrameHeader.BYTES, in.getInt(at + PAYLOAD_BYTES_AT));
  }

  /** CRC32C of {@code [from, from + length)}; position and limit are left where they were. */
  public int checksum(ByteBuffer bytes, int from, int length) {
    int position = bytes.position();
    int limit = bytes.limit();
    bytes.limit(from + length).position(from);
    crc.reset();
    crc.update(bytes);
    bytes.limit(limit).position(position);
    return (int) crc.getValue();
  }

  /** {@code bytes}, set to the byte order of the wire. */
  public static ByteBuffer ordered(ByteBuffer bytes) {
    return bytes.order(ByteOrder.LITTLE_ENDIAN);
  }
}
