package io.onehop.node.pool;

import io.onehop.node.leg.LegEdge;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Who leaves the write set (rules 1.4, 1.5). The proposer is in sync itself and stays so, therefore
 * the in-sync set is never emptied.
 */
final class Eviction implements Decider {
  private final LegEdge.@Nullable Suspected[] suspicions =
      new LegEdge.@Nullable Suspected[PoolView.MAX_MEMBERS];
  private final long[] suspectedAt = new long[PoolView.MAX_MEMBERS];
  private boolean attachWaits;

  /** The writer reports a member as failing. */
  void suspected(LegEdge.Suspected s, long now) {
    if (s.member() >= 0 && s.member() < suspicions.length) {
      suspicions[s.member()] = s;
      suspectedAt[s.member()] = now;
    }
  }

  /** Whether a client waits to be admitted, which needs every leg of the write set. */
  void attachWaits(boolean waits) {
    attachWaits = waits;
  }

  @Override
  public @Nullable Proposal decide(Knowledge k, List<PoolEffect> out) {
    PoolView view = k.view();
    if (view == null || !k.inSyncHere()) {
      return null;
    }
    if (view.writer() != null) {
      if (!k.hearsWriter()) {
        return null; // rule 1.5: only who holds a live connection of the writer evicts
      }
      Proposal gone = first(k, view, k::ended, k::ending);
      return gone != null ? gone : reported(k, view, view.writer());
    }
    if (view.phase() instanceof Phase.Reconciling r) {
      if (r.authority() != k.self) {
        return null;
      }
      Proposal gone = first(k, view, k::ended, k::ending);
      return gone != null
          ? gone
          : first(
              k,
              view,
              i -> k.member(i).state() == LegState.IN_SYNC && (k.unreachable(i) || k.unlinked(i)),
              _ -> "does not answer and is needed to reconcile");
    }
    Proposal gone = first(k, view, k::ended, k::ending);
    if (gone != null || (k.routineProposer() != k.self && !attachWaits)) {
      return gone;
    }
    boolean syncing = false;
    for (int i = 0; i < view.members().size(); i++) {
      syncing |= k.member(i).state() == LegState.SYNCING && !k.unreachable(i);
    }
    boolean mapNeeded = syncing;
    return first(
        k,
        view,
        i ->
            k.unreachable(i)
                && (attachWaits || (mapNeeded && k.member(i).state() == LegState.IN_SYNC)),
        _ -> "does not answer and is needed");
  }

  private @Nullable Proposal reported(Knowledge k, PoolView view, Writer writer) {
    return first(
        k,
        view,
        i -> fresh(k, i, writer) != null,
        i -> "reported by the client: " + reason(k, i, writer));
  }

  /** What the writer says of a leg now; empty if nothing. */
  String reason(Knowledge k, int i, Writer writer) {
    LegEdge.Suspected s = fresh(k, i, writer);
    return s == null ? "" : s.reason();
  }

  private LegEdge.@Nullable Suspected fresh(Knowledge k, int i, Writer writer) {
    LegEdge.Suspected s = suspicions[i];
    // It must still be the stay in the write set that the writer meant, and its present epoch.
    return s != null
            && s.epoch() == writer.epoch()
            && s.session().equals(writer.session())
            && s.generation() >= k.member(i).since()
            && k.now - suspectedAt[i] <= k.policies().failureNanos()
        ? s
        : null;
  }

  private @Nullable Proposal first(
      Knowledge k, PoolView view, IntPredicate which, IntFunction<String> why) {
    for (int i = 0; i < view.members().size(); i++) {
      if (i == k.self || !k.member(i).state().inWriteSet() || !which.test(i)) {
        continue;
      }
      return evict(view, i, why.apply(i));
    }
    return null;
  }

  static Proposal evict(PoolView view, int index, String why) {
    return new Proposal(
        view,
        d -> d.member(index, d.members().get(index).moved(LegState.STALE, 0, d.generation(), why)),
        "evict " + view.members().get(index).node() + ": " + why);
  }
}
