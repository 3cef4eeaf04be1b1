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
 * list before it. Decided by a leg in sync, because the old disk may have to leave the write set
 * first (rule 1.5). A disk is taken out only while the others that answer are a majority without
 * it, and none is put in that does not answer: nothing could be agreed any more.
 */
final class Replacement implements Decider {
  private static final long PATIENCE_NANOS = 15_000_000_000L;
  private static final int MAX_WAITING = 4;

  /** The new disk is asked this often; an answer counts ten times as long. */
  private static final long ASK_NANOS = 200_000_000L;

  private record Pending(PoolEvent.Replace ask, long at, @Nullable UUID lineage) {}

  private final List<Pending> pending = new ArrayList<>();
  private @Nullable UUID answered;
  private long answeredAt;
  private long askedAt = Long.MIN_VALUE / 2;

  /** It is wanted. Says whether there was room. */
  boolean asked(PoolEvent.Replace ask, Knowledge k, List<PoolEffect> out) {
    if (pending.size() >= MAX_WAITING) {
      out.add(new PoolEffect.AnswerChange(ask.token(), false, "too many changes wait; try again"));
      return false;
    }
    PoolView view = k.view() == null ? k.accepted : k.view();
    pending.add(new Pending(ask, k.now, view == null ? null : view.lineage()));
    return true;
  }

  /** A disk's vote: whether a member yet or not, it is there and of this lineage. */
  void heard(PoolMessage.Vote v, long now) {
    if (!pending.isEmpty() && pending.get(0).ask().id().equals(v.voter())) {
      answered = v.voter();
      answeredAt = now;
    }
  }

  private boolean answers(UUID id, long now) {
    return id.equals(answered) && now - answeredAt <= 10 * ASK_NANOS;
  }

  /** Gives up what is too old. */
  void expire(Knowledge k, @Nullable String waiting, List<PoolEffect> out) {
    pending.removeIf(p -> {
      boolean old = k.now - p.at() >= PATIENCE_NANOS;
      if (old) {
        String why =
            waiting != null
                ? waiting
                : answers(p.ask().id(), k.now)
                    ? "the change was not agreed in time"
                    : "the new disk does not answer: does its node run?";
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
      UUID lineage = pending.get(0).lineage();
      int i = ask.index();
      if (lineage != null && !lineage.equals(view.lineage())) {
        // The disk was made for that one: it would never agree to be put in here.
        String why = "a forced promotion came between (rule 8.6): ask again";
        out.add(new PoolEffect.AnswerChange(ask.token(), false, why));
        pending.remove(0);
        continue;
      }
      if (i >= view.members().size() || view.members().get(i).id().equals(ask.id())) {
        boolean done = i < view.members().size();
        out.add(new PoolEffect.AnswerChange(ask.token(), done, done ? "" : "no such member"));
        pending.remove(0);
        continue;
      }
      boolean vacate = ask.id().equals(PoolView.vacant(i));
      String lack = vacate ? missing(k, view, i) : "";
      if (!lack.isEmpty()) {
        out.add(new PoolEffect.AnswerChange(ask.token(), false, lack));
        pending.remove(0);
        continue;
      }
      if (!vacate && (!answers(ask.id(), k.now) || k.now - answeredAt > ASK_NANOS)) {
        ask(k, i, out);
      }
      return vacate || answers(ask.id(), k.now) ? step(k, view, i, ask.id()) : null;
    }
    return null;
  }

  /** Why the pool could agree on nothing without member {@code i}'s disk; empty if it could. */
  private static String missing(Knowledge k, PoolView view, int i) {
    int others = k.reaches() & view.voterMask() & ~(1 << i);
    int vacant = 0;
    for (int j = 0; j < view.members().size(); j++) {
      vacant |= view.members().get(j).id().equals(PoolView.vacant(j)) ? 1 << j : 0;
    }
    others &= ~vacant;
    return Integer.bitCount(others) >= view.majority()
        ? ""
        : "the other voters that answer are no majority without '"
            + view.members().get(i).node()
            + "' (silent: "
            + k.names(view.voterMask() & ~others & ~(1 << i))
            + ")";
  }

  private void ask(Knowledge k, int i, List<PoolEffect> out) {
    if (i != k.self && k.now - askedAt >= ASK_NANOS) {
      askedAt = k.now;
      out.add(new PoolEffect.Send(i, new PoolMessage.Query(k.pool, k.self, 0)));
    }
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
