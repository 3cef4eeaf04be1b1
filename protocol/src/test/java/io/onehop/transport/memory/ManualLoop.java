package io.onehop.transport.memory;

import io.onehop.transport.Loop;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** A loop on a clock of its own, stepped by the test. */
final class ManualLoop implements Loop {
  private final PriorityQueue<Entry> queue =
      new PriorityQueue<>(
          Comparator.comparingLong((Entry e) -> e.at).thenComparingLong(e -> e.order));
  private final List<Runnable> hooks = new ArrayList<>();
  private long now = 1_000_000_000_000L;
  private long order;

  private final class Entry implements Timer {
    private final long at;
    private final long order;
    private final Runnable task;

    Entry(long at, long order, Runnable task) {
      this.at = at;
      this.order = order;
      this.task = task;
    }

    @Override
    public void cancel() {
      queue.remove(this);
    }
  }

  /** Runs the next task; false if there is none. */
  boolean step() {
    Entry e = queue.poll();
    if (e == null) {
      return false;
    }
    now = Math.max(now, e.at);
    e.task.run();
    List.copyOf(hooks).forEach(Runnable::run);
    return true;
  }

  /** Runs everything due within {@code nanos}. */
  void advance(long nanos) {
    long end = now + nanos;
    for (Entry e = queue.peek(); e != null && e.at <= end; e = queue.peek()) {
      step();
    }
    now = end;
  }

  @Override
  public long now() {
    return now;
  }

  @Override
  public void execute(Runnable task) {
    queue.add(new Entry(now, order++, task));
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    Entry e = new Entry(now + delayNanos, order++, task);
    queue.add(e);
    return e;
  }

  @Override
  public Timer atEndOfTurn(Runnable hook) {
    hooks.add(hook);
    return () -> hooks.remove(hook);
  }

  @Override
  public boolean onLoop() {
    return true;
  }
}
