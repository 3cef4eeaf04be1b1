package io.onehop.node.pools;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import io.onehop.node.store.StoreException;
import io.onehop.protocol.model.PoolView;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A node's data folder: {@code pools/UUID} is a pool, {@code preparing/UUID} one that may come to
 * be, {@code dropped/UUID} one that is being removed. Going from one to the other is a rename, so
 * that a crash leaves it here or there. Blocking; one caller at a time per pool.
 */
public final class PoolFolders {
  private static final int PROBE_BYTES = 4 << 20;

  private final Path pools;
  private final Path preparing;
  private final Path dropped;
  private final PoolStores stores;

  /**
   * Makes the folder if it is not there and removes what a crash left behind in {@code dropped}.
   *
   * @throws IOException if the folder cannot be used
   */
  public PoolFolders(Path data, PoolStores stores) throws IOException {
    this.stores = stores;
    this.pools = Files.createDirectories(data.resolve("pools"));
    this.preparing = Files.createDirectories(data.resolve("preparing"));
    this.dropped = Files.createDirectories(data.resolve("dropped"));
    for (Path p : children(dropped)) {
      delete(p);
    }
  }

  /** The folder of a committed pool. */
  public Path folder(UUID pool) {
    return pools.resolve(pool.toString());
  }

  /** All committed pools. */
  public List<UUID> committed() throws IOException {
    return ids(pools);
  }

  /** All pools in doubt. */
  public List<UUID> preparing() throws IOException {
    return ids(preparing);
  }

  /** What a committed pool is. */
  public PoolShape shape(UUID pool) throws IOException {
    return ShapeFile.read(folder(pool));
  }

  /** What a pool in doubt would be. */
  public PoolShape preparingShape(UUID pool) throws IOException {
    return ShapeFile.read(preparing.resolve(pool.toString()));
  }

  /**
   * Phase 1 on this node (rule 1.9). What failed half-way is removed before the exception leaves.
   */
  List<StorePlace> prepare(PoolPlan plan, int self) throws IOException {
    PoolShape shape = PoolShape.of(plan, self);
    Path at = preparing.resolve(plan.pool().toString());
    delete(at);
    Files.createDirectories(at);
    try {
      List<StorePlace> places = new ArrayList<>();
      for (StorePlace p : stores.make(shape, plan.firstView(), true, plan.force(), at)) {
        Path path = Path.of(p.path());
        Path later = path.startsWith(at) ? folder(plan.pool()).resolve(at.relativize(path)) : path;
        places.add(new StorePlace(p.node(), later.toString(), p.dataOffset()));
      }
      ShapeFile.write(at, shape);
      ShapeFile.syncFolder(preparing);
      return places;
    } catch (IOException | RuntimeException e) {
      delete(at);
      throw e;
    }
  }

  /** Phase 2 on this node; nothing happens if it was done before. */
  PoolShape commit(UUID pool, List<StorePlace> places) throws IOException {
    Path to = folder(pool);
    Path from = preparing.resolve(pool.toString());
    if (!Files.isDirectory(to)) {
      if (!Files.isDirectory(from)) {
        throw new StoreException("pool " + pool + " is not prepared on this node (any more)");
      }
      ShapeFile.write(from, ShapeFile.read(from).placed(places));
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
      ShapeFile.syncFolder(pools);
      ShapeFile.syncFolder(preparing);
    }
    return ShapeFile.read(to);
  }

  /**
   * Puts an empty disk in the place of this node's own (rule 1.2): made aside, then the old one
   * goes.
   *
   * @param shape with the new member
   * @param view names it
   * @param force a device that bears something may be overwritten
   */
  PoolShape remake(PoolShape shape, PoolView view, boolean force) throws IOException {
    UUID pool = shape.pool();
    Path at = preparing.resolve(pool.toString());
    delete(at);
    Files.createDirectories(at);
    PoolShape made;
    try {
      List<StorePlace> places = new ArrayList<>(shape.places());
      places.removeIf(p -> p.node().equals(shape.own().node()));
      for (StorePlace p : stores.make(shape, view, false, force, at)) {
        Path path = Path.of(p.path());
        Path later = path.startsWith(at) ? folder(pool).resolve(at.relativize(path)) : path;
        places.add(new StorePlace(p.node(), later.toString(), p.dataOffset()));
      }
      places.sort(java.util.Comparator.comparingInt(p -> shape.indexOf(p.node())));
      made = shape.placed(places);
      ShapeFile.write(at, made);
      ShapeFile.syncFolder(preparing);
    } catch (IOException | RuntimeException e) {
      delete(at);
      throw e;
    }
    drop(pool);
    Files.move(at, folder(pool), StandardCopyOption.ATOMIC_MOVE);
    ShapeFile.syncFolder(pools);
    ShapeFile.syncFolder(preparing);
    return made;
  }

  /** What a committed pool is from now on. */
  void reshape(PoolShape shape) throws IOException {
    ShapeFile.write(folder(shape.pool()), shape);
  }

  /**
   * Whether a committed pool's disk takes writes.
   *
   * @throws IOException if it does not
   */
  void probe(UUID pool) throws IOException {
    Path file = folder(pool).resolve("probe");
    try (FileChannel c = FileChannel.open(file, CREATE, TRUNCATE_EXISTING, WRITE)) {
      ByteBuffer b = ByteBuffer.allocate(PROBE_BYTES);
      while (b.hasRemaining()) {
        c.write(b);
      }
      c.force(true);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /** Nothing was created. */
  void abort(UUID pool) throws IOException {
    delete(preparing.resolve(pool.toString()));
  }

  /** Removes a pool for good: out of sight first, then deleted. */
  void drop(UUID pool) throws IOException {
    Path from = folder(pool);
    if (Files.isDirectory(from)) {
      Path to = dropped.resolve(pool.toString());
      delete(to);
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
      ShapeFile.syncFolder(pools);
      delete(to);
    }
  }

  private static List<UUID> ids(Path folder) throws IOException {
    List<UUID> ids = new ArrayList<>();
    for (Path p : children(folder)) {
      try {
        ids.add(UUID.fromString(p.getFileName().toString()));
      } catch (IllegalArgumentException e) {
        throw new StoreException(p + " is no pool's folder; move it away", e);
      }
    }
    return ids;
  }

  private static List<Path> children(Path folder) throws IOException {
    try (Stream<Path> s = Files.list(folder)) {
      return s.sorted().toList();
    }
  }

  private static void delete(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> s = Files.walk(tree)) {
      all = s.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path p : all) {
      Files.deleteIfExists(p);
    }
  }
}
