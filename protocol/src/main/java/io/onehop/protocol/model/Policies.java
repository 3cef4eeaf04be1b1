package io.onehop.protocol.model;

/**
 * Settings of a pool (PROTOCOL §10); all nodes and clients of the pool agree on them because they
 * are part of the view. Times in nanoseconds, rates in bytes per second (0 = no limit).
 *
 * @param errorOnNoQuorum fail writes that wait for a view change beyond their deadline, instead of
 *     suspending them
 * @param coldStartWaitsForAll never cold start without every in-sync leg, even after the grace time
 * @param coldStartGraceNanos how long a cold start waits for missing in-sync legs
 * @param resyncMinRate resync goes on at this rate however busy the application is
 * @param resyncMaxRate resync never goes faster
 * @param heartbeatNanos distance of heartbeats on every connection
 * @param failureNanos silence after which a connection is dead
 * @param deadlineNanos age at which a request makes its leg suspect
 * @param deadNanos silence after which a session is dead
 * @param leaseNanos length of the read lease
 * @param window most write sequence numbers above the watermark
 */
public record Policies(
    boolean errorOnNoQuorum,
    boolean coldStartWaitsForAll,
    long coldStartGraceNanos,
    long resyncMinRate,
    long resyncMaxRate,
    long heartbeatNanos,
    long failureNanos,
    long deadlineNanos,
    long deadNanos,
    long leaseNanos,
    int window) {

  private static final long MS = 1_000_000L;

  /** The defaults of PROTOCOL §10. */
  public static final Policies DEFAULT =
      new Policies(
          false,
          false,
          10_000 * MS,
          1 << 20,
          0,
          500 * MS,
          2_000 * MS,
          2_000 * MS,
          2_000 * MS,
          2_000 * MS,
          4096);

  /** Validates ranges. */
  public Policies {
    if (coldStartGraceNanos < 0
        || resyncMinRate < 0
        || resyncMaxRate < 0
        || heartbeatNanos <= 0
        || failureNanos < 2 * heartbeatNanos
        || deadlineNanos <= 0
        || deadNanos < 2 * heartbeatNanos
        || leaseNanos < 2 * heartbeatNanos
        || window < 16
        || window > 65536
        || Integer.bitCount(window) != 1) {
      throw new IllegalArgumentException("policies out of range: " + this);
    }
  }
}
