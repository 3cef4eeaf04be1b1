package io.onehop.transport;

import java.nio.ByteBuffer;

/** What a connection tells its owner, always on the loop. */
public interface ConnectionListener {
  /** The connection is open (for outgoing ones after connect; for incoming ones first of all). */
  void connected(Connection c);

  /**
   * A frame arrived whole, with valid checksums.
   *
   * @param header reused after the call
   * @param payload position to limit are the payload, little-endian; valid during the call only;
   *     empty if none
   */
  void frame(Connection c, FrameHeader header, ByteBuffer payload);

  /** All frames of one read have been delivered; the place to answer in batches. */
  default void endOfBatch(Connection c) {}

  /**
   * The connection ended, or could not be made. Called exactly once, also if {@link #connected}
   * never was.
   *
   * @param why in words
   */
  void closed(Connection c, String why);
}
