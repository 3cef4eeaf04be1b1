package io.onehop.node.recovery;

import io.onehop.node.leg.LegOrder;

/** What the recovery machine wants done. */
public sealed interface RecoveryEffect {
  /** Tell this node's data plane. */
  record Order(LegOrder order) implements RecoveryEffect {}

  /** All in-sync legs are equal in this generation: the phase may become ready (rule 7.2). */
  record Reconciled(long generation) implements RecoveryEffect {}
}
