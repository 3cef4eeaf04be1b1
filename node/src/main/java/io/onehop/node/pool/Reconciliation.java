package io.onehop.node.pool;

import io.onehop.node.pool.PoolMessage.Report;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The end of phase reconciling, and another authority where the first is gone (rules 7.1 to 7.4).
 */
final class Reconciliation implements Decider {
  private long reconciled;
  private long seen;
  private long seenAt;

  /** What reconciling waits for, once it takes longer than a failure takes to show; else empty. */
  String waiting(Knowledge k) {
    PoolView view = k.view();
    if (view == null || !(view.phase() instanceof Phase.Reconciling r)) {
      return "";
    }
    if (seen != view.generation()) {
      seen = view.generation();
      seenAt = k.now;
    }
    if (k.now - seenAt < 2 * view.policies().failureNanos()) {
      return "";
    }
    int behind = 0;
    for (int i = 0; i < view.members().size(); i++) {
      boolean counts = k.member(i).state() == LegState.IN_SYNC && i != k.self;
      Report other = k.freshReport(i);
      if (counts && (other == null || other.adoptedGeneration() != seen)) {
        behind |= 1 << i;
      }
    }
    String whom = behind == 0 ? "" : "; " + k.names(behind) + " did not follow yet";
    return "the legs in sync are being made equal from " + k.member(r.authority()).node() + whom;
  }

  /** All in-sync legs are equal in this generation. */
  void reconciled(long generation) {
    reconciled = generation;
  }

  @Override
  public @Nullable Proposal decide(Knowledge k, List<PoolEffect> out) {
    PoolView view = k.view();
    if (view == null || !(view.phase() instanceof Phase.Reconciling r) || !k.inSyncHere()) {
      return null;
    }
    if (r.authority() == k.self) {
      return reconciled == view.generation()
          ? new Proposal(view, d -> d.phase(new Phase.Ready()), "reconciled")
          : null;
    }
    int gone = r.authority();
    boolean left = !k.member(gone).state().inWriteSet(); // its disk is being replaced
    if (k.routineProposer() != k.self || !(left || k.ended(gone) || k.unreachable(gone))) {
      return null;
    }
    Phase mine = new Phase.Reconciling(k.self);
    String why = "did not finish reconciling";
    return new Proposal(
        view,
        d ->
            left
                ? d.phase(mine)
                : d.member(
                        gone, d.members().get(gone).moved(LegState.STALE, 0, d.generation(), why))
                    .phase(mine),
        "reconcile again: authority " + k.member(gone).node() + " is gone");
  }
}
