package io.onehop.node.pools;

import io.onehop.node.pool.PoolActor;
import io.onehop.protocol.model.Writer;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * This node's part in creations and deletions that some node coordinates (rule 1.9). A pool exists
 * exactly if its member 0 has committed it: member 0 drops on its own what nobody commits, the
 * others ask it what became of what they hold prepared. On the {@link PoolsActor}.
 */
final class Participant {
  /** Text of an answer that only says "still at it". */
  static final String BUSY = "…";

  /** Ticks (seconds) after which a participant in doubt begins to ask, and member 0 to drop. */
  private static final int DOUBT_TICKS = 4;

  private static final int DROP_TICKS = 20;

  private static final int MAX_AGREED = 64;

  private enum Stage {
    MAKING,
    PREPARED,
    COMMITTING
  }

  private static final class Held {
    final PoolShape shape;
    Stage stage;
    long incarnation;
    List<StorePlace> place = List.of();
    int quiet;

    Held(PoolShape shape, Stage stage, long incarnation) {
      this.shape = shape;
      this.stage = stage;
      this.incarnation = incarnation;
    }
  }

  private final PoolsActor actor;
  private final PoolsActor.Setup setup;
  private final String self;
  private final Map<UUID, Held> held = new HashMap<>();
  private final Set<UUID> dropping = new HashSet<>();

  /** Deletions that this node agreed to lately: from then on an attach comes too late. */
  private final Set<UUID> agreed = new LinkedHashSet<>();

  Participant(PoolsActor actor, PoolsActor.Setup setup) {
    this.actor = actor;
    this.setup = setup;
    this.self = setup.peers().self();
  }

  /** What a crash left in doubt: dropped by member 0 at once, asked about by the others. */
  void start() throws IOException {
    for (UUID pool : setup.folders().preparing()) {
      PoolShape shape;
      try {
        shape = setup.folders().preparingShape(pool);
      } catch (IOException e) {
        // Killed before the shape was written: it was never answered as prepared.
        setup.folders().abort(pool);
        continue;
      }
      if (shape.self() == 0) {
        setup.folders().abort(pool);
      } else {
        held.put(pool, new Held(shape, Stage.PREPARED, 0));
      }
    }
  }

  void prepare(NodeMessage.Prepare m) {
    PoolPlan plan = m.plan();
    Held h = held.get(plan.pool());
    if (h != null) {
      h.quiet = 0;
      prepared(m, true, h.stage == Stage.MAKING ? BUSY : "", h.place);
      return;
    }
    int index = plan.indexOf(self);
    String fault = fault(plan, index);
    if (!fault.isEmpty()) {
      prepared(m, false, fault, List.of());
      return;
    }
    Held mine =
        new Held(PoolShape.of(plan, index), Stage.MAKING, plan.members().get(index).incarnation());
    held.put(plan.pool(), mine);
    actor.beside(
        () -> {
          List<StorePlace> place = setup.folders().prepare(plan, index);
          return () -> {
            mine.stage = Stage.PREPARED;
            mine.place = place;
            mine.quiet = 0;
            if (held.containsValue(mine)) {
              prepared(m, true, "", place);
            } else {
              remove(plan.pool());
            }
          };
        },
        error -> {
          held.remove(plan.pool(), mine);
          prepared(m, false, error, List.of());
        });
  }

  private String fault(PoolPlan plan, int index) {
    if (index < 0) {
      return "it is no member of the pool";
    }
    boolean taken =
        setup.board().named(plan.name()) != null
            || held.values().stream().anyMatch(h -> h.shape.name().equals(plan.name()));
    if (taken) {
      return "there is already a pool '" + plan.name() + "'";
    }
    for (PoolPlan.PlanMember p : plan.members()) {
      if (setup.peers().data(p.node()) == null) {
        return "its configuration does not name node '" + p.node() + "'";
      }
    }
    return "";
  }

  private void prepared(NodeMessage.Prepare m, boolean done, String text, List<StorePlace> place) {
    setup.peers().send(m.from(), new NodeMessage.Prepared(self, m.request(), done, text, place));
  }

  void commit(NodeMessage.Commit m) {
    if (setup.board().get(m.pool()) != null) {
      committed(m.from(), m.request(), true, "");
      return;
    }
    Held h = held.get(m.pool());
    if (h == null) {
      committed(m.from(), m.request(), false, "the pool is not prepared here (any more)");
    } else if (h.stage == Stage.PREPARED) {
      finish(m.pool(), h, m.places(), m.from(), m.request());
    }
  }

