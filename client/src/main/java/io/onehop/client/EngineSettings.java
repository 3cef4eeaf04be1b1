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
 */
public record EngineSettings(
    String pool,
    List<Endpoint> servers,
    UUID session,
    String host,
    long pid,
    long attachWaitNanos,
    int maxRequests) {
  /** The usual bound on accepted requests. */
  public static final int DEFAULT_MAX_REQUESTS = 16_384;

  /** Copies the list and checks ranges. */
  public EngineSettings {
    servers = List.copyOf(servers);
    if (servers.isEmpty() || pool.isEmpty() || attachWaitNanos < 0 || maxRequests < 1) {
      throw new IllegalArgumentException("needs a pool name and at least one server");
    }
  }
}
