package io.onehop.history;

/** What a history holds. */
final class Counts {
  long writes;
  long zeroes;
  long reads;
  long flushes;
  long answered;
  long failed;
  long undecided;
  private long first = -1;
  private long last = -1;

  void began(char kind) {
    switch (kind) {
      case 'w', 'W' -> writes++;
      case 'z', 'Z' -> zeroes++;
      case 'r' -> reads++;
      default -> flushes++;
    }
  }

  void at(long time) {
    first = first < 0 ? time : first;
    last = time;
  }

  long operations() {
    return writes + zeroes + reads + flushes;
  }

  /** From the first event to the last, in nanoseconds. */
  long nanos() {
    return last - first;
  }

  /** Time of the first event. */
  long first() {
    return first;
  }
}
