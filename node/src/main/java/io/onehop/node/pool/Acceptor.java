package io.onehop.node.pool;

import io.onehop.node.pool.PoolMessage.Vote;
import io.onehop.node.pool.RegisterEffect.SaveVote;
import io.onehop.protocol.model.PoolView;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The voting half of the register: one durable promise and one durable accepted value (rule 1.2).
 */
final class Acceptor {
  private final UUID pool;
  private final int self;
  private final boolean blank;
  private long promised;
  private long acceptedBallot;
  private @Nullable PoolView accepted;

  /**
   * @param accepted what the disk holds; null means an empty disk, which never votes
   */
  Acceptor(UUID pool, int self, long promised, long acceptedBallot, @Nullable PoolView accepted) {
    this.pool = pool;
    this.self = self;
    this.promised = promised;
    this.acceptedBallot = acceptedBallot;
    this.accepted = accepted;
    this.blank = accepted == null;
  }

  boolean blank() {
    return blank;
  }

  long promised() {
    return promised;
  }

  @Nullable PoolView accepted() {
    return accepted;
  }

  /** What it has accepted; writes nothing. Null if it may not vote. */
  @Nullable Vote query(long request) {
    return blank ? null : vote(request, true);
  }

  /** Promises if the ballot is new; the save goes before the answer. */
  @Nullable Vote prepare(long request, long ballot, List<RegisterEffect> out) {
    if (blank) {
      return null;
    }
    if (ballot < promised) {
      return vote(request, false);
    }
    if (ballot > promised) {
      promised = ballot;
      out.add(new SaveVote(promised, acceptedBallot, accepted));
    }
    return vote(request, true);
  }

  /** Accepts unless it promised more; the save goes before the answer. */
  @Nullable Vote accept(long request, long ballot, PoolView view, List<RegisterEffect> out) {
    if (blank) {
      return null;
    }
    if (ballot < promised) {
      return vote(request, false);
    }
    if (ballot != acceptedBallot) { // a repeated request is only answered again
      promised = ballot;
      acceptedBallot = ballot;
      accepted = view;
      out.add(new SaveVote(promised, acceptedBallot, accepted));
    }
    return vote(request, true);
  }

  private Vote vote(long request, boolean granted) {
    return new Vote(pool, self, request, granted, promised, acceptedBallot, accepted);
  }
}
