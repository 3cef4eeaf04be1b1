package io.onehop.node.pool;

import io.onehop.node.leg.LegStatus;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one node knows about a pool; an immutable snapshot for the operator's API.
 *
 * @param self index of this node's member
 * @param view newest chosen view known, null before the first register round after a start
 * @param own this node's leg (of a witness: its data plane)
 * @param members one entry per member, in the order of the view; this node's own one included
 * @param waiting what a needed view change or a request waits for, or null
 * @param voteProblem why this node does not vote (its vote could not be saved), or empty
 * @param counters what happened since the start
 */
public record PoolStatus(
    int self,
    @Nullable PoolView view,
    LegStatus own,
    List<MemberStatus> members,
    @Nullable String waiting,
    String voteProblem,
    Counters counters) {

  /** Copies the list. */
  public PoolStatus {
    members = List.copyOf(members);
  }

  /**
   * Of a node that the others do not let in: their view, and why.
   *
   * @param theirs their newest view
   * @param why one line
   * @param waits what this node waits for, or null
   */
  PoolStatus keptOut(PoolView theirs, String why, @Nullable String waits) {
    List<MemberStatus> seen = new ArrayList<>();
    for (int i = 0; i < theirs.members().size(); i++) {
      Member m = theirs.members().get(i);
      boolean mine = i == self;
      boolean there = mine || m.state().inWriteSet() || m.state() == LegState.NONE;
      seen.add(new MemberStatus(i, m.node(), there, -1, null, mine ? why : m.reason()));
    }
    return new PoolStatus(self, theirs, own, seen, waits, voteProblem, counters);
  }

  /**
   * One member as this node sees it.
   *
   * @param index in the view
   * @param node the node's name
   * @param reachable whether it reported within the failure time; true for this node itself
   * @param reportAgeNanos age of the last report; 0 for this node itself, -1 if there is none
   * @param report the last report, or null
   * @param reason why it is in its state, in words for the operator; may be empty
   */
  public record MemberStatus(
      int index,
      String node,
      boolean reachable,
      long reportAgeNanos,
      PoolMessage.@Nullable Report report,
      String reason) {}

  /**
   * Counts since the start.
   *
   * @param proposals view changes proposed
   * @param chosen of these, chosen
   * @param conflicts lost to a newer view
   * @param unknown without an outcome (no majority answered)
   * @param reads register reads begun
   * @param refused requests refused because a queue was full
   */
  public record Counters(
      long proposals, long chosen, long conflicts, long unknown, long reads, long refused) {}
}
