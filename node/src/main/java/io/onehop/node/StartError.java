package io.onehop.node;

import java.io.Serial;

/** A node that cannot start: one line for the operator, and the exit code that goes with it. */
public final class StartError extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final int exitCode;

  StartError(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  StartError(int exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  /** 3: a port is taken or cannot be had; 4: a store is damaged or foreign; 1: anything else. */
  public int exitCode() {
    return exitCode;
  }
}
