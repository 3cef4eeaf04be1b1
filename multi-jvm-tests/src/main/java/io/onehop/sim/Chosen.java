package io.onehop.sim;

import io.onehop.node.store.VoteStore;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.protocol.wire.WireException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the register has chosen, judged by the votes on the platters alone: a value is chosen once a
 * majority of the disks that it names as voters has ever accepted it under one ballot (invariant 5;
 * that suffices because quorums of neighbouring lists overlap).
 */
final class Chosen {
  /** One proposal: a ballot belongs to one lineage. */
  private record Proposal(UUID lineage, long ballot) {}

  private final Map<Proposal, Integer> accepters = new HashMap<>();
  private final List<Lineage> lineages = new ArrayList<>();
  private boolean errorsAllowed;

  Chosen(PoolView first) {
    errorsAllowed = first.policies().errorOnNoQuorum();
    lineages.add(new Lineage(0, first));
  }

  /** The newest chosen view of the newest lineage, whether anybody knows it or not. */
  PoolView newest() {
    return lineage().newest();
  }

  /** The newest lineage. */
  Lineage lineage() {
    return lineages.getLast();
  }

  /** All, in order of their being chosen. */
  List<Lineage> lineages() {
    return lineages;
  }

  /** The lineage with this id; null if no view of it is chosen. */
  @Nullable Lineage of(UUID lineage) {
    for (Lineage l : lineages) {
      if (l.id().equals(lineage)) {
        return l;
      }
    }
    return null;
  }

  /** The chosen view, or null. */
  @Nullable PoolView of(UUID lineage, long generation) {
    Lineage l = of(lineage);
    return l == null ? null : l.of(generation);
  }

  /** Whether any view so far lets requests fail where they would wait for a majority. */
  boolean errorsAllowed() {
    return errorsAllowed;
  }

  /**
   * A vote became durable.
   *
   * @return the view if this vote made a newer one chosen
   */
  @Nullable PoolView voted(SimPlatter p, VoteStore.Vote vote) {
    byte[] bytes = vote.accepted();
    if (bytes == null) {
      return null;
    }
    PoolView view;
    try {
      view = ViewCodec.decode(bytes);
    } catch (WireException e) {
      throw new Violation("vote", "an accepted view cannot be decoded: " + e.getMessage());
    }
    p.accepted = view;
    boolean named = view.members().get(p.index).id().equals(p.id) && view.isVoter(p.index);
    if (vote.acceptedBallot() == 0 || !named || p.rolledBack) {
      return null; // whatever such a disk says counts nowhere (rules 1.2, 8.6)
    }
    Proposal proposal = new Proposal(view.lineage(), vote.acceptedBallot());
    int mask = accepters.merge(proposal, 1 << p.index, (a, b) -> a | b);
    if (Integer.bitCount(mask) < view.majority()) {
      return null;
    }
    Lineage l = of(view.lineage());
    if (l == null) {
      lineages.add(new Lineage(lineages.size(), view));
    } else if (!l.add(view)) {
      return null;
    }
    errorsAllowed |= view.policies().errorOnNoQuorum();
    return view;
  }
}
