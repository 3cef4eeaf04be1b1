package io.onehop.chaos;

/**
 * The longest times without an acknowledged change while there was something to wait for: apart
 * while nothing is wrong, and while a fault or its healing is under way. Not thread-safe.
 */
final class Stalls {
  private long since;
  private boolean waiting;
  private boolean trouble;
  private boolean touched;
  private long calm;
  private long troubled;

  /** A connection is there. */
  void begin() {
    waiting = false;
  }

  /** A request goes out while {@code inFlight} others are under way. */
  void asked(int inFlight) {
    if (inFlight == 0 || !waiting) {
      since = System.nanoTime();
      touched = trouble;
      waiting = true;
    }
  }

  void acknowledged() {
    note();
    since = System.nanoTime();
    touched = trouble;
  }

  /** A request was answered; {@code inFlight} are left. */
  void left(int inFlight) {
    waiting &= inFlight > 0;
  }

  void pause() {
    waiting = false;
  }

  /** From now on there is trouble, or no more. */
  void trouble(boolean is) {
    trouble = is;
    touched |= is;
  }

  private void note() {
    if (waiting) {
      long time = System.nanoTime() - since;
      if (touched) {
        troubled = Math.max(troubled, time);
      } else {
        calm = Math.max(calm, time);
      }
    }
  }

  void forget() {
    calm = 0;
    troubled = 0;
    since = System.nanoTime();
  }

  /** Nanoseconds. */
  long longestCalm() {
    note();
    return calm;
  }

  /** Nanoseconds. */
  long longestTroubled() {
    note();
    return troubled;
  }
}
