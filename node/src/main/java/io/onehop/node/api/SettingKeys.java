package io.onehop.node.api;

import io.onehop.protocol.model.Policies;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Settings of a pool as an operator names and writes them ({@code pool set}, {@code pool show}).
 */
final class SettingKeys {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m)");
  private static final Pattern SIZE =
      Pattern.compile("(\\d{1,18})([KMGT]?)(i?B)?", Pattern.CASE_INSENSITIVE);

  private SettingKeys() {}

  /** All settings, in a fixed order; values as {@link #apply} takes them. */
  static Map<String, String> show(Policies p) {
    Map<String, String> m = new LinkedHashMap<>();
    m.put("on-no-quorum", p.errorOnNoQuorum() ? "error" : "suspend");
    m.put("cold-start", p.coldStartWaitsForAll() ? "wait-for-all" : "after-grace");
    m.put("cold-start-grace", duration(p.coldStartGraceNanos()));
    m.put("resync-min-rate", String.valueOf(p.resyncMinRate()));
    m.put("resync-max-rate", String.valueOf(p.resyncMaxRate()));
    m.put("heartbeat", duration(p.heartbeatNanos()));
    m.put("failure-time", duration(p.failureNanos()));
    m.put("request-deadline", duration(p.deadlineNanos()));
    m.put("dead-time", duration(p.deadNanos()));
    m.put("lease", duration(p.leaseNanos()));
    return m;
  }

  /**
   * With all {@code changes} made at once.
   *
   * @throws IllegalArgumentException one line, if a key or value is wrong or they do not go
   *     together
   */
  static Policies apply(Policies p, Map<String, String> changes) {
    boolean error = p.errorOnNoQuorum();
    boolean waits = p.coldStartWaitsForAll();
    long grace = p.coldStartGraceNanos();
    long min = p.resyncMinRate();
    long max = p.resyncMaxRate();
    long heartbeat = p.heartbeatNanos();
    long failure = p.failureNanos();
    long deadline = p.deadlineNanos();
    long dead = p.deadNanos();
    long lease = p.leaseNanos();
    for (Map.Entry<String, String> e : changes.entrySet()) {
      String key = e.getKey();
      String value = e.getValue();
      switch (key) {
        case "on-no-quorum" -> error = choice(key, value, "error", "suspend");
        case "cold-start" -> waits = choice(key, value, "wait-for-all", "after-grace");
        case "cold-start-grace" -> grace = nanos(key, value);
        case "resync-min-rate" -> min = bytes(key, value);
        case "resync-max-rate" -> max = bytes(key, value);
        case "heartbeat" -> heartbeat = nanos(key, value);
        case "failure-time" -> failure = nanos(key, value);
        case "request-deadline" -> deadline = nanos(key, value);
        case "dead-time" -> dead = nanos(key, value);
        case "lease" -> lease = nanos(key, value);
        default ->
            throw new IllegalArgumentException(
                "unknown setting '" + key + "'; known: " + String.join(", ", show(p).keySet()));
      }
    }
    if (max != 0 && max < min) {
      throw new IllegalArgumentException("resync-max-rate is below resync-min-rate");
    }
    if (failure < 2 * heartbeat || dead < 2 * heartbeat || lease < 2 * heartbeat) {
      throw new IllegalArgumentException(
          "failure-time, dead-time and lease must be at least twice the heartbeat");
    }
    return new Policies(
        error, waits, grace, min, max, heartbeat, failure, deadline, dead, lease, p.window());
  }

  private static boolean choice(String key, String value, String yes, String no) {
    if (!value.equals(yes) && !value.equals(no)) {
      throw new IllegalArgumentException(
          key + " is '" + yes + "' or '" + no + "', not '" + value + "'");
    }
    return value.equals(yes);
  }

  private static long nanos(String key, String value) {
    Matcher m = DURATION.matcher(value);
    if (!m.matches()) {
      throw new IllegalArgumentException(
          key + ": '" + value + "' is no duration such as 500ms or 2s");
    }
    long n = Long.parseLong(m.group(1));
    long unit =
        switch (m.group(2)) {
          case "ms" -> 1_000_000L;
          case "s" -> 1_000_000_000L;
          default -> 60_000_000_000L;
        };
    if (n == 0 || n > 3_600_000_000_000L / unit) {
      throw new IllegalArgumentException(key + ": '" + value + "' is not between 1ms and 60m");
    }
    return n * unit;
  }

  private static long bytes(String key, String value) {
    Matcher m = SIZE.matcher(value);
    if (!m.matches()) {
      throw new IllegalArgumentException(
          key + ": '" + value + "' is no rate in bytes per second such as 10M");
    }
    int shift = "KMGT".indexOf(m.group(2).toUpperCase(Locale.ROOT));
    long n = Long.parseLong(m.group(1));
    int by = m.group(2).isEmpty() ? 0 : 10 * (shift + 1);
    if (n > (1L << 50) >> by) {
      throw new IllegalArgumentException(key + ": '" + value + "' is too large");
    }
    return n << by;
  }

  private static String duration(long nanos) {
    long ms = nanos / 1_000_000;
    return ms % 1000 == 0 ? ms / 1000 + "s" : ms + "ms";
  }
}
