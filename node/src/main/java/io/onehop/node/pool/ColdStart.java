package io.onehop.node.pool;

import io.onehop.node.pool.PoolMessage.Report;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything died: one leg that the newest chosen view names in sync leads the pool again (rules
 * 8.4, 8.5). Only the best candidate proposes itself; a stale or syncing leg never is one.
 */
final class ColdStart implements Decider {
  private static final long NOT = Long.MIN_VALUE;
  private long since = NOT;
  private String waiting = "";

  /** What a cold start waits for; empty if it does not. */
  String waiting() {
    return waiting;
  }

  /** Whether it has waited for longer than the grace time and waits on. */
  boolean stuck(Knowledge k) {
    return since != NOT
        && !waiting.isEmpty()
        && k.now - since >= k.policies().coldStartGraceNanos();
  }

  @Override
  public @Nullable Proposal decide(Knowledge k, List<PoolEffect> out) {
    waiting = "";
    PoolView view = k.view();
    if (view == null) {
      return null;
    }
    boolean candidate =
        k.member(k.self).state() == LegState.IN_SYNC && k.ownIncarnation() != 0 && k.ended(k.self);
    if (k.someoneLives() && (k.rules.livingLegFirst() || !candidate)) {
      since = NOT; // one lives: it evicts the others, which return normally
      return null;
    }
    if (since == NOT) {
      since = k.now;
    }
    int missing = 0;
    int best = candidate ? k.self : -1;
    boolean bestLost = candidate && k.ownLost();
    for (int i = 0; i < view.members().size(); i++) {
      if (i == k.self || k.member(i).state() != LegState.IN_SYNC) {
        continue;
      }
      Report r = k.freshReport(i);
      if (r == null || r.incarnation() == 0) {
        missing |= 1 << i;
      } else if (best < 0
          || (bestLost && !r.lostPower())
          || (bestLost == r.lostPower() && i < best)) {
        best = i;
        bestLost = r.lostPower();
      }
    }
    if (!k.rules.livingLegFirst()) {
      return candidate ? lead(k, view) : null;
    }
    if (best < 0) {
      waiting = "waits for leg " + k.names(view.inSyncSet()) + ", the last in sync";
      return null;
    }
    if (missing != 0) {
      boolean forAll = view.policies().coldStartWaitsForAll() || bestLost;
      if (forAll || k.now - since < view.policies().coldStartGraceNanos()) {
        waiting =
            "waits for leg "
                + k.names(missing)
                + ", also in sync at the end"
                + (bestLost ? "; " + k.names(1 << best) + " lost power" : "");
        return null;
      }
    }
    if (best != k.self) {
      waiting = "waits for " + k.names(1 << best) + " to start the pool again";
      return null;
    }
    if (k.unasked() != 0) { // rule 8.6: a newer lineage is asked for before the old one goes on
      waiting =
          "asks " + k.names(k.unasked()) + " for a newer lineage before the pool starts again";
      return null;
    }
    return lead(k, view);
  }

  private static Proposal lead(Knowledge k, PoolView view) {
    int self = k.self;
    long run = k.ownIncarnation();
    boolean lost = k.ownLost();
    boolean ends = k.rules.coldStartEndsSession();
    return new Proposal(
        view,
        d -> {
          PoolView.Draft next = d;
          for (int i = 0; i < d.members().size(); i++) {
            Member m = d.members().get(i);
            if (i == self) {
              // Promoted as well, so that inSyncSince says where its content begins to count.
              next =
                  next.member(
                      i,
                      m.moved(LegState.IN_SYNC, run, d.generation(), "").promoted(d.generation()));
            } else if (m.state().inWriteSet()) {
              next = next.member(i, m.moved(LegState.STALE, 0, d.generation(), "cold start"));
            }
          }
          return (ends ? ended(next, lost) : next).phase(new Phase.Ready());
        },
        "cold start from " + k.member(self).node());
  }

  /** Power loss bars the last session from resuming, also one that had ended before (rule 8.5). */
  private static PoolView.Draft ended(PoolView.Draft d, boolean lost) {
    PoolView.Draft e = d.sessionEnded(false, !lost);
    LastSession last = e.lastSession();
    if (!lost || last == null) {
      return e;
    }
    LastSession barred = new LastSession(last.id(), last.closed(), false);
    return new PoolView.Draft(
        e.generation(), e.members(), e.epoch(), e.writer(), barred, e.phase(), e.policies());
  }
}
