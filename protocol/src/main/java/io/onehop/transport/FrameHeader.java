package io.onehop.transport;

/**
 * The fixed header of every frame, as plain fields so that one object per connection serves all
 * frames. Little-endian on the wire, 96 bytes; the layout is in {@code protocol/WIRE.md}. The
 * transport fills in and checks magic, version, payload length and checksums; everything else
 * belongs to the protocol.
 */
public final class FrameHeader {
  /** Size on the wire, bytes. */
  public static final int BYTES = 96;

  /** Largest payload of one frame, bytes. */
  public static final int MAX_PAYLOAD = 1 << 20;

  /** One of {@link FrameType}'s codes, 0 to 255. */
  public int type;

  /** Bits of {@link FrameType}'s {@code FLAG_*}, 0 to 65535. */
  public int flags;

  /** One of {@link Status}'s codes; 0 in requests. */
  public int status;

  /** What the HELLO answer assigned; 0 before. Bound to (pool UUID, lineage) (rule 2.6). */
  public int handle;

  /** Data connection of the session that this frame belongs to. */
  public int lane;

  /**
   * Write sequence number, or the request's id for everything that is no write; echoed in answers.
   */
  public long sequence;

  /** Requests: the sender's view's generation; answers: the leg's adopted generation. */
  public long generation;

  /** Writer epoch of the session; echoed. */
  public long epoch;

  /** Requests and heartbeats of a session: rule 3.6's watermark. */
  public long watermark;

  /** Byte offset of the range, block-aligned. */
  public long offset;

  /** Bytes of the range (not of the payload). */
  public long length;

  /** Free use per frame type, see WIRE.md. */
  public long extra;

  /** Payload bytes that follow; set by the transport. */
  public int payloadBytes;

  /** Back to all zero. */
  public FrameHeader clear() {
    type = 0;
    flags = 0;
    status = 0;
    handle = 0;
    lane = 0;
    sequence = 0;
    generation = 0;
    epoch = 0;
    watermark = 0;
    offset = 0;
    length = 0;
    extra = 0;
    payloadBytes = 0;
    return this;
  }

  /** Takes over every field of {@code o}. */
  public FrameHeader copyFrom(FrameHeader o) {
    type = o.type;
    flags = o.flags;
    status = o.status;
    handle = o.handle;
    lane = o.lane;
    sequence = o.sequence;
    generation = o.generation;
    epoch = o.epoch;
    watermark = o.watermark;
    offset = o.offset;
    length = o.length;
    extra = o.extra;
    payloadBytes = o.payloadBytes;
    return this;
  }
}
