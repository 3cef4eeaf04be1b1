package io.onehop.node.control;

import io.onehop.node.pool.PoolMail;
import io.onehop.node.pool.PoolMessage;
import io.onehop.node.pools.NodeMail;
import io.onehop.node.pools.NodeMessage;
import io.onehop.node.pools.Peers;
import io.onehop.protocol.model.Endpoint;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSelection;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.jspecify.annotations.Nullable;

/**
 * Reaches the other nodes' actors by their configured addresses (rule 1.8): no membership, no
 * receptionist. A node that was restarted is reached again by itself; what is said to one that is
 * away is lost. Any thread, once {@link #system} is set.
 */
public final class ActorPeers implements Peers {
  /** Name of every node's actor system. */
  public static final String SYSTEM = "onehop";

  private final String self;
  private final Map<String, Endpoint> control;
  private final Map<String, Endpoint> data;
  private final Map<String, ActorSelection> selections = new ConcurrentHashMap<>();
  private volatile @Nullable ActorSystem<?> system;

  /**
   * Peers that nothing can be said to yet.
   *
   * @param self this node's name
   * @param control control address of every node, by name
   * @param data data address of every node, by name
   */
  public ActorPeers(String self, Map<String, Endpoint> control, Map<String, Endpoint> data) {
    this.self = self;
    this.control = Map.copyOf(control);
    this.data = Map.copyOf(data);
  }

  /** From now on messages leave; before, they are lost. */
  public void system(ActorSystem<?> running) {
    system = running;
  }

  @Override
  public String self() {
    return self;
  }

  @Override
  public @Nullable Endpoint data(String node) {
    return data.get(node);
  }

  @Override
  public void send(String node, NodeMessage message) {
    tell(node, "/user", new NodeMail(message));
  }

  @Override
  public void send(String node, UUID pool, PoolMessage message) {
    tell(node, "/user/" + pool, new PoolMail(message));
  }

  private void tell(String node, String path, Object mail) {
    ActorSystem<?> running = system;
    Endpoint at = control.get(node);
    if (running == null || at == null) {
      return;
    }
    selections
        .computeIfAbsent(
            node + path,
            _ ->
                Adapter.toClassic(running)
                    .actorSelection(
                        node.equals(self) ? path : "pekko://" + SYSTEM + "@" + at + path))
        .tell(mail, ActorRef.noSender());
  }
}
