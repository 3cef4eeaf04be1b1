package io.onehop.node.recovery;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.leg.LegStatus;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The own leg's recovery: a syncing leg asks for its maps and heals (rules 6.4, 6.5), an authority
 * gathers, records and copies the union (rules 7.2, 7.4). It begins again in each generation that
 * the leg adopts, and repeats an order that nothing came of; so orders must bear repetition.
 * Deterministic; not thread-safe.
 */
public final class RecoveryMachine {
  /** What the machine is at. */
  public enum Step {
    /** Nothing to recover, or the view is not adopted yet. */
    IDLE,
    /** The maps of all in-sync legs are asked for. */
    MAPS,
    /** The data plane fetches what is missing. */
    HEAL,
    /** Nothing is missing; the promotion is the pool machine's. */
    HEALED,
    /** Authority: the unconfirmed sets are gathered. */
    GATHER,
    /** Authority: every in-sync leg records the union. */
    RECORD,
    /** Authority: the others copy the union. */
    COPY,
    /** All are equal; the end of the phase is the pool machine's. */
    RECONCILED
  }

  private final int self;
  private final boolean unionFirst;
  private Step step = Step.IDLE;
  private long generation;
  private long orderedAt;

  /**
   * @param self this member's index
   * @param unionFirst the simulator's switch of rule 7.2: off copies before all carry the union
   *     (†11)
   */
  public RecoveryMachine(int self, boolean unionFirst) {
    this.self = self;
    this.unionFirst = unionFirst;
  }

  /** Where it stands. */
  public Step step() {
    return step;
  }

  /**
   * One event.
   *
   * @param view newest chosen view, or null
   * @param own the leg's status; nothing is ordered in a generation that it has not adopted
   * @param now loop clock
   */
  public List<RecoveryEffect> step(
      RecoveryEvent event, @Nullable PoolView view, LegStatus own, long now) {
    List<RecoveryEffect> out = new ArrayList<>();
    Step due = begin(view, own);
    if (view == null || due == Step.IDLE) {
      step = Step.IDLE;
      generation = 0;
      return out;
    }
    if (view.generation() != generation || step == Step.IDLE) {
      generation = view.generation();
      order(due, view, now, out);
    } else if (event instanceof RecoveryEvent.Edge e) {
      Step next = after(e.edge());
      if (next != step) {
        order(next, view, now, out);
      }
    } else if (repeats(step) && now - orderedAt >= 2 * view.policies().failureNanos()) {
      order(step, view, now, out);
    }
    return out;
  }

  /** The first step that the view asks of the own leg. */
  private Step begin(@Nullable PoolView view, LegStatus own) {
    if (view == null || own.adoptedGeneration() != view.generation()) {
      return Step.IDLE;
    }
    Member me = view.members().get(self);
    if (me.incarnation() == 0 || me.incarnation() != own.incarnation()) {
      return Step.IDLE;
    }
    return switch (view.phase()) {
      // In this phase no map is sent (rule 7.1): a syncing leg waits for ready.
      case Phase.Reconciling r ->
          r.authority() == self && me.state() == LegState.IN_SYNC ? Step.GATHER : Step.IDLE;
      case Phase.Ready r -> me.state() == LegState.SYNCING ? Step.MAPS : Step.IDLE;
    };
  }

  /**
   * Edges of another generation, and ones that do not belong to the present step, change nothing.
   */
  private Step after(LegEdge edge) {
    return switch (edge) {
      case LegEdge.MapsArrived e -> on(Step.MAPS, e.generation(), Step.HEAL);
      case LegEdge.Healed e -> on(Step.HEAL, e.generation(), Step.HEALED);
      case LegEdge.UnionGathered e ->
          on(Step.GATHER, e.generation(), unionFirst ? Step.RECORD : Step.COPY);
      case LegEdge.UnionRecorded e ->
          on(Step.RECORD, e.generation(), unionFirst ? Step.COPY : Step.RECONCILED);
      case LegEdge.UnionCopied e ->
          on(Step.COPY, e.generation(), unionFirst ? Step.RECONCILED : Step.RECORD);
      case LegEdge.Adopted e -> step;
      case LegEdge.Suspected e -> step;
      case LegEdge.AttachAsked e -> step;
      case LegEdge.DetachAsked e -> step;
      case LegEdge.LeaseAsked e -> step;
      case LegEdge.PromotionRecorded e -> step;
      case LegEdge.DiskFailed e -> step;
      case LegEdge.Stopped e -> step;
      case LegEdge.Verified e -> step;
    };
  }

  private Step on(Step at, long edgeGeneration, Step next) {
    return step == at && edgeGeneration == generation ? next : step;
  }

  private static boolean repeats(Step s) {
    return switch (s) {
      case MAPS, GATHER, RECORD, COPY -> true;
      // Healing goes on until told otherwise; the rest is not this machine's.
      case IDLE, HEAL, HEALED, RECONCILED -> false;
    };
  }

  private void order(Step next, PoolView view, long now, List<RecoveryEffect> out) {
    step = next;
    orderedAt = now;
    int peers = view.inSyncSet() & ~(1 << self);
    switch (next) {
      case MAPS -> out.add(order(new LegOrder.RequestMaps(generation, peers)));
      case HEAL -> out.add(order(new LegOrder.Heal(generation)));
      case GATHER -> out.add(order(new LegOrder.GatherUnion(generation, peers)));
      case RECORD -> out.add(order(new LegOrder.RecordUnion(generation, peers)));
      case COPY -> out.add(order(new LegOrder.CopyUnion(generation, peers)));
      case RECONCILED -> out.add(new RecoveryEffect.Reconciled(generation));
      case IDLE, HEALED -> {}
    }
  }

  private static RecoveryEffect order(LegOrder order) {
    return new RecoveryEffect.Order(order);
  }
}
