package io.onehop.sim;

import io.onehop.transport.BufPool;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code ./onehop simulate --seeds N [--from S]}: runs seeds and tells the story of one that fails.
 */
public final class SimulateMain {
  private static final int MOST_LINES = 600;

  private SimulateMain() {}

  /** Runs with the arguments of the command line and exits with 0, 1 (a violation) or 2 (usage). */
  public static void main(String[] args) {
    long seeds = 1000;
    long from = 1;
    int off = -1;
    int threads = Runtime.getRuntime().availableProcessors();
    try {
      for (int i = 0; i < args.length; i += 2) {
        long value = Long.parseLong(args[i + 1]);
        switch (args[i]) {
          case "--seeds" -> seeds = value;
          case "--from" -> from = value;
          case "--threads" -> threads = (int) value;
          case "--hunt" -> System.exit(hunt(value, from, threads, System.out));
          case "--without" -> off = (int) value;
          default -> throw new IllegalArgumentException(args[i]);
        }
      }
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      System.err.println("usage: simulate --seeds N [--from S] [--threads T]");
      System.exit(2);
    }
    Rules rules = off < 0 ? Rules.ALL : RuleSwitch.all().get(off).rules();
    System.exit(run(rules, seeds, from, threads, System.out));
  }

  /**
   * Runs seeds {@code from} to {@code from + seeds - 1} on {@code threads} threads and reports to
   * {@code out}.
   *
   * @return 0 if no invariant was broken, else 1
   */
  public static int run(long seeds, long from, int threads, PrintStream out) {
    return run(Rules.ALL, seeds, from, threads, out);
  }

  private static int run(Rules rules, long seeds, long from, int threads, PrintStream out) {
    long begin = System.nanoTime();
    Campaign c = new Campaign(rules, from, seeds).run(threads);
    out.print(c.summary(System.nanoTime() - begin));
    SeedRun.Result failure = c.failure();
    if (failure == null) {
      out.println("no invariant was broken");
      return 0;
    }
    out.print(report(failure, rules));
    return 1;
  }

  /** Turns off one rule after the other and says which seed finds it missing first. */
  static int hunt(long seeds, long from, int threads, PrintStream out) {
    String only = System.getProperty("onehop.simulate.only", "");
    for (RuleSwitch s : RuleSwitch.all()) {
      if (!only.isEmpty() && !only.contains(s.name())) {
        continue;
      }
      long begin = System.nanoTime();
      Campaign c = new Campaign(s.rules(), from, seeds).run(threads);
      SeedRun.Result f = c.failure();
      Violation v = f == null ? null : f.violation();
      out.printf(
          "%-38s %s (%.1f s)%n",
          s.name(),
          f == null || v == null
              ? "not found in " + c.runs()
              : "seed %d: %s".formatted(f.plan().seed(), v.getMessage()),
          (System.nanoTime() - begin) / 1e9);
    }
    return 0;
  }

  /** How to see a failure again, and its story, shrunk. */
  static String report(SeedRun.Result failure, Rules rules) {
    Violation v = failure.violation();
    if (v == null) {
      return "";
    }
    BufPool bufs = Campaign.buffers();
    Plan small = Shrinker.shrink(failure.plan(), rules, bufs, v);
    List<String> story = new ArrayList<>();
    SeedRun.Result again = SeedRun.run(small, rules, bufs, story);
    StringBuilder s = new StringBuilder();
    s.append("%nseed %d: %s%n".formatted(failure.plan().seed(), v.getMessage()));
    s.append("again: ./onehop simulate --from %d --seeds 1%n".formatted(failure.plan().seed()));
    s.append(
        "shrunk to %d faults and %d requests (%s):%n"
            .formatted(small.faults().size(), small.mix().operations(), small.mix()));
    for (Fault f : small.faults()) {
      s.append("  at %.3f ms %s%n".formatted(f.at() / 1e6, f));
    }
    int lines = Integer.getInteger("onehop.simulate.lines", MOST_LINES);
    int skip = Math.max(0, story.size() - lines);
    int head = skip == 0 ? story.size() : lines * 3 / 4;
    story.subList(0, head).forEach(line -> s.append(line).append('\n'));
    if (skip > 0) {
      s.append("  (%d lines left out; -Donehop.simulate.lines=N shows more)%n".formatted(skip));
      story.subList(head + skip, story.size()).forEach(line -> s.append(line).append('\n'));
    }
    Throwable cause = cause(again.violation());
    if (cause != null) {
      s.append(cause).append('\n');
      for (StackTraceElement e : cause.getStackTrace()) {
        s.append("    at ").append(e).append('\n');
      }
    }
    return s.toString();
  }

  private static @Nullable Throwable cause(@Nullable Violation v) {
    return v == null ? null : v.getCause();
  }
}
