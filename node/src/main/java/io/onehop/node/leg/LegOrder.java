package io.onehop.node.leg;

import io.onehop.protocol.model.PoolView;
import java.util.UUID;

/** What the control plane tells a leg's (or witness's) data plane. Values; delivered in order. */
public sealed interface LegOrder {
  /** A chosen view: adopt it if it is newer (rules 2.x). Witnesses get it too, to hand it out. */
  record Adopt(PoolView view) implements LegOrder {}

  /** Ask the in-sync members in {@code sources} (mask) for their maps of this leg (rule 6.4). */
  record RequestMaps(long generation, int sources) implements LegOrder {}

  /**
   * Fetch what is missing, sync the store, say {@link LegEdge.Healed}. Goes on until told
   * otherwise.
   */
  record Heal(long generation) implements LegOrder {}

  /** Make {@code lastInSync = generation} durable before this leg's promotion to it is proposed. */
  record RecordPromotion(long generation) implements LegOrder {}

  /**
   * Authority: gather the unconfirmed sets of {@code members} (mask, without itself) (rule 7.2).
   */
  record GatherUnion(long generation, int members) implements LegOrder {}

  /** Authority: have every one of {@code members} and itself record the union. */
  record RecordUnion(long generation, int members) implements LegOrder {}

  /** Authority: have {@code members} copy the union from itself. */
  record CopyUnion(long generation, int members) implements LegOrder {}

  /** Answer of {@link LegEdge.AttachAsked}; the view went out before by Adopt. */
  record AnswerAttach(long token, int status, String text) implements LegOrder {}

  /** Answer of {@link LegEdge.DetachAsked}. */
  record AnswerDetach(long token, int status, String text) implements LegOrder {}

  /** Answer of {@link LegEdge.LeaseAsked}. */
  record AnswerLease(long token, int granted) implements LegOrder {}

  /**
   * Compare legs with this one, read-only; {@link LegEdge.Verified}.
   *
   * @param against the one member to compare with, whatever its state and lineage, at what it holds
   *     as it is; -1: all other in-sync legs, at confirmed positions (rule 5.6)
   */
  record Verify(UUID request, int against) implements LegOrder {
    /** All other in-sync legs. */
    public Verify(UUID request) {
      this(request, -1);
    }
  }

  /**
   * Another lineage goes on: no client is served until a view is adopted that it did not leave
   * behind (rule 8.6).
   *
   * @param by a chosen view of it
   * @param why one line, for the clients' people
   */
  record KeepOut(PoolView by, String why) implements LegOrder {}

  /** Stop in order: finish what is admitted, sync, clean mark; {@link LegEdge.Stopped}. */
  record Stop() implements LegOrder {}
}
