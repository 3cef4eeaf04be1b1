package io.onehop.history;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads a history line by line and word by word, without making a String of each. */
final class Line {
  private static final int MOST_BYTES = 256 << 20;

  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int buffered;
  private int next;
  private byte[] line = new byte[256];
  private int length;
  private int at;
  private long number;

  Line(InputStream in) {
    this.in = in;
  }

  /** Goes to the next whole line; false at the end. */
  boolean advance() throws IOException {
    length = 0;
    at = 0;
    number++;
    while (true) {
      if (next == buffered) {
        buffered = in.read(buffer);
        next = 0;
        if (buffered <= 0) {
          return false;
        }
      }
      int from = next;
      while (next < buffered && buffer[next] != '\n') {
        next++;
      }
      append(from, next);
      if (next < buffered) {
        next++;
        return true;
      }
    }
  }

  private void append(int from, int to) throws HistoryException {
    int more = to - from;
    if (more > MOST_BYTES - length) {
      throw wrong("longer than " + MOST_BYTES + " bytes");
    }
    if (length + more > line.length) {
      line = Arrays.copyOf(line, Math.max(length + more, 2 * line.length));
    }
    System.arraycopy(buffer, from, line, length, more);
    length += more;
  }

  /** Whether nothing of the line is left. */
  boolean done() {
    return at >= length;
  }

  /** The next byte, without taking it; 0 at the end. */
  char peek() {
    return done() ? 0 : (char) line[at];
  }

  /** The one character that is the next word. */
  char letter() throws HistoryException {
    char c = peek();
    if (c == 0 || (at + 1 < length && line[at + 1] != ' ')) {
      throw wrong("expected one letter");
    }
    at += 2;
    return c;
  }

  /** The next word, a number from 0 to {@code most}. */
  long number(String what, long most) throws HistoryException {
    long n = digits(what, most);
    if (at < length && line[at] != ' ') {
      throw wrong(what + " is no number");
    }
    at++;
    return n;
  }

  /** Digits, whatever follows them. */
  long digits(String what, long most) throws HistoryException {
    int from = at;
    long n = 0;
    while (at < length && line[at] >= '0' && line[at] <= '9') {
      int digit = line[at] - '0';
      if (n > (most - digit) / 10) {
        throw wrong(what + " is larger than " + most);
      }
      n = n * 10 + digit;
      at++;
    }
    if (at == from) {
      throw wrong(what + " is missing or no number");
    }
    return n;
  }

  /** Takes {@code c} if it is next. */
  boolean take(char c) {
    boolean is = peek() == c;
    at += is ? 1 : 0;
    return is;
  }

  /** Leaves out the first bytes of the line. */
  void skip(int bytes) {
    at = bytes;
  }

  /** The line must end here. */
  void end() throws HistoryException {
    if (!done()) {
      throw wrong("has words too many: '" + text(at) + "'");
    }
  }

  String text(int from) {
    int shown = Math.min(length - from, 80);
    return new String(line, from, Math.max(0, shown), StandardCharsets.UTF_8);
  }

  String text() {
    return text(0);
  }

  HistoryException wrong(String what) {
    return new HistoryException(number, what);
  }
}
