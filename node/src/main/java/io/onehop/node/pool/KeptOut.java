package io.onehop.node.pool;

import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import org.jspecify.annotations.Nullable;

/**
 * What a member knows of a lineage that left its own behind (rule 8.6). Once it has heard of a
 * chosen view of one it takes no part in its own any more: not even with a majority of it. Only the
 * other lineage's word, or an operator's, lets it act again. Not thread-safe.
 */
final class KeptOut {
  private @Nullable PoolView by;

  /** As it was noted on this disk, or null. */
  void noted(@Nullable PoolView view) {
    by = view;
  }

  /** The chosen view that leaves behind the lineage of {@code accepted}; null if none is known. */
  @Nullable PoolView by(@Nullable PoolView accepted) {
    PoolView v = by;
    return v != null && accepted != null && v.leavesBehind(accepted.lineage()) ? v : null;
  }

  /**
   * A view was chosen in another lineage, which leaves that of {@code accepted} behind.
   *
   * @return whether that is to be noted on the disk
   */
  boolean heard(PoolView view, PoolView accepted) {
    PoolView known = by(accepted);
    if (known == null || view.leavesBehind(known.lineage())) {
      by = view;
      return true;
    }
    if (view.lineage().equals(known.lineage()) && view.generation() > known.generation()) {
      by = view; // for the operator's eyes
    }
    return false;
  }

  /** Whether {@code first} takes a member along that is kept out by {@code known}. */
  static boolean takesAlong(PoolView first, @Nullable PoolView known) {
    return known == null
        || first.lineage().equals(known.lineage())
        || first.leavesBehind(known.lineage());
  }

  /**
   * Whether a member that is kept out listens to {@code m} from its own lineage: only to what
   * another forced promotion needs, whose questions have negative numbers.
   */
  static boolean listensTo(PoolMessage m) {
    return switch (m) {
      case PoolMessage.Query q -> q.request() < 0;
      case PoolMessage.Vote v -> v.request() < 0;
      case PoolMessage.Report _ -> true;
      case PoolMessage.Prepare _,
          PoolMessage.Accept _,
          PoolMessage.Chosen _,
          PoolMessage.HeardQuery _,
          PoolMessage.Heard _,
          PoolMessage.Bound _,
          PoolMessage.Notice _,
          PoolMessage.LeaseQuery _,
          PoolMessage.LeaseAnswer _ ->
          false;
    };
  }

  /** For the operator of member {@code self}: who goes on, and the way back. */
  static String text(PoolView view, int self) {
    Member me = view.members().get(self);
    StringBuilder on = new StringBuilder();
    for (Member m : view.members()) {
      if (m.state() == LegState.IN_SYNC) {
        on.append(on.isEmpty() ? "" : ", ").append(m.node());
      }
    }
    boolean out = me.state() == LegState.OUT;
    boolean witness = me.role() == Role.WITNESS;
    return "kept out, "
        + (me.reason().isEmpty() || !out ? "another lineage" : me.reason())
        + ": lineage "
        + view.lineage()
        + " goes on at "
        + on
        + (witness ? "" : "; compare: `onehop verify " + view.name() + " --against " + me.node())
        + (witness ? "" : "`")
        + "; come back, without what it alone holds: `onehop pool rejoin "
        + view.name()
        + (witness ? " --witness " : " --leg ")
        + me.node()
        + " --i-accept-data-loss`";
  }
}
