package io.onehop.multijvm;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Waiting for a condition of the outside world, with a deadline; -Donehop.patience=N makes every
 * deadline N times as long, for a machine that has much else to do.
 */
final class Eventually {
  static final int PATIENCE = Integer.getInteger("onehop.patience", 1);
  private static final Duration INTERVAL = Duration.ofMillis(40);

  private Eventually() {}

  /** Asks until {@code done}; fails naming {@code what} after {@code seconds}. */
  static void await(String what, int seconds, Callable<Boolean> done) {
    try {
      Awaitility.await(what)
          .pollDelay(Duration.ZERO)
          .pollInterval(INTERVAL)
          .atMost(Duration.ofSeconds((long) seconds * PATIENCE))
          .until(done);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("waited " + seconds * PATIENCE + " s in vain until " + what, e);
    }
  }

  /** Whether {@code done} comes true within {@code seconds}. */
  static boolean within(int seconds, Callable<Boolean> done) {
    try {
      await("it is so", seconds, done);
      return true;
    } catch (AssertionError e) {
      return false;
    }
  }

  /** Lets time pass: where a contract or a fault is a time, never to wait for something. */
  static void elapse(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    Awaitility.await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5))
        .atMost(time.plusSeconds(30))
        .until(() -> System.nanoTime() - end >= 0);
  }
}
