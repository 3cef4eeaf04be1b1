package io.onehop.node.pool;

import io.onehop.protocol.model.PoolView;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the members of a pool say to each other's control planes, by configured address (rule 1.8).
 * Every message names its pool and its sender's index in the member list.
 */
public sealed interface PoolMessage {
  /** The pool it is about. */
  UUID pool();

  /** Member index of the sender. */
  int from();

  /** What have you accepted? Answered by {@link Vote}; writes nothing. */
  record Query(UUID pool, int from, long request) implements PoolMessage {}

  /** Phase 1 of a round; answered by {@link Vote}. */
  record Prepare(UUID pool, int from, long request, long ballot) implements PoolMessage {}

  /** Phase 2 of a round; answered by {@link Vote}. */
  record Accept(UUID pool, int from, long request, long ballot, PoolView view)
      implements PoolMessage {}

  /**
   * A voter's answer.
   *
   * @param request echoed
   * @param granted false if a higher ballot was promised (always true for Query)
   * @param promised the voter's promised ballot
   * @param acceptedBallot ballot of {@code accepted}, 0 if none
   * @param accepted what it has accepted: no view, only a vote (rule 1.1)
   */
  record Vote(
      UUID pool,
      int from,
      long request,
      boolean granted,
      long promised,
      long acceptedBallot,
      @Nullable PoolView accepted)
      implements PoolMessage {}

  /** This view was chosen. */
  record Chosen(UUID pool, int from, PoolView view) implements PoolMessage {}

  /**
   * What a member tells of itself, every heartbeat and on change.
   *
   * @param incarnation of its leg's run; 0 for a witness
   * @param adoptedGeneration its leg's
   * @param peerLinks its live data connections to peers (mask)
   * @param session writer session heard within the failure time, or null
   * @param lostPower see the superblock
   * @param clean stopped in order before this run
   * @param missingBlocks its leg's
   * @param resyncBytesPerSecond its leg's
   * @param lastMissedBlocks its leg's last stint
   * @param lastCopiedBlocks its leg's last stint
   * @param lastResyncNanos its leg's last stint, -1 if none
   * @param absentMisses see its leg's status
   * @param healedElsewhere see its leg's status
   * @param note why it is as it is, for status; may be empty
   */
  record Report(
      UUID pool,
      int from,
      long incarnation,
      long adoptedGeneration,
      int peerLinks,
      @Nullable UUID session,
      boolean lostPower,
      boolean clean,
      long missingBlocks,
      long resyncBytesPerSecond,
      long lastMissedBlocks,
      long lastCopiedBlocks,
      long lastResyncNanos,
      long absentMisses,
      long healedElsewhere,
      String note)
      implements PoolMessage {}

  /** When did you last hear a frame of this session? (rule 5.2) */
  record HeardQuery(UUID pool, int from, long request, UUID session, long epoch)
      implements PoolMessage {}

  /** Nanoseconds since the last frame; Long.MAX_VALUE if never. */
  record Heard(UUID pool, int from, long request, long silentNanos) implements PoolMessage {}

  /** Would you renew a lease under this epoch? (relay, rule 5.4) */
  record LeaseQuery(UUID pool, int from, long request, long epoch) implements PoolMessage {}

  /** The answer. */
  record LeaseAnswer(UUID pool, int from, long request, boolean granted) implements PoolMessage {}
}
