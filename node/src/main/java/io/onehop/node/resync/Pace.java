package io.onehop.node.resync;

import io.onehop.protocol.model.Policies;
import io.onehop.transport.Loop;
import java.util.function.LongSupplier;

/**
 * How fast resync goes: the application first. While clients are served, resync keeps few and small
 * fetches under way and takes at most a third of the best rate seen (never less than min-rate);
 * idle, it runs as fast as the source answers. max-rate bounds both. A token bucket refilled at
 * each call. On the leg's data thread.
 */
final class Pace {
  private static final long FOREGROUND_NANOS = 200_000_000L;
  private static final long SECOND = 1_000_000_000L;
  private static final long FIRST_GUESS = 256L << 20;

  private final Loop loop;
  private final LongSupplier lastForeground;
  private Policies policies = Policies.DEFAULT;
  private long tokens;
  private long refilled;
  private long bestRate = FIRST_GUESS;
  private long arrivedBytes;
  private long windowStart;
  private long rate;

  /**
   * @param lastForeground {@link Loop#now} of the last request of a client
   */
  Pace(Loop loop, LongSupplier lastForeground) {
    this.loop = loop;
    this.lastForeground = lastForeground;
  }

  void policies(Policies p) {
    policies = p;
  }

  private boolean foreground() {
    return loop.now() - lastForeground.getAsLong() < FOREGROUND_NANOS;
  }

  /** How long a source may take before another one is asked. */
  long patience() {
    return policies.deadlineNanos();
  }

  /** Most fetches under way. */
  int depth() {
    return foreground() ? 4 : 16;
  }

  /** Most blocks in one fetch. */
  int runBlocks() {
    return foreground() ? 64 : 256;
  }

  private long limit() {
    long l = foreground() ? Math.max(policies.resyncMinRate(), bestRate / 3) : Long.MAX_VALUE;
    return policies.resyncMaxRate() > 0 ? Math.min(l, policies.resyncMaxRate()) : l;
  }

  /** Whether {@code bytes} may be asked for now. */
  boolean grant(long bytes) {
    long limit = limit();
    long now = loop.now();
    if (limit == Long.MAX_VALUE) {
      refilled = now;
      tokens = 0;
      return true;
    }
    long elapsed = Math.min(now - refilled, SECOND);
    refilled = now;
    // At most a tenth of a second's worth is saved up, so that bursts stay short.
    tokens =
        Math.min(
            tokens + (long) ((double) limit * elapsed / SECOND), Math.max(limit / 10, 1 << 20));
    if (tokens <= 0) {
      return false;
    }
    tokens -= bytes;
    return true;
  }

  /** {@code bytes} came. */
  void arrived(long bytes) {
    arrivedBytes += bytes;
    roll();
  }

  private void roll() {
    long now = loop.now();
    long elapsed = now - windowStart;
    if (elapsed >= SECOND / 2) {
      rate = (long) ((double) arrivedBytes * SECOND / elapsed);
      bestRate = Math.max(bestRate - bestRate / 64, rate);
      arrivedBytes = 0;
      windowStart = now;
    }
  }

  /** Bytes per second lately. */
  long rate() {
    roll();
    return rate;
  }
}
