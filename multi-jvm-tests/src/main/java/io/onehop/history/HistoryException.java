package io.onehop.history;

import java.io.IOException;

/** A file that is no history; the message says what is wrong, and in which line. */
public final class HistoryException extends IOException {
  private static final long serialVersionUID = 1L;

  HistoryException(long line, String what) {
    super("line " + line + ": " + what);
  }

  HistoryException(String what) {
    super(what);
  }
}
