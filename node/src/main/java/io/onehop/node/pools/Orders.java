package io.onehop.node.pools;

import io.onehop.node.pool.PoolActor;
import io.onehop.node.pool.PoolStatus;
import io.onehop.node.pools.NodeMessage.Order.Kind;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Forced promotions and new disks that were asked of this node: done by the node that can (the leg
 * that is to lead; a leg in sync), which may be this one. On the {@link PoolsActor}.
 */
final class Orders {
  private static final int PATIENCE_TICKS = 5;
  private static final int MAX_RUNNING = 16;

  private static final class Asked {
    final String node;
    final NodeMessage.Order order;
    final Consumer<Outcome> ended;
    int quiet;

    Asked(String node, NodeMessage.Order order, Consumer<Outcome> ended) {
      this.node = node;
      this.order = order;
      this.ended = ended;
    }
  }

  /** What this node does for whoever asked: kept until nobody asks any more. */
  private static final class Served {
    NodeMessage.@Nullable Ordered result;
    @Nullable Replacing replacing;
    int quiet;
  }

  private final PoolsActor actor;
  private final Peers peers;
  private final PoolBoard board;
  private final Map<UUID, Asked> asked = new HashMap<>();
  private final Map<UUID, Served> served = new HashMap<>();

  Orders(PoolsActor actor, Peers peers, PoolBoard board) {
    this.actor = actor;
    this.peers = peers;
    this.board = board;
  }

  /** An operator's order; {@code ended} is called once. */
  void begin(OrderRequest r, Consumer<Outcome> ended) {
    PoolBoard.Entry e = board.named(r.pool());
    if (e == null) {
      String text = "no pool '" + r.pool() + "' on node '" + peers.self() + "'";
      ended.accept(new Outcome(Outcome.Kind.UNKNOWN, text));
      return;
    }
    int member = e.shape().indexOf(r.node());
    if (member < 0) {
      String text = "pool '" + r.pool() + "' has no member on node '" + r.node() + "'";
      ended.accept(new Outcome(Outcome.Kind.INVALID, text));
      return;
    }
    if (r.kind() == Kind.FORCE && e.shape().members().get(member).role() != Role.DATA) {
      String text = "'" + r.node() + "' is a witness of '" + r.pool() + "': name one of its legs";
      ended.accept(new Outcome(Outcome.Kind.INVALID, text));
      return;
    }
    if (asked.size() >= MAX_RUNNING) {
      ended.accept(Outcome.refused("too many orders at once; try again"));
      return;
    }
    String node = r.node();
    if (r.kind() != Kind.FORCE) {
      String fault = fault(r, e, member);
      if (!fault.isEmpty()) {
        ended.accept(Outcome.refused(fault));
        return;
      }
      node = Comparisons.source(e.status(), member);
    }
    NodeMessage.Order order =
        new NodeMessage.Order(
            peers.self(),
            UUID.randomUUID(),
            e.shape().pool(),
            r.kind(),
            member,
            r.device(),
            r.sure(),
            r.force());
    asked.put(order.request(), new Asked(node, order, ended));
    peers.send(node, order);
  }

  /** Why it cannot be done as things are, by what this node sees; empty if it can. */
  private static String fault(OrderRequest r, PoolBoard.Entry e, int member) {
    PoolStatus status = e.status();
    PoolView view = status == null ? null : status.view();
    if (status == null || view == null) {
      return "the pool's view is not known yet: no majority of its voters has answered";
    }
    String text = Replacing.fault(view, status, r.kind(), member, r.sure());
    return text.isEmpty() && Comparisons.source(status, member).isEmpty()
        ? "no other leg of '" + r.pool() + "' that is in sync can be reached"
        : text;
  }

  /** Another node's (or this one's own) order. */
  void serve(NodeMessage.Order m) {
    Served s = served.get(m.request());
    if (s == null) {
      if (served.size() >= MAX_RUNNING) {
        peers.send(m.from(), ended(m, false, "too many orders at once; try again"));
        return;
      }
      Served fresh = new Served();
      served.put(m.request(), fresh);
      start(m, fresh);
      s = fresh;
    }
    s.quiet = 0;
    NodeMessage.Ordered r = s.result;
    peers.send(
        m.from(),
        r != null ? r : new NodeMessage.Ordered(peers.self(), m.request(), false, false, ""));
  }

  private NodeMessage.Ordered ended(NodeMessage.Order m, boolean done, String text) {
    return new NodeMessage.Ordered(peers.self(), m.request(), true, done, text);
  }

  private void start(NodeMessage.Order m, Served s) {
    PoolBoard.Entry e = board.get(m.pool());
    if (e == null) {
      s.result = ended(m, false, "node '" + peers.self() + "' does not have this pool open");
      return;
    }
    var self = actor.getContextSelf();
    if (m.kind() != Kind.FORCE) {
      s.replacing =
          new Replacing(actor, peers, e, m, (done, text) -> s.result = ended(m, done, text));
      s.replacing.start();
    } else if (m.member() != e.shape().self()) {
      s.result = ended(m, false, "the leg is not on node '" + peers.self() + "'");
    } else if (!actor.tell(
        m.pool(),
        new PoolActor.Force(
            m.sure(),
            (done, text) ->
                self.tell(new PoolsActor.Done(() -> s.result = ended(m, done, text)))))) {
      s.result = ended(m, false, "the pool does not run on node '" + peers.self() + "'");
    }
  }

  void hear(NodeMessage.Ordered m) {
    Asked a = asked.get(m.request());
    if (a == null) {
      return;
    }
    a.quiet = 0;
    if (m.ended()) {
      asked.remove(m.request());
      String text =
          a.order.from().equals(m.from()) ? m.text() : "node '" + m.from() + "': " + m.text();
      a.ended.accept(m.done() ? Outcome.done(m.text()) : Outcome.refused(text));
    }
  }

  void hear(NodeMessage.Remade m) {
    for (Served s : served.values()) {
      if (s.replacing != null) {
        s.replacing.remade(m);
      }
    }
  }

  void tick() {
    asked
        .entrySet()
        .removeIf(e -> {
          Asked a = e.getValue();
          if (++a.quiet > PATIENCE_TICKS) {
            a.ended.accept(
                new Outcome(
                    Outcome.Kind.UNREACHABLE, "node '" + a.node + "' does not answer (any more)"));
            return true;
          }
          peers.send(a.node, a.order);
          return false;
        });
    served
        .values()
        .removeIf(s -> {
          if (s.replacing != null && s.result == null) {
            s.replacing.tick();
          }
          return ++s.quiet > 2 * PATIENCE_TICKS;
        });
  }
}
