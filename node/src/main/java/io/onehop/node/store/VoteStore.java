package io.onehop.node.store;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The durable part of a register's acceptor: one small record, replaced atomically. */
public interface VoteStore {
  /**
   * What an acceptor must not forget.
   *
   * @param promised highest ballot promised
   * @param acceptedBallot ballot of {@code accepted}; 0 if none
   * @param accepted the encoded view last accepted, or null
   * @param keptOut the encoded view that left the accepted one's lineage behind (rule 8.6), or null
   */
  @SuppressWarnings("ArrayRecordComponent") // compared nowhere
  record Vote(
      long promised, long acceptedBallot, byte @Nullable [] accepted, byte @Nullable [] keptOut) {
    /** Of a lineage that was not left behind, as far as this disk knows. */
    public Vote(long promised, long acceptedBallot, byte @Nullable [] accepted) {
      this(promised, acceptedBallot, accepted, null);
    }
  }

  /** What was saved last, or null if the disk is empty (it must then not vote, rule 1.2). */
  @Nullable Vote load() throws IOException;

  /** Durable (also against power loss) before the return. */
  void save(Vote vote) throws IOException;
}
