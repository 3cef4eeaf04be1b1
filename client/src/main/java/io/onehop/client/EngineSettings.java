package io.onehop.client;

import io.onehop.protocol.model.Endpoint;
import java.util.List;
import java.util.UUID;

/**
 * What an engine needs to know.
 *
 * @param pool name of the pool
 * @param servers data endpoints of some of its nodes, tried until one knows the view
 * @param session 128-bit id of this client process (rule 5.3); never reused by another process
 * @param host shown to operators
 * @param pid shown to operators
 * @param attachWaitNanos how long to try to attach before giving up; 0 = for ever
 * @param maxRequests most requests accepted and not completed; further ones are answered AGAIN
 * @param takeover end the session of whoever holds the pool, alive or not; rides on requests of the
 *     first attach only, never on those of a session that goes on (rule 5.3)
 * @param resumeNanos how long to try to go on with a session that the pool ended but allows to go
 *     on (rule 5.3), not counting times when no leg in sync is connected; 0 = not at all
 */
public record EngineSettings(
    String pool,
    List<Endpoint> servers,
    UUID session,
    String host,
    long pid,
    long attachWaitNanos,
    int maxRequests,
    boolean takeover,
    long resumeNanos) {
  /** The usual bound on accepted requests. */
  public static final int DEFAULT_MAX_REQUESTS = 16_384;

  /** The usual time of trying to go on: 60 s. */
  public static final long DEFAULT_RESUME_NANOS = 60_000_000_000L;

  /** Without takeover, with the usual time of trying to go on. */
  public EngineSettings(
      String pool,
      List<Endpoint> servers,
      UUID session,
      String host,
      long pid,
      long attachWaitNanos,
      int maxRequests) {
    this(
        pool,
        servers,
        session,
        host,
        pid,
        attachWaitNanos,
        maxRequests,
        false,
        DEFAULT_RESUME_NANOS);
  }

  /** Copies the list and checks ranges. */
  public EngineSettings {
    servers = List.copyOf(servers);
    if (servers.isEmpty() || pool.isEmpty() || attachWaitNanos < 0 || maxRequests < 1) {
      throw new IllegalArgumentException("needs a pool name and at least one server");
    }
    if (resumeNanos < 0) {
      throw new IllegalArgumentException("the time of trying to go on is negative");
    }
  }
}
