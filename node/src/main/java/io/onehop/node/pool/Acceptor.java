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
  private final UUID id;
  private final boolean blank;
  private long promised;
  private long acceptedBallot;
  private @Nullable PoolView accepted;

  /**
   * @param id of this disk
   * @param accepted what the disk holds; null means an empty disk, which never votes
   */
  Acceptor(
      UUID pool,
      int self,
      UUID id,
      long promised,
      long acceptedBallot,
      @Nullable PoolView accepted) {
    this.pool = pool;
    this.self = self;
    this.id = id;
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

  /** Ballot of {@link #accepted}; 0 for a new disk, which was only told who votes. */
  long acceptedBallot() {
    return acceptedBallot;
  }

  @Nullable PoolView accepted() {
    return accepted;
  }

  /** The ballot of another member's round; 0 if the message is none of a round. */
  static long ballot(PoolMessage m) {
    return m instanceof PoolMessage.Prepare p
        ? p.ballot()
        : m instanceof PoolMessage.Accept a ? a.ballot() : 0;
  }

  /** The answer to another member's question; null if it is none, or may not be answered. */
  @Nullable Vote answer(PoolMessage m, List<RegisterEffect> out) {
    if (m instanceof PoolMessage.Query q) {
      return query(q.request());
    }
    if (m instanceof PoolMessage.Prepare p) {
      return prepare(p.request(), p.ballot(), out);
    }
    return m instanceof PoolMessage.Accept a
        ? accept(a.request(), a.ballot(), a.view(), out)
        : null;
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

  /**
   * Accepts unless it promised more; the save goes before the answer. What was promised in another
   * lineage binds nobody in this one (rule 8.6): whoever calls this has checked the lineage.
   */
  @Nullable Vote accept(long request, long ballot, PoolView view, List<RegisterEffect> out) {
    if (blank || !view.members().get(self).id().equals(id)) {
      return null; // a list without this disk is none of its business (rule 1.2)
    }
    boolean forked = !view.lineage().equals(java.util.Objects.requireNonNull(accepted).lineage());
    if (!forked && ballot < promised) {
      return vote(request, false);
    }
    if (forked || ballot != acceptedBallot) { // a repeated request is only answered again
      promised = ballot;
      acceptedBallot = ballot;
      accepted = view;
      out.add(new SaveVote(promised, acceptedBallot, accepted));
    }
    return vote(request, true);
  }

  /** A quarter of the failure time: long against a round trip, short against what waits for it. */
  long roundNanos() {
    return accepted == null ? 500_000_000L : accepted.policies().failureNanos() / 4;
  }

  /** The newest vote, once more. */
  List<RegisterEffect> saveAgain() {
    return List.of(new SaveVote(promised, acceptedBallot, accepted));
  }

  private Vote vote(long request, boolean granted) {
    return new Vote(pool, self, id, request, granted, promised, acceptedBallot, accepted);
  }
}
