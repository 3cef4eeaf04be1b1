package io.onehop.node.pool;

import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The operator's changes of settings: answered when a chosen view has them. */
final class SettingsChange implements Decider {
  /** Most changes that wait. */
  static final int MAX_WAITING = 4;

  private static final long PATIENCE_NANOS = 10_000_000_000L;

  private record Pending(PoolEvent.ChangePolicies ask, long at) {}

  private final List<Pending> pending = new ArrayList<>();

  /** A change is wanted. Says whether there was room. */
  boolean asked(PoolEvent.ChangePolicies ask, Knowledge k, List<PoolEffect> out) {
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
      PoolEvent.ChangePolicies ask = pending.get(0).ask();
      Policies wanted;
      try {
        wanted = ask.change().apply(view.policies());
      } catch (IllegalArgumentException e) { // out of range: the operator's mistake
        out.add(new PoolEffect.AnswerChange(ask.token(), false, String.valueOf(e.getMessage())));
        pending.remove(0);
        continue;
      }
      if (!wanted.equals(view.policies())) {
        return new Proposal(view, d -> d.policies(wanted), "change settings");
      }
      out.add(new PoolEffect.AnswerChange(ask.token(), true, ""));
      pending.remove(0);
    }
    return null;
  }
}
