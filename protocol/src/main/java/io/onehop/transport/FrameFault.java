package io.onehop.transport;

/** Why bytes received are no frame. The connection is closed; nothing of the frame is delivered. */
public enum FrameFault {
  /** None: the frame is good. */
  NONE("good frame"),
  /** The first four bytes are not OneHop's. */
  BAD_MAGIC("this is not OneHop's protocol (wrong magic)"),
  /** Another version of the protocol. */
  BAD_VERSION("other protocol version"),
  /** The header's checksum does not match. */
  BAD_HEADER_CHECKSUM("header checksum wrong"),
  /** A frame type that this version does not know. */
  UNKNOWN_TYPE("unknown frame type"),
  /** A payload beyond {@link FrameHeader#MAX_PAYLOAD}. */
  OVERSIZE("payload too long"),
  /** The payload's checksum does not match. */
  BAD_PAYLOAD_CHECKSUM("payload checksum wrong");

  private final String text;

  FrameFault(String text) {
    this.text = text;
  }

  /** In words, for logs. */
  public String text() {
    return text;
  }
}
