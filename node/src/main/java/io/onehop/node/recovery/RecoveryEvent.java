package io.onehop.node.recovery;

import io.onehop.node.leg.LegEdge;

/** What the recovery machine hears. */
public sealed interface RecoveryEvent {
  /** Time passed, or something that it reads from view and status may have changed. */
  record Tick() implements RecoveryEvent {}

  /** This node's data plane says something. */
  record Edge(LegEdge edge) implements RecoveryEvent {}
}
