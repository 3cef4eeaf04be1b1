package io.onehop.protocol.wire;

/** Bytes that are not what they should be; the message says which field and why. */
public final class WireException extends Exception {
  private static final long serialVersionUID = 1;

  /** With the reason in words. */
  public WireException(String message) {
    super(message);
  }
}
