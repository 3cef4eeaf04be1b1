package io.onehop.node.leg;

/**
 * The control plane's port to one pool's data plane on this node. In production the crossing
 * ({@code node.plane}) stands behind it and hops threads; in the simulator the engine itself does.
 */
public interface LegDataPlane {
  /** Hands over an order; never blocks. */
  void order(LegOrder order);

  /** The newest snapshot. */
  LegStatus status();

  /**
   * What leases are granted by (rule 5.4): epoch of the view that this node's acceptor has accepted
   * last. Set before the acceptor's answer leaves; readable by the data thread at once.
   */
  void acceptedEpoch(long epoch);
}
