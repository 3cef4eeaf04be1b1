package io.onehop.protocol.model;

import java.util.UUID;

/**
 * A storage node's part in a pool, as the view names it (rule 1.6).
 *
 * @param id identity of the member's disk (leg or witness UUID); a replaced disk has another
 * @param node the node's name, unique in the pool
 * @param role what it contributes
 * @param data the node's data-plane address, for clients and peers
 * @param state what the view says of its content; {@link LegState#NONE} for a witness
 * @param incarnation the run of the leg that the view names; 0 where none is named
 * @param since generation in which it last entered or left the write set; syncing to in-sync does
 *     not change it
 * @param inSyncSince generation of its last promotion (creation, cold start and forced promotion
 *     count); 0 if it never was in sync. A disk whose own record is older was rolled back (rule
 *     6.1)
 * @param reason why it is in this state, in words for the operator; may be empty
 */
public record Member(
    UUID id,
    String node,
    Role role,
    Endpoint data,
    LegState state,
    long incarnation,
    long since,
    long inSyncSince,
    String reason) {

  /** Whether it holds data. */
  public boolean isLeg() {
    return role == Role.DATA;
  }

  /** The same member in another state, entering or leaving the write set in {@code generation}. */
  public Member moved(LegState to, long newIncarnation, long generation, String why) {
    return new Member(id, node, role, data, to, newIncarnation, generation, inSyncSince, why);
  }

  /** The same member promoted from syncing to in-sync in {@code generation} (since stays). */
  public Member promoted(long generation) {
    return new Member(id, node, role, data, LegState.IN_SYNC, incarnation, since, generation, "");
  }
}
