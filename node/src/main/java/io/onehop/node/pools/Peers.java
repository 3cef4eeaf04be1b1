package io.onehop.node.pools;

import io.onehop.node.pool.PoolMessage;
import io.onehop.protocol.model.Endpoint;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The other nodes, by the names of the configuration. Any thread; sending never blocks, may lose.
 */
public interface Peers {
  /** This node's name. */
  String self();

  /** Data address of a node, or null if the configuration does not name it. */
  @Nullable Endpoint data(String node);

  /** Says something to a node's {@link PoolsActor} (also to this node's own). */
  void send(String node, NodeMessage message);

  /** Says something to a pool's actor on another node; nothing happens if the node is not known. */
  void send(String node, UUID pool, PoolMessage message);
}
