package io.onehop.sim;

import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One unbroken history of a pool: its chosen views, and what clients wrote under them. A forced
 * promotion begins another one (rule 8.6), and for a while both may live.
 */
final class Lineage {
  /** 0 for the pool's first one, then in order of their being chosen. */
  final int number;

  /** Its first view. */
  final PoolView first;

  private final Map<Long, PoolView> byGeneration = new HashMap<>();
  private final List<Writer> writers = new ArrayList<>();
  private final Set<UUID> barred = new HashSet<>();
  private PoolView newest;
  private @Nullable History history;

  Lineage(int number, PoolView first) {
    this.number = number;
    this.first = first;
    this.newest = first;
    byGeneration.put(first.generation(), first);
    bar(first);
  }

  UUID id() {
    return first.lineage();
  }

  /** Its newest chosen view, whether anybody knows it or not. */
  PoolView newest() {
    return newest;
  }

  /** Everyone who was ever admitted, in order. */
  List<Writer> writers() {
    return writers;
  }

  /** Whether some view says that this session may not go on. */
  boolean barred(UUID session) {
    return barred.contains(session);
  }

  /** The chosen view of this generation, or null. */
  @Nullable PoolView of(long generation) {
    return byGeneration.get(generation);
  }

  /** What was written and read; null until the leg that begins the lineage serves in it. */
  @Nullable History history() {
    return history;
  }

  /** From now on it has content. */
  void begins(History content) {
    history = content;
  }

  /**
   * A view was accepted by a majority (invariant 5).
   *
   * @return whether that is news
   */
  boolean add(PoolView view) {
    PoolView known = byGeneration.putIfAbsent(view.generation(), view);
    if (known != null && !known.equals(view)) {
      throw new Violation(
          "two-views", "generation " + view.generation() + " was chosen as two different views");
    }
    if (known != null) {
      return false;
    }
    if (view.generation() != newest.generation() + 1) {
      throw new Violation(
          "generation",
          "view %d was chosen after %d".formatted(view.generation(), newest.generation()));
    }
    if (view.epoch() < newest.epoch()) {
      throw new Violation("epoch", "the epoch went back in generation " + view.generation());
    }
    Writer w = view.writer();
    if (w != null && !w.equals(newest.writer())) {
      writers.add(w);
    }
    bar(view);
    newest = view;
    return true;
  }

  private void bar(PoolView view) {
    LastSession last = view.lastSession();
    if (last != null && !last.resumable()) {
      barred.add(last.id());
    }
  }
}
