package io.onehop.sim;

import io.onehop.node.store.VoteStore;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.protocol.wire.WireException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the register has chosen, judged by the votes on the platters alone: a value is chosen once a
 * majority has ever accepted it under one ballot (invariant 5).
 */
final class Chosen {
  private final int majority;
  private final Map<Long, Integer> accepters = new HashMap<>();
  private final Map<Long, PoolView> byGeneration = new HashMap<>();
  private final List<Writer> writers = new ArrayList<>();
  private final Set<UUID> barred = new HashSet<>();
  private PoolView newest;
  private boolean errorsAllowed;

  Chosen(PoolView first) {
    errorsAllowed = first.policies().errorOnNoQuorum();
    majority = first.majority();
    newest = first;
    byGeneration.put(first.generation(), first);
  }

  /** The newest chosen view, whether anybody knows it or not. */
  PoolView newest() {
    return newest;
  }

  /** Whether any view so far lets requests fail where they would wait for a majority. */
  boolean errorsAllowed() {
    return errorsAllowed;
  }

  /** Everyone who was ever admitted, in order. */
  List<Writer> writers() {
    return writers;
  }

  /** Whether some view says that this session may not go on. */
  boolean barred(UUID session) {
    return barred.contains(session);
  }

  @Nullable PoolView of(long generation) {
    return byGeneration.get(generation);
  }

  /**
   * A vote became durable.
   *
   * @return the view if this vote made a newer one chosen
   */
  @Nullable PoolView voted(int member, VoteStore.Vote vote) {
    byte[] bytes = vote.accepted();
    if (bytes == null) {
      return null;
    }
    int mask = accepters.merge(vote.acceptedBallot(), 1 << member, (a, b) -> a | b);
    if (Integer.bitCount(mask) < majority) {
      return null;
    }
    PoolView view;
    try {
      view = ViewCodec.decode(bytes);
    } catch (WireException e) {
      throw new Violation("vote", "an accepted view cannot be decoded: " + e.getMessage());
    }
    PoolView known = byGeneration.putIfAbsent(view.generation(), view);
    if (known != null && !known.equals(view)) {
      throw new Violation(
          "two-views", "generation " + view.generation() + " was chosen as two different views");
    }
    if (known != null) {
      return null;
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
    LastSession last = view.lastSession();
    if (last != null && !last.resumable()) {
      barred.add(last.id());
    }
    newest = view;
    errorsAllowed |= view.policies().errorOnNoQuorum();
    return view;
  }
}
