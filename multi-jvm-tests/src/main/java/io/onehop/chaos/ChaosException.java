package io.onehop.chaos;

import java.io.IOException;

/** The run cannot go on; the message says why, on one line. */
public final class ChaosException extends IOException {
  private static final long serialVersionUID = 1L;

  ChaosException(String why) {
    super(why);
  }
}
