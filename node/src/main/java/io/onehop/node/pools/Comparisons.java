package io.onehop.node.pools;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.pool.PoolActor;
import io.onehop.node.pool.PoolStatus;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Comparisons of a pool's legs: asked of this node, done by a node whose leg is in sync (this one,
 * if it has one). On the {@link PoolsActor}.
 */
final class Comparisons {
  private static final int PATIENCE_TICKS = 5;
  private static final int MAX_RUNNING = 16;

  private static final class Asked {
    final UUID pool;
    final String node;
    final int against;
    final Consumer<NodeMessage.Compared> ended;
    int quiet;

    Asked(UUID pool, String node, int against, Consumer<NodeMessage.Compared> ended) {
      this.pool = pool;
      this.node = node;
      this.against = against;
      this.ended = ended;
    }
  }

  /** What this node compares for another, or compared: kept until nobody asks any more. */
  private static final class Served {
    NodeMessage.@Nullable Compared result;
    int quiet;
  }

  private final PoolsActor actor;
  private final Peers peers;
  private final PoolBoard board;
  private final Map<UUID, Asked> asked = new HashMap<>();
  private final Map<UUID, Served> served = new HashMap<>();

  Comparisons(PoolsActor actor, Peers peers, PoolBoard board) {
    this.actor = actor;
    this.peers = peers;
    this.board = board;
  }

  void begin(String name, @Nullable String leg, Consumer<NodeMessage.Compared> ended) {
    UUID request = UUID.randomUUID();
    PoolBoard.Entry e = board.named(name);
    if (e == null || asked.size() >= MAX_RUNNING) {
      ended.accept(
          failed(
              request, e == null ? "no pool '" + name + "' here" : "too many comparisons at once"));
      return;
    }
    int against = leg == null ? -1 : e.shape().indexOf(leg);
    if (leg != null && (against < 0 || e.shape().members().get(against).role() != Role.DATA)) {
      ended.accept(failed(request, "pool '" + name + "' has no leg on node '" + leg + "'"));
      return;
    }
    String node = source(e.status(), against);
    if (node.isEmpty()) {
      ended.accept(failed(request, "no leg of '" + name + "' that is in sync can be reached"));
      return;
    }
    Asked a = new Asked(e.shape().pool(), node, against, ended);
    asked.put(request, a);
    peers.send(node, new NodeMessage.Compare(peers.self(), request, a.pool, against));
  }

  private NodeMessage.Compared failed(UUID request, String error) {
    return new NodeMessage.Compared(peers.self(), request, true, 0, List.of(), error);
  }

  /**
   * This node if its leg is in sync, else another whose leg is and that can be reached; never the
   * one of member {@code but}. Empty if there is none.
   */
  static String source(@Nullable PoolStatus status, int but) {
    PoolView view = status == null ? null : status.view();
    if (status == null || view == null) {
      return "";
    }
    String found = "";
    for (PoolStatus.MemberStatus m : status.members()) {
      if (m.index() != but
          && m.reachable()
          && view.members().get(m.index()).state() == LegState.IN_SYNC) {
        if (m.index() == status.self()) {
          return m.node();
        }
        found = m.node();
      }
    }
    return found;
  }

  void serve(NodeMessage.Compare m) {
    Served known = served.get(m.request());
    if (known != null) {
      known.quiet = 0;
      answer(m, known);
      return;
    }
    Served s = new Served();
    Consumer<LegEdge.Verified> done =
        v ->
            s.result =
                new NodeMessage.Compared(
                    peers.self(),
                    m.request(),
                    true,
                    v.comparedBytes(),
                    v.differences().stream()
                        .limit(1000)
                        .map(d -> new NodeMessage.RangeDiffers(d.offset(), d.length(), d.nodes()))
                        .toList(),
                    v.error());
    var self = actor.getContextSelf();
    if (served.size() >= MAX_RUNNING
        || !actor.tell(
            m.pool(),
            new PoolActor.Verify(
                m.against(), v -> self.tell(new PoolsActor.Done(() -> done.accept(v)))))) {
      peers.send(m.from(), failed(m.request(), "node '" + peers.self() + "' cannot compare now"));
      return;
    }
    served.put(m.request(), s);
    answer(m, s);
  }

  private void answer(NodeMessage.Compare m, Served s) {
    NodeMessage.Compared r = s.result;
    peers.send(
        m.from(),
        r != null
            ? r
            : new NodeMessage.Compared(peers.self(), m.request(), false, 0, List.of(), ""));
  }

  void hear(NodeMessage.Compared m) {
    Asked a = asked.get(m.request());
    if (a == null) {
      return;
    }
    a.quiet = 0;
    if (m.ended()) {
      asked.remove(m.request());
      a.ended.accept(m);
    }
  }

  void tick() {
    asked
        .entrySet()
        .removeIf(e -> {
          Asked a = e.getValue();
          if (++a.quiet > PATIENCE_TICKS) {
            a.ended.accept(failed(e.getKey(), "node '" + a.node + "' does not answer any more"));
            return true;
          }
          peers.send(a.node, new NodeMessage.Compare(peers.self(), e.getKey(), a.pool, a.against));
          return false;
        });
    served.values().removeIf(s -> ++s.quiet > 2 * PATIENCE_TICKS);
  }
}
