package io.onehop.node.serve;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Connection;
import io.onehop.transport.Loop;
import org.jspecify.annotations.Nullable;

/**
 * Ends incoming connections on which nothing has come for so long that the other end, which beats,
 * must be gone without a word: nothing else would ever end them. Whoever dialled gives up much
 * sooner, so this only cleans up. On the data loop.
 */
final class Silence {
  /** So many failure times: a client that is stopped for a while keeps its connection. */
  static final int FAILURE_TIMES = 30;

  private final Loop loop;
  private long limit = Long.MAX_VALUE;
  private long lastLook = Long.MIN_VALUE / 2;
  private long from;

  Silence(Loop loop) {
    this.loop = loop;
  }

  /** Called often; {@code v} says how long it may last. */
  void look(@Nullable PoolView v) {
    long now = loop.now();
    limit = v == null ? Long.MAX_VALUE : FAILURE_TIMES * v.policies().failureNanos();
    if (now - lastLook > limit / FAILURE_TIMES) {
      from = now; // this process was stopped itself, and has not read what came
    }
    lastLook = now;
  }

  /** Closes {@code c} if it has been silent for too long. */
  void judge(Connection c) {
    long silent = loop.now() - Math.max(c.lastReceived(), from);
    if (silent > limit) {
      c.close("silent for " + silent / 1_000_000_000 + " s");
    }
  }
}
