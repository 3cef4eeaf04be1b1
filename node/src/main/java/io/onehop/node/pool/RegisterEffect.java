package io.onehop.node.pool;

import io.onehop.protocol.model.PoolView;
import org.jspecify.annotations.Nullable;

/**
 * What the register wants done, in this order. If a {@link SaveVote} fails, whatever follows it
 * must not be done: an answer before its vote is durable breaks rule 1.2.
 */
public sealed interface RegisterEffect {
  /** Make the acceptor's vote durable. */
  record SaveVote(long promised, long acceptedBallot, @Nullable PoolView accepted)
      implements RegisterEffect {}

  /** Send to another member. */
  record Send(int to, PoolMessage message) implements RegisterEffect {}

  /** The request under way has ended. */
  record Done(Outcome outcome) implements RegisterEffect {}

  /** How a request ended. */
  sealed interface Outcome {
    /** The proposed view was chosen. */
    record Chosen(PoolView view) implements Outcome {}

    /** A read: this is the chosen view. */
    record Current(PoolView view) implements Outcome {}

    /** Another view was chosen; nothing was proposed on top of it (rule 1.3). */
    record Conflict(PoolView view) implements Outcome {}

    /**
     * Nobody knows: the proposal may or may not have been, or yet be, chosen. Read again (rule
     * 1.1).
     *
     * @param silent mask of the voters that did not answer the last round
     */
    record Unknown(int silent) implements Outcome {}
  }
}
