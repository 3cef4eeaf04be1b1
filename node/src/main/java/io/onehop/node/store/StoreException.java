package io.onehop.node.store;

import java.io.IOException;

/**
 * A store cannot be created, opened or used; the message is one line: what is wrong, what to do.
 */
public class StoreException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With a message for the operator. */
  public StoreException(String message) {
    super(message);
  }

  /** With a message for the operator and the failure behind it. */
  public StoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
