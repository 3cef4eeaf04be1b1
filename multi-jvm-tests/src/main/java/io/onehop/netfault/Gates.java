package io.onehop.netfault;

import java.util.HashMap;
import java.util.Map;

/** What is wrong between parties, by direction; belongs to the relays' thread. */
final class Gates {
  private final Map<String, Way> ways = new HashMap<>();

  /** One direction between two parties. */
  static final class Way {
    boolean cut;
    boolean refused;
    long delayNanos;
    long bytes;

    void heal() {
      cut = false;
      refused = false;
      delayNanos = 0;
    }
  }

  Way way(String from, String to) {
    return ways.computeIfAbsent(from + " > " + to, _ -> new Way());
  }

  void healAll() {
    ways.values().forEach(Way::heal);
  }
}
