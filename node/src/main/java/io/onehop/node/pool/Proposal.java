package io.onehop.node.pool;

import io.onehop.protocol.model.PoolView;
import java.util.function.UnaryOperator;

/**
 * A view change as decided.
 *
 * @param base the newest known chosen view, on which it was decided
 * @param change what it does
 * @param why for the log
 */
record Proposal(PoolView base, UnaryOperator<PoolView.Draft> change, String why) {
  PoolView next() {
    return base.next(change);
  }
}
