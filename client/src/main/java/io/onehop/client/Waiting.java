package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import org.jspecify.annotations.Nullable;

/** Says what a late request waits for (invariant 7). */
final class Waiting {
  private Waiting() {}

  /** In words, or null if nothing waits longer than its deadline. */
  static @Nullable String describe(VolumeEngine e, long now) {
    String session = e.session.waiting();
    PoolView v = e.views.view;
    if (session != null || v == null || !e.session.attached()) {
      return session;
    }
    if (e.lease.overdue()) {
      return "reads wait for a lease from a majority of the voters; missing: "
          + e.views.nodes(e.lease.missing());
    }
    Op op = e.requests.oldest();
    if (op == null || now - op.submitted <= e.views.policies.deadlineNanos()) {
      return null;
    }
    int lacking =
        switch (op.kind) {
          case Op.FLUSH -> e.flushes.lacking();
          case Op.READ -> e.views.inSync & ~e.links.usable;
          default -> e.writes.lacking();
        };
    int only = e.views.inSync;
    if (op.kind != Op.READ && (only & only - 1) == 0 && (lacking & only & ~e.links.usable) != 0) {
      String reason = e.suspects.reason(Integer.numberOfTrailingZeros(only));
      return "writes wait for "
          + e.views.nodes(only)
          + ", the only leg in sync"
          + (reason.isEmpty() ? "" : " (" + reason + ")");
    }
    StringBuilder text = new StringBuilder("a request waits");
    if (op.blockers > 0 && op.inLocks) {
      text.append(" for an earlier one that overlaps it");
    }
    for (int m = lacking; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      text.append(m == lacking ? " for " : ", ").append(e.views.node(i));
      String reason = e.suspects.reason(i);
      if (!reason.isEmpty()) {
        text.append(" (").append(reason).append(')');
      }
    }
    if (lacking == 0 && !e.views.allAdopted) {
      text.append(" until every leg has adopted the view");
    }
    return text.toString();
  }
}
