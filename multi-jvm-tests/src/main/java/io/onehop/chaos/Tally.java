package io.onehop.chaos;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What happened: counted, told as it happens, and whatever must not have. Any thread may call. */
final class Tally {
  private static final int MOST_VIOLATIONS = 50;

  private final long begin = System.nanoTime();
  private final PrintStream log;
  private final Map<String, Integer> faults = new TreeMap<>();
  private final Map<String, Long> work = new TreeMap<>();
  private final List<String> violations = new ArrayList<>();
  private int unlisted;

  /** Tells its story on {@code log}. */
  Tally(PrintStream log) {
    this.log = log;
  }

  synchronized void say(String text) {
    log.printf(java.util.Locale.ROOT, "%8.3f  %s%n", (System.nanoTime() - begin) / 1e9, text);
    log.flush();
  }

  synchronized void fault(String kind, String text) {
    faults.merge(kind, 1, Integer::sum);
    say(text);
  }

  synchronized void work(String what, long amount) {
    work.merge(what, amount, Long::sum);
  }

  /** The device, or a process, did what it must not. */
  synchronized void violation(String what) {
    say("VIOLATION: " + what);
    if (violations.size() < MOST_VIOLATIONS) {
      violations.add(what);
    } else {
      unlisted++;
    }
  }

  synchronized Map<String, Integer> faults() {
    return new TreeMap<>(faults);
  }

  synchronized Map<String, Long> work() {
    return new TreeMap<>(work);
  }

  synchronized List<String> violations() {
    List<String> all = new ArrayList<>(violations);
    if (unlisted > 0) {
      all.add("and " + unlisted + " more");
    }
    return all;
  }
}
