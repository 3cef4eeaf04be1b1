package io.onehop.protocol.model;

/** What a pool is doing as a whole. */
public sealed interface Phase {
  /** Serving, or ready to admit a session. */
  record Ready() implements Phase {}

  /**
   * A session ended; the in-sync legs are being made equal where they may differ (rules 7.x).
   *
   * @param authority index in {@link PoolView#members()} of the leg whose content decides
   */
  record Reconciling(int authority) implements Phase {}
}
