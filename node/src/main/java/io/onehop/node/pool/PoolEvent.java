package io.onehop.node.pool;

import io.onehop.node.leg.LegEdge;
import io.onehop.protocol.model.Policies;
import java.util.UUID;
import java.util.function.UnaryOperator;

/** What the pool machine hears. */
public sealed interface PoolEvent {
  /** Time passed (every 100 ms). */
  record Tick() implements PoolEvent {}

  /** This node's data plane says something. */
  record Edge(LegEdge edge) implements PoolEvent {}

  /** Another member says something. */
  record Message(PoolMessage message) implements PoolEvent {}

  /** The register's request ended. */
  record Registered(RegisterEffect.Outcome outcome) implements PoolEvent {}

  /** This leg, the authority, has made all in-sync legs equal in this generation (rule 7.2). */
  record Reconciled(long generation) implements PoolEvent {}

  /** The operator wants other settings; answered by token. */
  record ChangePolicies(long token, UnaryOperator<Policies> change) implements PoolEvent {}

  /**
   * The operator wants the own leg to begin a new lineage (rule 8.6); answered by token.
   *
   * @param acceptDataLoss false: only says what would be lost
   */
  record Force(long token, boolean acceptDataLoss) implements PoolEvent {}

  /**
   * Another disk is to take the place of member {@code index} (rule 1.2); answered by token.
   *
   * @param id of the new disk, which runs already, or {@link
   *     io.onehop.protocol.model.PoolView#vacant}: the old one is only to leave
   */
  record Replace(long token, int index, UUID id) implements PoolEvent {}

  /** From now on nothing is proposed. */
  record Stop() implements PoolEvent {}
}
