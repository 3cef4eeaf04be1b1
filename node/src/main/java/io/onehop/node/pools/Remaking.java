package io.onehop.node.pools;

import io.onehop.node.store.LegStoreFormat;
import io.onehop.protocol.model.PoolView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * This node's part when its member of a pool gets another disk (rule 1.2): the old one is closed,
 * an empty one made, and the pool runs with that. On the {@link PoolsActor}.
 */
final class Remaking {
  private static final int KEPT_TICKS = 60;

  private static final class Held {
    final UUID pool;
    NodeMessage.@Nullable Remade result;
    int quiet;

    Held(UUID pool) {
      this.pool = pool;
    }
  }

  private final PoolsActor actor;
  private final PoolsActor.Setup setup;
  private final Map<UUID, Held> held = new HashMap<>();

  Remaking(PoolsActor actor, PoolsActor.Setup setup) {
    this.actor = actor;
    this.setup = setup;
  }

  /** Whether a disk is being made for this pool. */
  boolean busy(UUID pool) {
    return held.values().stream().anyMatch(h -> h.pool.equals(pool) && h.result == null);
  }

  void serve(NodeMessage.Remake m) {
    Held h = held.get(m.request());
    if (h == null && actor.reopens(m.view().pool())) {
      h = new Held(m.view().pool()); // begun when that is over: asked again in a second
    } else if (h == null) {
      Held fresh = new Held(m.view().pool());
      String fault = fault(m);
      held.put(m.request(), fresh);
      if (fault.isEmpty()) {
        begin(m, fresh);
      } else {
        fresh.result = ended(m, false, fault);
      }
      h = fresh;
    }
    h.quiet = 0;
    NodeMessage.Remade r = h.result;
    String self = setup.peers().self();
    setup
        .peers()
        .send(
            m.from(), r != null ? r : new NodeMessage.Remade(self, m.request(), false, false, ""));
  }

  private String fault(NodeMessage.Remake m) {
    PoolView v = m.view();
    if (m.member() < 0
        || m.member() >= v.members().size()
        || !v.members().get(m.member()).node().equals(setup.peers().self())) {
      return "it is not the node of this member";
    }
    if (busy(v.pool())) {
      return "another disk is being made for this pool; try again";
    }
    PoolBoard.Entry named = setup.board().named(v.name());
    return named != null && !named.shape().pool().equals(v.pool())
        ? "it has another pool '" + v.name() + "'"
        : "";
  }

  private NodeMessage.Remade ended(NodeMessage.Remake m, boolean done, String text) {
    return new NodeMessage.Remade(setup.peers().self(), m.request(), true, done, text);
  }

  /** A device that cannot be taken is refused before the leg that runs is stopped for it. */
  private void begin(NodeMessage.Remake m, Held h) {
    UUID pool = m.view().pool();
    String device = m.device();
    actor.beside(
        () -> {
          if (device != null && !device.equals(device(pool))) {
            LegStoreFormat.check(Path.of(device), m.view().sizeBytes(), m.force());
          }
          return () -> {
            if (m.look()) {
              h.result = ended(m, true, "");
            } else {
              actor.closePool(pool, () -> make(m, h));
            }
          };
        },
        error -> h.result = ended(m, false, error));
  }

  private void make(NodeMessage.Remake m, Held h) {
    UUID pool = m.view().pool();
    actor.beside(
        () -> {
          String before = device(pool);
          String device = m.device() == null ? before : m.device();
          // What this member's own label marks may go; anything else only by order.
          boolean force = m.force() || (device != null && device.equals(before));
          PoolShape shape =
              new PoolShape(
                  pool,
                  m.view().name(),
                  m.view().sizeBytes(),
                  m.view().blockSize(),
                  m.member(),
                  members(m.view()),
                  device,
                  m.places());
          PoolShape made = setup.folders().remake(shape, m.view(), force);
          OpenPool open = setup.opener().open(made, 0);
          return () -> {
            actor.remade(open);
            h.result = ended(m, true, "");
          };
        },
        error -> {
          h.result = ended(m, false, error);
          actor.reopen(pool); // as it was, if it was
        });
  }

  private @Nullable String device(UUID pool) {
    try {
      return setup.folders().shape(pool).device();
    } catch (IOException e) {
      return null; // it is gone: that is why another disk is wanted
    }
  }

  static List<PoolShape.ShapeMember> members(PoolView v) {
    return v.members().stream()
        .map(m -> new PoolShape.ShapeMember(m.id(), m.node(), m.role()))
        .toList();
  }

  void tick() {
    held.values().removeIf(h -> ++h.quiet > KEPT_TICKS && h.result != null);
  }
}
