package io.onehop.node.pools;

import io.onehop.protocol.model.Role;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a node knows of a pool without asking anybody: what was agreed at its creation.
 *
 * @param pool its identity
 * @param name its name
 * @param sizeBytes size of the device
 * @param blockSize bytes
 * @param self index of this node's member
 * @param members in the order of the view
 * @param device the device that this node's leg lies on, or null for a file in the pool's folder
 * @param places where the legs' raw data lies; empty until the creation is committed
 */
public record PoolShape(
    UUID pool,
    String name,
    long sizeBytes,
    int blockSize,
    int self,
    List<ShapeMember> members,
    @Nullable String device,
    List<StorePlace> places) {

  /** Copies the lists. */
  public PoolShape {
    members = List.copyOf(members);
    places = List.copyOf(places);
    if (self < 0 || self >= members.size()) {
      throw new IllegalArgumentException("member " + self + " of " + members.size());
    }
  }

  /**
   * A member.
   *
   * @param id its identity
   * @param node the node's name
   * @param role what it contributes
   */
  public record ShapeMember(UUID id, String node, Role role) {}

  /** This node's member. */
  public ShapeMember own() {
    return members.get(self);
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

  /** The same with other disks and places. */
  public PoolShape with(List<ShapeMember> disks, List<StorePlace> where) {
    return new PoolShape(pool, name, sizeBytes, blockSize, self, disks, device, where);
  }

  /** The same, committed. */
  public PoolShape placed(List<StorePlace> where) {
    return new PoolShape(pool, name, sizeBytes, blockSize, self, members, device, where);
  }

  /** What {@code plan} makes of the member on {@code node}. */
  static PoolShape of(PoolPlan plan, int self) {
    return new PoolShape(
        plan.pool(),
        plan.name(),
        plan.sizeBytes(),
        io.onehop.protocol.model.PoolView.BLOCK_SIZE,
        self,
        plan.members().stream().map(m -> new ShapeMember(m.id(), m.node(), m.role())).toList(),
        plan.members().get(self).device(),
        List.of());
  }
}
