package io.onehop.node.pools;

import io.onehop.node.store.WrongDiskException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Legs whose disk failed under them. Such a leg stays out of its pool, its node goes on voting;
 * when the disk takes writes again the pool is closed and opened as by a restarted process: with
 * another incarnation, so that it returns by the rules. The more often it fails the longer it
 * waits. On the {@link PoolsActor}; ticks are seconds.
 */
final class Reopening {
  private static final int FIRST_TICKS = 5;
  private static final int MAX_TICKS = 300;
  private static final int MAX_DOUBLINGS = 6;
  private static final int FORGIVEN_TICKS = 600;

  private static final class Leg {
    int failures;
    int wait;
    int calm;
  }

  private final PoolsActor actor;
  private final PoolsActor.Setup setup;
  private final Map<UUID, Leg> legs = new HashMap<>();
  private final Set<UUID> opening = new HashSet<>();

  Reopening(PoolsActor actor, PoolsActor.Setup setup) {
    this.actor = actor;
    this.setup = setup;
  }

  /** Whether this pool is being closed and opened again right now. */
  boolean busy(UUID pool) {
    return opening.contains(pool);
  }

  /** The pool has another disk. */
  void forget(UUID pool) {
    legs.remove(pool);
  }

  /** This pool's leg has failed, or could not be opened again. */
  void failed(UUID pool) {
    opening.remove(pool);
    Leg leg = legs.computeIfAbsent(pool, _ -> new Leg());
    leg.wait = Math.min(MAX_TICKS, FIRST_TICKS << Math.min(leg.failures++, MAX_DOUBLINGS));
    leg.calm = 0;
  }

  void tick() {
    for (Map.Entry<UUID, Leg> e : List.copyOf(legs.entrySet())) {
      UUID pool = e.getKey();
      Leg leg = e.getValue();
      if (setup.board().get(pool) == null) {
        legs.remove(pool); // deleted meanwhile
      } else if (leg.wait > 0 && --leg.wait == 0) {
        if (actor.remakes(pool)) {
          leg.wait = FIRST_TICKS;
        } else {
          attempt(pool);
        }
      } else if (leg.wait == 0 && ++leg.calm > FORGIVEN_TICKS) {
        legs.remove(pool);
      }
    }
  }

  private void attempt(UUID pool) {
    opening.add(pool);
    actor.beside(
        () -> {
          setup.folders().probe(pool);
          return () -> actor.closePool(pool, () -> open(pool));
        },
        _ -> failed(pool));
  }

  /** Opens it, which is closed; where its disk is not the member's, says so in its place. */
  void open(UUID pool) {
    opening.add(pool);
    actor.beside(
        () -> {
          PoolShape shape = setup.folders().shape(pool);
          try {
            OpenPool open = setup.opener().open(shape, 0);
            return () -> {
              opening.remove(pool);
              actor.readopt(open);
            };
          } catch (WrongDiskException e) {
            AilingPool ailing = new AilingPool(shape, WrongDisks.text(e, shape, this::name));
            return () -> {
              actor.ailing(ailing);
              failed(pool);
            };
          }
        },
        _ -> failed(pool));
  }

  private @Nullable String name(UUID pool) {
    PoolBoard.Entry e = setup.board().get(pool);
    return e == null ? null : e.shape().name();
  }
}
