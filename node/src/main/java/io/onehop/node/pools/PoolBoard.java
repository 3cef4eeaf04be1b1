package io.onehop.node.pools;

import io.onehop.node.pool.PoolStatus;
import java.util.Collection;
import java.util.Comparator;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What the API shows: the newest snapshot of each pool, put here by the pools' actors. Any thread;
 * reading it waits for nobody.
 */
public final class PoolBoard {
  /**
   * One pool.
   *
   * @param shape what was agreed at its creation
   * @param status newest snapshot, null before the first
   */
  public record Entry(PoolShape shape, @Nullable PoolStatus status) {}

  private final ConcurrentHashMap<UUID, Entry> entries = new ConcurrentHashMap<>();

  /** A pool is here. */
  public void add(PoolShape shape) {
    entries.put(shape.pool(), new Entry(shape, null));
  }

  /** What is known of a pool without asking has changed. */
  public void reshape(PoolShape shape) {
    entries.computeIfPresent(shape.pool(), (_, e) -> new Entry(shape, e.status));
  }

  /** A newer snapshot; ignored if the pool is not here any more. */
  public void publish(UUID pool, PoolStatus status) {
    entries.computeIfPresent(pool, (_, e) -> new Entry(e.shape, status));
  }

  /** A pool is gone. */
  public void remove(UUID pool) {
    entries.remove(pool);
  }

  /** All pools, by name. */
  public Collection<Entry> all() {
    return entries.values().stream()
        .sorted(Comparator.comparing((Entry e) -> e.shape().name()))
        .toList();
  }

  /** The pool of this name, or null. */
  public @Nullable Entry named(String name) {
    return entries.values().stream()
        .filter(e -> e.shape().name().equals(name))
        .findFirst()
        .orElse(null);
  }

  /** The pool of this id, or null. */
  public @Nullable Entry get(UUID pool) {
    return entries.get(pool);
  }
}
