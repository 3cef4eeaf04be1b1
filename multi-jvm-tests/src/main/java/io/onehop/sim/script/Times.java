package io.onehop.sim.script;

import java.util.Locale;

/** Lengths of time in texts: {@code 200 ms}, {@code 2.5 s}. */
final class Times {
  static final String REGEX = "\\d+(?:\\.\\d+)? (?:ms|s)";
  private static final long MS = 1_000_000L;

  private Times() {}

  /** Nanoseconds. */
  static long parse(String text) {
    int space = text.indexOf(' ');
    double number = Double.parseDouble(text.substring(0, space));
    return (long) (number * (text.endsWith(" ms") ? MS : 1_000 * MS));
  }

  /** Seconds with six decimals, right-aligned. */
  static String text(long nanos) {
    return String.format(Locale.ROOT, "%12.6f", nanos / 1e9);
  }
}
