package io.onehop.transport;

/**
 * One data thread, or its deterministic stand-in in the simulator. Everything that belongs to a
 * loop (connections, buffers, sessions, legs) is touched on it alone, so nothing there needs a
 * lock.
 */
public interface Loop {
  /**
   * Nanoseconds on a clock that counts suspend (CLOCK_BOOTTIME in production), read once per turn
   * of the loop. Callable on the loop's thread only.
   */
  long now();

  /** Runs {@code task} on the loop soon. Callable from any thread; never blocks. */
  void execute(Runnable task);

  /**
   * Runs {@code task} on the loop once, {@code delayNanos} from now (at least; millisecond
   * resolution). Callable on the loop only. Periodic work re-arms itself.
   */
  Timer schedule(long delayNanos, Runnable task);

  /**
   * Runs {@code hook} at the end of each turn in which anything happened, before the loop sleeps:
   * the place where batched work (flushing connections) is done. On the loop only.
   *
   * @return ends it; whoever goes before his loop does must, or the loop keeps him
   */
  Timer atEndOfTurn(Runnable hook);

  /** Whether the caller is on the loop's thread. */
  boolean onLoop();

  /** A scheduled task, or a hook. */
  interface Timer {
    /** The task will not run any more. On the loop only; idempotent. */
    void cancel();
  }
}
