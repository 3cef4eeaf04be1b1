package io.onehop.sim;

import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Virtual time: a queue of events by (time, random tie, order of scheduling). */
final class EventScheduler {
  /** Something that will happen. */
  static final class Event implements Comparable<Event> {
    private final long time;
    private final int tie;
    private final long order;
    private final @Nullable SimLoop loop;
    private final Runnable task;
    private boolean cancelled;

    private Event(long time, int tie, long order, @Nullable SimLoop loop, Runnable task) {
      this.time = time;
      this.tie = tie;
      this.order = order;
      this.loop = loop;
      this.task = task;
    }

    void cancel() {
      cancelled = true;
    }

    boolean cancelled() {
      return cancelled;
    }

    Runnable task() {
      return task;
    }

    @Override
    public int compareTo(Event o) {
      int c = Long.compare(time, o.time);
      if (c == 0) {
        c = Integer.compare(tie, o.tie);
      }
      return c == 0 ? Long.compare(order, o.order) : c;
    }
  }

  private final PriorityQueue<Event> queue = new PriorityQueue<>();
  private final SplittableRandom random;
  private long now = 1_000_000_000L;
  private long orders;
  private long ran;

  EventScheduler(SplittableRandom random) {
    this.random = random;
  }

  /** Virtual nanoseconds since the world began. */
  long now() {
    return now;
  }

  /** Events run so far. */
  long ran() {
    return ran;
  }

  /**
   * {@code task} as one turn of {@code loop} (of no process if null), {@code delay} ns from now.
   */
  Event in(long delay, @Nullable SimLoop loop, Runnable task) {
    Event e = new Event(now + Math.max(0, delay), random.nextInt(8), orders++, loop, task);
    queue.add(e);
    return e;
  }

  /** As {@link #in}, at an absolute time. */
  Event at(long time, @Nullable SimLoop loop, Runnable task) {
    return in(time - now, loop, task);
  }

  /**
   * Runs the next event.
   *
   * @return false if there is none up to {@code until} (time is then {@code until})
   */
  boolean step(long until) {
    while (true) {
      Event e = queue.peek();
      if (e == null || e.time > until) {
        now = Math.max(now, until);
        return false;
      }
      queue.poll();
      if (e.cancelled) {
        continue;
      }
      now = Math.max(now, e.time);
      SimLoop loop = e.loop;
      if (loop == null) {
        ran++;
        e.task.run();
        return true;
      }
      if (loop.turn(e)) {
        ran++;
        return true;
      }
    }
  }
}
