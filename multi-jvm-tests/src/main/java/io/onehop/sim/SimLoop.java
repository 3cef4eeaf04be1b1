package io.onehop.sim;

import io.onehop.transport.Loop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A process's data loop on virtual time: every event runs one task to its end, then the hooks.
 * Events of a dead process are dropped, those of a paused one wait until it continues.
 */
final class SimLoop implements Loop {
  private final EventScheduler scheduler;
  private final long clockOffset;
  private final Runnable onKilled;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final List<Runnable> hooks = new ArrayList<>();
  private final List<EventScheduler.Event> deferred = new ArrayList<>();
  private boolean alive = true;
  private boolean paused;
  private boolean running;

  /**
   * @param clockOffset what this process's clock is ahead of virtual time, ns: clocks of different
   *     machines have nothing in common
   * @param onKilled called when a task ended by {@link SimKilled}
   */
  SimLoop(EventScheduler scheduler, long clockOffset, Runnable onKilled) {
    this.scheduler = scheduler;
    this.clockOffset = clockOffset;
    this.onKilled = onKilled;
  }

  /** One turn, unless the process is dead or paused. */
  boolean turn(EventScheduler.Event e) {
    if (!alive) {
      return false;
    }
    if (paused) {
      deferred.add(e);
      return false;
    }
    running = true;
    try {
      e.task().run();
      for (int i = 0; alive && i < hooks.size(); i++) {
        hooks.get(i).run();
      }
    } catch (SimKilled killed) {
      onKilled.run();
    } finally {
      running = false;
    }
    return true;
  }

  /** The process is gone. */
  void die() {
    alive = false;
    deferred.clear();
    tasks.clear();
    hooks.clear();
  }

  boolean alive() {
    return alive;
  }

  boolean paused() {
    return paused;
  }

  /** SIGSTOP. */
  void pause() {
    paused = true;
  }

  /** SIGCONT: what should have happened meanwhile happens now, in order. */
  void resume() {
    paused = false;
    List<EventScheduler.Event> late = new ArrayList<>(deferred);
    deferred.clear();
    late.sort(null);
    for (int i = 0; i < late.size(); i++) {
      EventScheduler.Event e = late.get(i);
      scheduler.in(
          i + 1L,
          this,
          () -> {
            if (!e.cancelled()) {
              e.task().run();
            }
          });
    }
  }

  @Override
  public long now() {
    return scheduler.now() + clockOffset;
  }

  @Override
  public void execute(Runnable task) {
    if (alive) {
      tasks.add(task);
      scheduler.in(0, this, this::next);
    }
  }

  private void next() {
    @Nullable Runnable task = tasks.poll();
    if (task != null) {
      task.run();
    }
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    if (!alive) {
      return () -> {};
    }
    return scheduler.in(Math.max(1, delayNanos), this, task)::cancel;
  }

  @Override
  public Timer atEndOfTurn(Runnable hook) {
    hooks.add(hook);
    return () -> hooks.remove(hook);
  }

  @Override
  public boolean onLoop() {
    return running;
  }
}
