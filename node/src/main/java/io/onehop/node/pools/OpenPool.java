package io.onehop.node.pools;

import io.onehop.node.leg.LegActor;
import io.onehop.node.store.VoteStore;

/**
 * A pool of this node whose stores are open and whose data plane runs; its actor is still to come.
 *
 * @param shape what it is
 * @param votes of this node's member
 * @param plane of this node's member
 */
public record OpenPool(PoolShape shape, VoteStore votes, LegActor.Plane plane) {

  /** Opens a committed pool's stores and starts its data plane; blocking. */
  public interface Opener {
    /**
     * Opens it.
     *
     * @param incarnation of the leg's run; 0 draws one
     * @throws java.io.IOException one line: what is wrong with which store, what to do
     */
    OpenPool open(PoolShape shape, long incarnation) throws java.io.IOException;
  }
}
