package io.onehop.node.pool;

import io.onehop.node.pool.PoolMessage.Report;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Stale legs become syncing again (rule 6.3), never in sync directly. */
final class Returning implements Decider {
  @Override
  public @Nullable Proposal decide(Knowledge k, List<PoolEffect> out) {
    PoolView view = k.view();
    if (view == null || !view.ready() || k.routineProposer() != k.self) {
      return null;
    }
    for (int i = 0; i < view.members().size(); i++) {
      Member m = k.member(i);
      if (m.state() == LegState.STALE && obstacle(k, view, i).isEmpty()) {
        return back(k, view, i);
      }
    }
    return null;
  }

  /** Why stale leg {@code i} cannot become syncing now, for the operator; empty if it can. */
  static String obstacle(Knowledge k, PoolView view, int i) {
    Report r = k.freshReport(i);
    if (r == null) {
      return k.absence(i);
    }
    if (r.incarnation() == 0) {
      return r.note().isEmpty() ? "its leg does not run" : r.note();
    }
    if (r.adoptedGeneration() < k.member(i).since()) {
      return "has not adopted yet the view that took it out"; // its store may be stuck
    }
    Writer w = view.writer();
    // Both ways: what it heard of the client is old for a moment after a connection broke.
    boolean heard = !k.hearsWriter() || (k.own.figures().writerHears() & 1 << i) != 0;
    if (w != null && !(heard && w.session().equals(r.session()))) {
      return "the client does not reach it";
    }
    boolean linked = false;
    for (int s = 0; s < view.members().size(); s++) {
      if (k.member(s).state() == LegState.IN_SYNC && k.lives(s)) {
        Report source = s == k.self ? null : k.freshReport(s);
        int links = s == k.self ? k.own.peerLinks() : source == null ? 0 : source.peerLinks();
        linked |= (r.peerLinks() & 1 << s) != 0 && (links & 1 << i) != 0;
      }
    }
    if (!linked) {
      return "no leg in sync reaches it";
    }
    return k.heldBack(i, r);
  }

  private static Proposal back(Knowledge k, PoolView view, int i) {
    Report r = java.util.Objects.requireNonNull(k.freshReport(i));
    boolean straight = !k.rules.neverStraightInSync() && r.missingBlocks() == 0;
    return new Proposal(
        view,
        d -> {
          Member m = d.members().get(i);
          Member back = m.moved(LegState.SYNCING, r.incarnation(), d.generation(), "heals");
          return d.member(i, straight ? back.promoted(d.generation()) : back);
        },
        k.member(i).node() + " returns");
  }
}
