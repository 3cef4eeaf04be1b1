package io.onehop.node.pool;

import io.onehop.protocol.model.PoolView;
import java.util.List;
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
   * @param voter the disk that votes: a vote counts only where the list of voters names it
   * @param request echoed
   * @param granted false if a higher ballot was promised (always true for Query)
   * @param promised the voter's promised ballot
   * @param acceptedBallot ballot of {@code accepted}, 0 if none
   * @param accepted what it has accepted: no view, only a vote (rule 1.1)
   */
  record Vote(
      UUID pool,
      int from,
      UUID voter,
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
   * @param process random id of the sender's run
   * @param number counts the reports of that run from 1: one that comes late says nothing any more
   * @param incarnation of its leg's run; 0 for a witness
   * @param adoptedGeneration its leg's
   * @param peerLinks its live data connections to peers (mask)
   * @param reaches members, itself among them, whose reports it gets (mask)
   * @param holdsBack members that by its memory were evicted too often to return yet (mask)
   * @param session writer session heard within the failure time, or null
   * @param steadyNanos for how long the writer's frames have come to it without a gap
   * @param lostPower see the superblock
   * @param clean stopped in order before this run
   * @param missingBlocks its leg's
   * @param resyncBytesPerSecond its leg's
   * @param lastMissedBlocks its leg's last stint
   * @param lastCopiedBlocks its leg's last stint
   * @param lastResyncNanos its leg's last stint, -1 if none
   * @param absentMisses blocks that each member misses by its leg's map, by member index
   * @param healedElsewhere see its leg's status
   * @param note why it is as it is, for status; may be empty
   */
  record Report(
      UUID pool,
      int from,
      long process,
      long number,
      long incarnation,
      long adoptedGeneration,
      int peerLinks,
      int reaches,
      int holdsBack,
      @Nullable UUID session,
      long steadyNanos,
      boolean lostPower,
      boolean clean,
      long missingBlocks,
      long resyncBytesPerSecond,
      long lastMissedBlocks,
      long lastCopiedBlocks,
      long lastResyncNanos,
      List<Long> absentMisses,
      long healedElsewhere,
      String note)
      implements PoolMessage {
    /** Copies the list. */
    public Report {
      absentMisses = List.copyOf(absentMisses);
    }
  }

  /** When did you last hear a frame of this session? (rule 5.2) */
  record HeardQuery(UUID pool, int from, long request, UUID session, long epoch)
      implements PoolMessage {}

  /** Nanoseconds since the last frame; Long.MAX_VALUE if never. */
  record Heard(UUID pool, int from, long request, long silentNanos) implements PoolMessage {}

  /**
   * The envelope of every other message: binds it to its sender's disk, lineage and run (rules 1.2,
   * 8.6).
   *
   * @param sender the disk
   * @param lineage of the view that it accepted last
   * @param run random id of the sender's run
   * @param voted grows with every vote that the sender's disk made durable: twice the highest
   *     ballot that it promised, and one more if it accepted something under it; {@link
   *     Bond#FORGOT} of a disk that knows it was rolled back
   * @param body what is said
   */
  record Bound(
      UUID pool, int from, UUID sender, UUID lineage, long run, long voted, PoolMessage body)
      implements PoolMessage {}

  /**
   * You are not let in.
   *
   * @param disk whom it is about; another disk may be in its place by now
   * @param forgot whether it is because that disk has forgotten what it voted
   * @param view the newest that the sender knows
   * @param text why, one line
   */
  record Notice(UUID pool, int from, UUID disk, boolean forgot, PoolView view, String text)
      implements PoolMessage {}

  /** What is said, without the envelope if it is in one. */
  static PoolMessage body(PoolMessage m) {
    return m instanceof Bound b ? b.body() : m;
  }

  /** Would you renew a lease under this epoch, for this voter list? (relay, rule 5.4) */
  record LeaseQuery(UUID pool, int from, long request, long epoch, long voters)
      implements PoolMessage {}

  /** The answer. */
  record LeaseAnswer(UUID pool, int from, long request, boolean granted) implements PoolMessage {}
}
