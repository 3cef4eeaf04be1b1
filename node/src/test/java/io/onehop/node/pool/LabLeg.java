package io.onehop.node.pool;

import io.onehop.node.leg.LegDataPlane;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegFigures;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.leg.LegStatus;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A data plane without data: obeys orders as the rules ask, when its peers can be reached. */
final class LabLeg implements LegDataPlane {
  private final PoolLab lab;
  private final int self;
  final long incarnation;
  final List<LegEdge> edges = new ArrayList<>();
  final List<LegOrder> orders = new ArrayList<>();
  private final List<LegOrder> open = new ArrayList<>();
  @Nullable PoolView adopted;
  boolean lostPower;
  boolean heals = true;
  boolean reconciles = true;
  long missing;
  @Nullable UUID session;
  long sessionEpoch;
  long lastFrame = Long.MIN_VALUE / 2;
  long acceptedEpoch;

  LabLeg(PoolLab lab, int self, long incarnation) {
    this.lab = lab;
    this.self = self;
    this.incarnation = incarnation;
  }

  @Override
  public void order(LegOrder order) {
    orders.add(order);
    open.add(order);
  }

  @Override
  public LegStatus status() {
    return new LegStatus(
        incarnation,
        adopted == null ? 0 : adopted.generation(),
        missing,
        lab.links(self),
        session,
        sessionEpoch,
        lastFrame,
        0,
        0,
        0,
        0,
        -1,
        false,
        lostPower,
        "",
        0,
        0,
        0,
        new LegFigures(List.of(), 0, 0, 0, 0, lab.clientHears()));
  }

  @Override
  public void accepted(long epoch, long voters) {
    acceptedEpoch = epoch;
  }

  /** Does what can be done now; the rest stays open. */
  void work() {
    List<LegOrder> now = new ArrayList<>(open);
    open.clear();
    for (LegOrder o : now) {
      if (!done(o)) {
        open.add(o);
      }
    }
  }

  private boolean done(LegOrder order) {
    return switch (order) {
      case LegOrder.Adopt a -> {
        if (adopted == null || a.view().generation() > adopted.generation()) {
          adopted = a.view();
          edges.add(new LegEdge.Adopted(a.view().generation()));
        }
        yield true;
      }
      case LegOrder.RequestMaps r -> over(r.generation()) || maps(r);
      case LegOrder.Heal h -> over(h.generation()) || healed(h);
      case LegOrder.RecordPromotion r -> {
        edges.add(new LegEdge.PromotionRecorded(r.generation()));
        yield true;
      }
      case LegOrder.GatherUnion g ->
          over(g.generation())
              || together(g.generation(), g.members(), new LegEdge.UnionGathered(g.generation()));
      case LegOrder.RecordUnion g ->
          over(g.generation())
              || together(g.generation(), g.members(), new LegEdge.UnionRecorded(g.generation()));
      case LegOrder.CopyUnion g ->
          over(g.generation())
              || together(g.generation(), g.members(), new LegEdge.UnionCopied(g.generation()));
      case LegOrder.AnswerAttach a -> lab.answered(a.token(), a.status(), a.text());
      case LegOrder.AnswerDetach a -> lab.answered(a.token(), a.status(), a.text());
      case LegOrder.AnswerLease a -> lab.answered(a.token(), a.granted(), "lease");
      case LegOrder.KeepOut _ -> true;
      case LegOrder.Verify v -> {
        edges.add(new LegEdge.Verified(v.request(), 1 << 20, List.of(), ""));
        yield true;
      }
      case LegOrder.Stop s -> {
        edges.add(new LegEdge.Stopped());
        yield true;
      }
    };
  }

  private boolean over(long generation) {
    return adopted != null && adopted.generation() > generation;
  }

  private boolean maps(LegOrder.RequestMaps r) {
    return heals
        && lab.allAt(self, r.sources(), r.generation())
        && edges.add(new LegEdge.MapsArrived(r.generation()));
  }

  private boolean healed(LegOrder.Heal h) {
    missing = 0;
    return heals && edges.add(new LegEdge.Healed(h.generation()));
  }

  private boolean together(long generation, int members, LegEdge edge) {
    return reconciles && lab.allAt(self, members, generation) && edges.add(edge);
  }
}
