package io.onehop.node.pool;

import io.onehop.node.pool.PoolMessage.Vote;
import io.onehop.protocol.model.PoolView;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The votes of one round. A vote counts in a list of voters only if that list names its disk (rule
 * 1.2).
 */
final class Ballots {
  private final @Nullable Vote[] votes = new @Nullable Vote[PoolView.MAX_MEMBERS];
  private final boolean byDisk;
  private List<UUID> voters = List.of();
  private long generation;

  /**
   * @param byDisk false: a vote counts for whoever has its index (simulator)
   */
  Ballots(boolean byDisk) {
    this.byDisk = byDisk;
  }

  /** Who is asked, by member index. */
  List<UUID> voters() {
    return voters;
  }

  /** Whether this disk is asked in this place. */
  boolean names(int place, UUID disk) {
    return place < voters.size() && voters.get(place).equals(disk);
  }

  /** From now on those of {@code v} are asked, if it is newer than what their list is from. */
  void follow(PoolView v) {
    if (v.generation() > generation) {
      restart(v);
    }
  }

  /** From now on those of {@code v} are asked. */
  void restart(PoolView v) {
    voters = v.voterIds();
    generation = v.generation();
  }

  void clear() {
    Arrays.fill(votes, null);
  }

  /** The vote of this member does not count after all. */
  void drop(int member) {
    votes[member] = null;
  }

  void put(Vote v) {
    votes[v.from()] = v;
  }

  /** Whether {@code v} comes from a voter of this list. */
  boolean counts(Vote v, List<UUID> list) {
    return v.from() >= 0
        && v.from() < list.size()
        && (byDisk
            ? list.get(v.from()).equals(v.voter())
            : !list.get(v.from()).equals(PoolView.NOBODY));
  }

  /** Members that have answered (mask). */
  int answered() {
    int mask = 0;
    for (int i = 0; i < votes.length; i++) {
      mask |= votes[i] != null ? 1 << i : 0;
    }
    return mask;
  }

  /** Whether a majority of this list has answered. */
  boolean majority(List<UUID> list) {
    int count = 0;
    for (Vote v : votes) {
      count += v != null && counts(v, list) ? 1 : 0;
    }
    return count >= majorityOf(list);
  }

  /** The accepted value of the highest ballot; null if nobody accepted any. */
  @Nullable PoolView highest() {
    Vote highest = null;
    for (Vote v : votes) {
      if (v != null
          && v.accepted() != null
          && (highest == null || v.acceptedBallot() > highest.acceptedBallot())) {
        highest = v;
      }
    }
    return highest == null ? null : highest.accepted();
  }

  /**
   * The value that the votes prove chosen, or null: accepted under one ballot by a majority of its
   * own voters. That suffices because quorums of neighbouring lists overlap (rule 1.2).
   */
  @Nullable PoolView proven() {
    for (Vote v : votes) {
      if (v == null || v.accepted() == null || v.acceptedBallot() == 0) {
        continue;
      }
      List<UUID> list = v.accepted().voterIds();
      int same = 0;
      for (Vote o : votes) {
        same += o != null && o.acceptedBallot() == v.acceptedBallot() && counts(o, list) ? 1 : 0;
      }
      if (same >= majorityOf(list)) {
        return v.accepted();
      }
    }
    return null;
  }

  /** Everybody in this list who has a vote (mask). */
  static int everyone(List<UUID> list) {
    int mask = 0;
    for (int i = 0; i < list.size(); i++) {
      mask |= list.get(i).equals(PoolView.NOBODY) ? 0 : 1 << i;
    }
    return mask;
  }

  private static int majorityOf(List<UUID> list) {
    return Integer.bitCount(everyone(list)) / 2 + 1;
  }
}
