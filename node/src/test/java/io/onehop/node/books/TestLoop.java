package io.onehop.node.books;

import io.onehop.transport.Loop;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** A loop on a clock of its own, moved by the test. */
public final class TestLoop implements Loop {
  private static final class Entry implements Timer {
    final long at;
    final long order;
    final Runnable task;
    boolean cancelled;

    Entry(long at, long order, Runnable task) {
      this.at = at;
      this.order = order;
      this.task = task;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  private final PriorityQueue<Entry> queue =
      new PriorityQueue<>(
          Comparator.comparingLong((Entry e) -> e.at).thenComparingLong(e -> e.order));
  private final List<Runnable> hooks = new ArrayList<>();
  private long now = 1_000_000_000_000L;
  private long order;

  /** Runs everything due within {@code millis}. */
  public void advance(long millis) {
    long end = now + millis * 1_000_000;
    for (Entry e = queue.peek(); e != null && e.at <= end; e = queue.peek()) {
      queue.remove();
      now = Math.max(now, e.at);
      if (!e.cancelled) {
        e.task.run();
        List.copyOf(hooks).forEach(Runnable::run);
      }
    }
    now = end;
  }

  @Override
  public long now() {
    return now;
  }

  @Override
  public void execute(Runnable task) {
    schedule(0, task);
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    Entry e = new Entry(now + Math.max(0, delayNanos), order++, task);
    queue.add(e);
    return e;
  }

  @Override
  public Timer atEndOfTurn(Runnable hook) {
    hooks.add(hook);
    return () -> hooks.remove(hook);
  }

  /** Hooks that have not been ended. */
  public int hooks() {
    return hooks.size();
  }

  @Override
  public boolean onLoop() {
    return true;
  }
}
