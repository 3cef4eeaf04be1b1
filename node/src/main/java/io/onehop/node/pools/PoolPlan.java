package io.onehop.node.pools;

import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A pool that is to be created, complete: everything in its first view is decided by the
 * coordinator, so that every voter makes the very same value durable (rule 1.9).
 *
 * @param pool its identity
 * @param name its name
 * @param sizeBytes size of the device
 * @param lineage of its history
 * @param members in the order of the view
 * @param errorOnNoQuorum see {@link Policies}
 * @param force a device that bears something may be overwritten
 */
public record PoolPlan(
    UUID pool,
    String name,
    long sizeBytes,
    UUID lineage,
    List<PlanMember> members,
    boolean errorOnNoQuorum,
    boolean force) {

  /** Copies the list. */
  public PoolPlan {
    members = List.copyOf(members);
  }

  /**
   * One member.
   *
   * @param id its identity
   * @param node the node's name
   * @param role what it contributes
   * @param host of its data address
   * @param port of its data address
   * @param device block device or file to use instead of one in the node's folder, or null
   * @param incarnation of the first run of its leg; 0 for a witness
   */
  public record PlanMember(
      UUID id,
      String node,
      Role role,
      String host,
      int port,
      @Nullable String device,
      long incarnation) {}

  /** The view of generation 1: all legs in sync, which holds because all read zeroes. */
  public PoolView firstView() {
    Policies d = Policies.DEFAULT;
    return new PoolView(
        pool,
        name,
        sizeBytes,
        PoolView.BLOCK_SIZE,
        lineage,
        1,
        members.stream().map(PoolPlan::first).toList(),
        0,
        null,
        null,
        new Phase.Ready(),
        new Policies(
            errorOnNoQuorum,
            d.coldStartWaitsForAll(),
            d.coldStartGraceNanos(),
            d.resyncMinRate(),
            d.resyncMaxRate(),
            d.heartbeatNanos(),
            d.failureNanos(),
            d.deadlineNanos(),
            d.deadNanos(),
            d.leaseNanos(),
            d.window()));
  }

  private static Member first(PlanMember m) {
    boolean leg = m.role() == Role.DATA;
    return new Member(
        m.id(),
        m.node(),
        m.role(),
        new Endpoint(m.host(), m.port()),
        leg ? LegState.IN_SYNC : LegState.NONE,
        m.incarnation(),
        1,
        leg ? 1 : 0,
        "");
  }

  /** Index of the member on this node, or -1. */
  public int indexOf(String node) {
    for (int i = 0; i < members.size(); i++) {
      if (members.get(i).node().equals(node)) {
        return i;
      }
    }
    return -1;
  }
}
