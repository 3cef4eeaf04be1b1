package io.onehop.node.leg;

import java.util.List;
import java.util.UUID;

/** What a leg's data plane tells the control plane: edges only, never one per I/O. */
public sealed interface LegEdge {
  /** The view of this generation is adopted (the barrier is passed and it is durable). */
  record Adopted(long generation) implements LegEdge {}

  /** The writer reports a member as failing. */
  record Suspected(UUID session, long epoch, int member, long generation, String reason)
      implements LegEdge {}

  /**
   * A client wants to attach; answer by token.
   *
   * @param takeover whether a holder's session is to be ended for it, even a living one's
   * @param heldEpoch epoch that this session held before and wants to go on from (rule 5.3); 0 if
   *     it was never told of one
   */
  record AttachAsked(
      long token, UUID session, String host, long pid, boolean takeover, long heldEpoch)
      implements LegEdge {}

  /** The writer wants to detach. */
  record DetachAsked(long token, UUID session, long epoch) implements LegEdge {}

  /**
   * The writer asks to have its lease renewed.
   *
   * @param voters at whom (mask)
   * @param list the voter list that it means (see {@code PoolView.votersId})
   */
  record LeaseAsked(long token, long epoch, int voters, long list) implements LegEdge {}

  /** All maps asked for in this generation have come and are in own-missing. */
  record MapsArrived(long generation) implements LegEdge {}

  /**
   * Nothing is missing and a store sync begun after the last heal has ended, in this generation.
   */
  record Healed(long generation) implements LegEdge {}

  /** See {@link LegOrder.RecordPromotion}. */
  record PromotionRecorded(long generation) implements LegEdge {}

  /** All asked-for unconfirmed sets are here. */
  record UnionGathered(long generation) implements LegEdge {}

  /** All have recorded the union, durably. */
  record UnionRecorded(long generation) implements LegEdge {}

  /** All have copied the union. */
  record UnionCopied(long generation) implements LegEdge {}

  /** The disk failed in a way that ends this incarnation. */
  record DiskFailed(String reason) implements LegEdge {}

  /** Everything admitted is done, the store synced, the clean mark set. */
  record Stopped() implements LegEdge {}

  /** Outcome of a comparison. */
  record Verified(UUID request, long comparedBytes, List<Difference> differences, String error)
      implements LegEdge {}

  /**
   * A range that differs.
   *
   * @param nodes names of the legs that do not agree on it
   */
  record Difference(long offset, long length, List<String> nodes) {}
}
