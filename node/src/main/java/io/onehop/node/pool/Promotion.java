package io.onehop.node.pool;

import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The own leg, healed, becomes in sync: a compare-and-set on the very generation (rule 6.9). Not
 * while it has yet to show that what it was evicted for is over (rule 1.5).
 */
final class Promotion implements Decider {
  private long healed;
  private long recorded;

  /** Nothing is missing and a later store sync ended, in this generation. */
  void healed(long generation, Knowledge k, List<PoolEffect> out) {
    PoolView view = k.view();
    if (view != null && (generation == view.generation() || !k.rules.promotionExactGeneration())) {
      healed = generation;
      // Durable before the proposal: a chosen view must not name a leg that could not know (6.1).
      out.add(new PoolEffect.Order(new LegOrder.RecordPromotion(view.generation() + 1)));
    }
  }

  /** The promotion to this generation is durable at the leg. */
  void recorded(long generation) {
    recorded = generation;
  }

  @Override
  public @Nullable Proposal decide(Knowledge k, List<PoolEffect> out) {
    PoolView view = k.view();
    if (view == null
        || !view.ready()
        || k.member(k.self).state() != LegState.SYNCING
        || !k.lives(k.self)
        || recorded == 0
        || k.onTrial()) {
      return null;
    }
    long g = view.generation();
    if (k.rules.promotionExactGeneration() && (healed != g || recorded != g + 1)) {
      return null;
    }
    int self = k.self;
    return new Proposal(
        view,
        d -> d.member(self, d.members().get(self).promoted(d.generation())),
        k.member(self).node() + " is in sync");
  }
}
