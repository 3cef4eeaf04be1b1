package io.onehop.transport;

import org.jspecify.annotations.Nullable;

/**
 * An established, ordered, full-duplex stream of frames. Belongs to one loop; every method is
 * called on it.
 */
public interface Connection {
  /**
   * Queues a frame; what is queued in one turn of the loop leaves in one gathering write at its
   * end, or in several on the way if it is much.
   *
   * @param header copied; its {@code payloadBytes} and checksums are filled in here
   * @param payload retained until it is handed to the network or the connection is closed; null for
   *     none
   * @param from first byte of the payload in {@code payload}
   * @param length payload bytes, 0 to {@link FrameHeader#MAX_PAYLOAD}
   * @return false if the connection is closed (nothing was queued)
   */
  boolean send(FrameHeader header, @Nullable Buf payload, int from, int length);

  /** A frame without payload. */
  default boolean send(FrameHeader header) {
    return send(header, null, 0, 0);
  }

  /** Bytes queued and not yet accepted by the network. */
  long queuedBytes();

  /** Stops (or resumes) delivering frames, for back-pressure. */
  void pauseReading(boolean pause);

  /** {@link Loop#now} of the last byte received. */
  long lastReceived();

  /** Address of the other end, for messages. */
  String peer();

  /**
   * Closes at once; queued frames may be lost. The listener's {@code closed} is called exactly
   * once, later in this turn or in the next.
   */
  void close(String why);

  /** An object that the owner hangs on the connection; the transport does not look at it. */
  @Nullable Object attachment();

  /** Sets {@link #attachment}. */
  void attach(@Nullable Object attachment);
}
