package io.onehop.client;

import io.onehop.transport.Loop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** A loop with a clock that only the test moves. */
final class TestLoop implements Loop {
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final List<Pending> timers = new ArrayList<>();
  private long now = 1_000_000_000L;
  private long order;

  private static final class Pending implements Timer {
    final long at;
    final long order;
    final Runnable task;
    boolean cancelled;

    Pending(long at, long order, Runnable task) {
      this.at = at;
      this.order = order;
      this.task = task;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  @Override
  public long now() {
    return now;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    Pending p = new Pending(now + delayNanos, order++, task);
    timers.add(p);
    return p;
  }

  @Override
  public Timer atEndOfTurn(Runnable hook) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean onLoop() {
    return true;
  }

  /** Runs one task; false if there is none. */
  boolean runTask() {
    Runnable r = tasks.poll();
    if (r == null) {
      return false;
    }
    r.run();
    return true;
  }

  /** Runs the next timer due by {@code end} and moves the clock to it; false if there is none. */
  boolean runTimer(long end) {
    Pending next = null;
    for (Pending p : timers) {
      if (!p.cancelled
          && p.at <= end
          && (next == null || p.at < next.at || (p.at == next.at && p.order < next.order))) {
        next = p;
      }
    }
    timers.removeIf(p -> p.cancelled);
    if (next == null) {
      now = Math.max(now, end);
      return false;
    }
    timers.remove(next);
    now = Math.max(now, next.at);
    next.task.run();
    return true;
  }

  /** Moves the clock without running anything, as if the process had been stopped. */
  void jump(long nanos) {
    now += nanos;
  }
}
