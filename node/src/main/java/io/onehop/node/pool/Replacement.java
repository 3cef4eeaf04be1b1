package io.onehop.node.pool;

import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Puts another disk in a member's place (rule 1.2): the old one leaves the voters, then the new one
 * joins them, each in a view of its own, so that every quorum of a list meets every quorum of the
 * list before it. Decided after the old disk's process has said that it is over; by a leg in sync,
 * because the old disk may have to leave the write set first (rule 1.5).
 */
final class Replacement implements Decider {
  private static final long PATIENCE_NANOS = 15_000_000_000L;
  private static final int MAX_WAITING = 4;

  private record Pending(PoolEvent.Replace ask, long at) {}

  private final List<Pending> pending = new ArrayList<>();

  /** It is wanted. Says whether there was room. */
  boolean asked(PoolEvent.Replace ask, Knowledge k, List<PoolEffect> out) {
    if (pending.size() >= MAX_WAITING) {
      out.add(new PoolEffect.AnswerChange(ask.token(), false, "too many changes wait; try again"));
      return false;
    }
    pending.add(new Pending(ask, k.now));
    return true;
  }

  /** Gives up what is too old. */
  void expire(Knowledge k, @Nullable String waiting, List<PoolEffect> out) {
    pending.removeIf(p -> {
      boolean old = k.now - p.at() >= PATIENCE_NANOS;
      if (old) {
        String why = waiting == null ? "the change was not agreed in time" : waiting;
        out.add(new PoolEffect.AnswerChange(p.ask().token(), false, why));
      }
      return old;
    });
  }

  @Override
  public @Nullable Proposal decide(Knowledge k, List<PoolEffect> out) {
    PoolView view = k.view();
    while (view != null && !pending.isEmpty()) {
      PoolEvent.Replace ask = pending.get(0).ask();
      int i = ask.index();
      if (i >= view.members().size() || view.members().get(i).id().equals(ask.id())) {
        boolean done = i < view.members().size();
        out.add(new PoolEffect.AnswerChange(ask.token(), done, done ? "" : "no such member"));
        pending.remove(0);
        continue;
      }
      return step(k, view, i, ask.id());
    }
    return null;
  }

  private static @Nullable Proposal step(Knowledge k, PoolView view, int i, UUID id) {
    Member m = view.members().get(i);
    if (m.state().inWriteSet()) {
      boolean last = (view.inSyncSet() & ~(1 << i)) == 0;
      boolean may = k.inSyncHere() && (view.writer() == null || k.hearsWriter());
      return last || !may || i == k.self
          ? null
          : Eviction.evict(view, i, "is replaced by an empty disk");
    }
    boolean vacant = m.id().equals(PoolView.vacant(i));
    if (vacant || m.state() == LegState.OUT) {
      return new Proposal(
          view,
          d -> d.member(i, fresh(d.members().get(i), id, d.generation(), "a new disk")),
          "put another disk in the place of " + m.node());
    }
    return new Proposal(
        view,
        d ->
            d.member(
                i,
                fresh(d.members().get(i), PoolView.vacant(i), d.generation(), "is being replaced")),
        "take the disk of " + m.node() + " out of the pool");
  }

  private static Member fresh(Member m, UUID id, long generation, String why) {
    LegState state = m.isLeg() ? LegState.STALE : LegState.NONE;
    return new Member(
        id, m.node(), m.role(), m.data(), state, 0, generation, 0, m.isLeg() ? why : "");
  }
}
