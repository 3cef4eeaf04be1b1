package io.onehop.node.pool;

import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.model.PoolView;

/** What the pool machine wants done, in this order. */
public sealed interface PoolEffect {
  /** Read the register. */
  record Read() implements PoolEffect {}

  /** Propose {@code next} on exactly {@code expectedGeneration}; {@code why} is for the log. */
  record Propose(long expectedGeneration, PoolView next, String why) implements PoolEffect {}

  /** Have the own acceptor take the first view of a new lineage, and read the register. */
  record Fork(PoolView first) implements PoolEffect {}

  /** Tell this node's data plane. */
  record Order(LegOrder order) implements PoolEffect {}

  /** Tell another member. */
  record Send(int to, PoolMessage message) implements PoolEffect {}

  /** A newer chosen view is known. */
  record Learned(PoolView view) implements PoolEffect {}

  /** Answer of a {@link PoolEvent} with a token. */
  record AnswerChange(long token, boolean done, String text) implements PoolEffect {}
}
