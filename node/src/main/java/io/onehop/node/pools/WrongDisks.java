package io.onehop.node.pools;

import io.onehop.node.store.WrongDiskException;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** In words for the operator, what is wrong with a disk in a member's place and what to do. */
public final class WrongDisks {
  private WrongDisks() {}

  /**
   * One line that names the rule.
   *
   * @param shape of the pool whose member's disk should be there
   * @param names name of another pool of this node, or null
   */
  public static String text(
      WrongDiskException e, PoolShape shape, Function<UUID, @Nullable String> names) {
    String node = shape.own().node();
    return "wrong disk: "
        + whose(e, shape, names)
        + " (rule 1.2): put "
        + node
        + "'s own disk back, or `onehop pool replace "
        + shape.name()
        + " --leg "
        + node
        + "`";
  }

  private static String whose(
      WrongDiskException e, PoolShape shape, Function<UUID, @Nullable String> names) {
    UUID pool = e.pool();
    UUID member = e.member();
    if (pool == null || member == null) {
      return e.what();
    }
    if (!pool.equals(shape.pool())) {
      String name = names.apply(pool);
      return "store belongs to pool " + (name == null ? pool : "'" + name + "'");
    }
    for (PoolShape.ShapeMember m : shape.members()) {
      if (m.id().equals(member)) {
        return "store belongs to " + m.node();
      }
    }
    return "store of a disk that is no member any more";
  }
}
