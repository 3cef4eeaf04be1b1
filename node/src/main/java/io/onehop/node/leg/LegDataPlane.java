package io.onehop.node.leg;

/**
 * The control plane's port to one pool's data plane on this node. In production the crossing
 * ({@code node.plane}) stands behind it and hops threads; in the simulator the engine itself does.
 */
public interface LegDataPlane {
  /**
   * In the simulator only, in place of a voter list: leases are granted whatever list they name.
   */
  long ANY_VOTERS = 0;

  /** Hands over an order; never blocks. */
  void order(LegOrder order);

  /** The newest snapshot. */
  LegStatus status();

  /**
   * What leases are granted by (rule 5.4): epoch and voter list ({@code PoolView.votersId}) of the
   * view that this node's acceptor has accepted last. Set before the acceptor's answer leaves;
   * readable by the data thread at once.
   */
  void accepted(long epoch, long voters);
}