  private void finish(
      UUID pool, Held h, List<StorePlace> places, String to, @Nullable UUID request) {
    h.stage = Stage.COMMITTING;
    actor.beside(
        () -> {
          PoolShape shape = setup.folders().commit(pool, places);
          OpenPool open = setup.opener().open(shape, h.incarnation);
          return () -> {
            held.remove(pool);
            actor.adopt(open);
            committed(to, request, true, "");
          };
        },
        error -> {
          h.stage = Stage.PREPARED;
          committed(to, request, false, error);
        });
  }

  private void committed(String to, @Nullable UUID request, boolean done, String text) {
    if (request != null) {
      setup.peers().send(to, new NodeMessage.Committed(self, request, done, text));
    }
  }

  void abort(UUID pool) {
    Held h = held.get(pool);
    if (h == null || h.stage == Stage.COMMITTING) {
      return;
    }
    held.remove(pool);
    if (h.stage == Stage.PREPARED) {
      remove(pool);
    }
  }

  private void remove(UUID pool) {
    actor.beside(
        () -> {
          setup.folders().abort(pool);
          return () -> {};
        },
        _ -> {});
  }

  void outcome(NodeMessage.Outcome m) {
    PoolBoard.Entry e = setup.board().get(m.pool());
    if (e != null) {
      told(m, true, e.shape().places());
    } else if (!held.containsKey(m.pool())) {
      told(m, false, List.of());
    }
  }

  private void told(NodeMessage.Outcome m, boolean created, List<StorePlace> places) {
    setup.peers().send(m.from(), new NodeMessage.OutcomeTold(self, m.pool(), created, places));
  }

  void outcomeTold(NodeMessage.OutcomeTold m) {
    Held h = held.get(m.pool());
    if (h == null
        || h.stage != Stage.PREPARED
        || !m.from().equals(h.shape.members().getFirst().node())) {
      return;
    }
    if (m.created()) {
      finish(m.pool(), h, m.places(), m.from(), null);
    } else {
      abort(m.pool());
    }
  }

  void tick() {
    for (Map.Entry<UUID, Held> e : List.copyOf(held.entrySet())) {
      Held h = e.getValue();
      if (h.stage != Stage.PREPARED) {
        continue;
      }
      h.quiet++;
      if (h.shape.self() == 0 && h.quiet > DROP_TICKS) {
        abort(e.getKey());
      } else if (h.shape.self() != 0 && h.quiet > DOUBT_TICKS) {
        setup
            .peers()
            .send(h.shape.members().getFirst().node(), new NodeMessage.Outcome(self, e.getKey()));
      }
    }
  }

  void drop(NodeMessage.Drop m) {
    PoolBoard.Entry e = setup.board().get(m.pool());
    if (dropping.contains(m.pool())) {
      return;
    }
    if (e == null) {
      if (m.commit()) {
        remains(m); // of a pool that could not be opened at the start
      } else {
        dropped(m, true, "");
      }
      return;
    }
    if (!m.commit()) {
      agree(m, e);
      return;
    }
    if (!agreed.remove(m.request())) {
      dropped(m, false, "it restarted while the deletion was being agreed; delete it again");
      return;
    }
    dropping.add(m.pool());
    actor.stopPool(
        m.pool(),
        () -> {
          setup.board().remove(m.pool());
          remains(m);
        });
  }

  /** Removes the pool's folder, if there is one. */
  private void remains(NodeMessage.Drop m) {
    dropping.add(m.pool());
    actor.beside(
        () -> {
          setup.folders().drop(m.pool());
          return () -> {
            dropping.remove(m.pool());
            dropped(m, true, "");
          };
        },
        error -> {
          dropping.remove(m.pool());
          dropped(m, false, error);
        });
  }

  /** Agrees if nobody is attached, and lets nobody in until the outcome should be known. */
  private void agree(NodeMessage.Drop m, PoolBoard.Entry e) {
    Consumer<@Nullable Writer> answer =
        writer -> {
          if (writer == null) {
            if (agreed.add(m.request()) && agreed.size() > MAX_AGREED) {
              agreed.remove(agreed.iterator().next());
            }
            dropped(m, true, "");
          } else {
            String who = writer.host() + ", pid " + writer.pid();
            dropped(m, false, "pool '" + e.shape().name() + "' is attached by " + who);
          }
        };
    var self = actor.getContextSelf();
    boolean told =
        actor.tell(
            m.pool(),
            new PoolActor.Fence(w -> self.tell(new PoolsActor.Done(() -> answer.accept(w)))));
    if (!told) {
      answer.accept(null); // it does not run here: nobody is let in by this node
    }
  }

  private void dropped(NodeMessage.Drop m, boolean done, String text) {
    setup
        .peers()
        .send(m.from(), new NodeMessage.Dropped(self, m.request(), m.commit(), done, text));
  }
}
