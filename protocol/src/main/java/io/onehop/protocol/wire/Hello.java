package io.onehop.protocol.wire;

import java.util.UUID;

/**
 * First payload of every data-plane connection.
 *
 * @param role what the sender is
 * @param poolName name of the pool; may be empty if {@code pool} is known
 * @param pool the pool's UUID, or {@link #ANY} if the sender knows only the name
 * @param lineage the lineage, or {@link #ANY}
 * @param sender session id of a client; member UUID of a peer
 * @param incarnation of a peer's leg; 0 for clients
 * @param lane data connection of the session
 * @param connection number of this connection within (session, lane), growing; an older one is
 *     closed
 * @param host the sender's host, for the operator
 * @param pid the sender's process id
 */
public record Hello(
    SenderRole role,
    String poolName,
    UUID pool,
    UUID lineage,
    UUID sender,
    long incarnation,
    int lane,
    long connection,
    String host,
    long pid) {
  /** "I do not know yet". */
  public static final UUID ANY = new UUID(0, 0);

  /** Who opens a connection. Wire code = ordinal. */
  public enum SenderRole {
    /** A client, attached or about to attach. */
    CLIENT,
    /** A leg of the same pool. */
    PEER
  }
}
