package io.onehop.node;

import java.io.Serial;

/** A configuration that cannot be used: one line naming the file, the key and what is wrong. */
public final class ConfigError extends Exception {
  @Serial private static final long serialVersionUID = 1;

  /** With a message for the operator, one line. */
  public ConfigError(String message) {
    super(message);
  }
}
