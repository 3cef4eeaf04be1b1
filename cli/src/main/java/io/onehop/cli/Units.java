package io.onehop.cli;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes and durations as operators write and read them. */
final class Units {
  private static final Pattern NUMBER =
      Pattern.compile("(\\d{1,18})(?:\\.(\\d{1,3}))?\\s*([a-zA-Z]*)");
  private static final String[] NAMES = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

  private Units() {}

  /** {@code 10G 512M 4KiB 4096}: powers of 1024. */
  static long bytes(String text) {
    Matcher m = NUMBER.matcher(text.strip());
    if (m.matches()) {
      String unit = m.group(3).toUpperCase(Locale.ROOT);
      int power = unit.isEmpty() || unit.equals("B") ? 0 : "KMGTP".indexOf(unit.charAt(0)) + 1;
      boolean known = unit.isEmpty() || unit.equals("B");
      known |= power > 0 && (unit.length() == 1 || (unit.endsWith("B") && unit.length() <= 3));
      known &= unit.length() != 3 || unit.charAt(1) == 'I';
      boolean whole = m.group(2) == null;
      if (known && (whole || power > 0)) {
        BigDecimal number = new BigDecimal(m.group(1) + (whole ? "" : "." + m.group(2)));
        BigDecimal all = number.multiply(BigDecimal.valueOf(1L << (10 * power)));
        if (all.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
          throw new IllegalArgumentException("'" + text + "' is too large a size");
        }
        return all.longValue();
      }
    }
    throw new IllegalArgumentException(
        "'" + text + "' is no size: write for example 10G, 512M, 4KiB");
  }

  /** {@code 500ms 2s 1m}: nanoseconds. */
  static long nanos(String text) {
    Matcher m = NUMBER.matcher(text.strip());
    if (m.matches() && m.group(2) == null) {
      long n = Long.parseLong(m.group(1));
      long unit =
          switch (m.group(3)) {
            case "ms" -> 1_000_000L;
            case "s" -> 1_000_000_000L;
            case "m", "min" -> 60_000_000_000L;
            default -> 0;
          };
      if (unit > 0 && n > Long.MAX_VALUE / unit) {
        throw new IllegalArgumentException("'" + text + "' is too long a duration");
      }
      if (unit > 0) {
        return n * unit;
      }
    }
    throw new IllegalArgumentException(
        "'" + text + "' is no duration: write for example 500ms or 2s");
  }

  /** {@code 1.5 GiB}. */
  static String size(long bytes) {
    double v = bytes;
    int i = 0;
    while (v >= 1024 && i < NAMES.length - 1) {
      v /= 1024;
      i++;
    }
    return i == 0 || v == Math.rint(v)
        ? String.format(Locale.ROOT, "%.0f %s", v, NAMES[i])
        : String.format(Locale.ROOT, "%.1f %s", v, NAMES[i]);
  }
}
