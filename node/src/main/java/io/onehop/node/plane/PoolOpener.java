package io.onehop.node.plane;

import io.onehop.node.books.LegRules;
import io.onehop.node.pools.OpenPool;
import io.onehop.node.pools.PoolShape;
import io.onehop.node.pools.PoolStores;
import io.onehop.node.pools.StorePlace;
import io.onehop.node.serve.DataDoor;
import io.onehop.node.serve.LegEngine;
import io.onehop.node.serve.WitnessEngine;
import io.onehop.node.store.BootId;
import io.onehop.node.store.FileLegDisk;
import io.onehop.node.store.LegDisk;
import io.onehop.node.store.LegStoreFormat;
import io.onehop.node.store.StoreException;
import io.onehop.node.store.VoteStore;
import io.onehop.node.store.WitnessStore;
import io.onehop.node.store.WrongDiskException;
import io.onehop.node.store.fault.FaultFile;
import io.onehop.node.store.fault.Faults;
import io.onehop.node.store.fault.FaultyDisk;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.BufPool;
import io.onehop.transport.Loop;
import io.onehop.transport.Transport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Makes and opens the stores of a node's pools and puts their engines onto the data loop. Blocking.
 */
public final class PoolOpener implements PoolStores, OpenPool.Opener {
  private static final String LEG = "leg";
  private static final String WITNESS = "witness";

  /** Ballot of the vote that every voter is created with: lower than any that is proposed later. */
  private static final long FIRST_BALLOT = 1;

  private final Loop loop;
  private final Transport transport;
  private final BufPool bufs;
  private final DataDoor door;
  private final Function<UUID, Path> folders;
  private final RandomGenerator random;
  private final @Nullable Path faults;

  /**
   * For the pools of one node.
   *
   * @param bufs the loop's buffers
   * @param folders where a committed pool's folder is
   * @param faults for tests only: folder of {@link FaultFile}s, each named as its pool; null: none
   */
  public PoolOpener(
      Loop loop,
      Transport transport,
      BufPool bufs,
      DataDoor door,
      Function<UUID, Path> folders,
      RandomGenerator random,
      @Nullable Path faults) {
    this.loop = loop;
    this.transport = transport;
    this.bufs = bufs;
    this.door = door;
    this.folders = folders;
    this.random = random;
    this.faults = faults;
  }

  @Override
  public List<StorePlace> make(
      PoolShape shape, PoolView view, boolean first, boolean force, Path folder)
      throws IOException {
    PoolShape.ShapeMember own = shape.own();
    if (own.role() == Role.WITNESS) {
      Path at = folder.resolve(WITNESS);
      WitnessStore.create(at, shape.pool(), shape.name(), own.id());
      try (WitnessStore store = WitnessStore.open(at)) {
        vote(store.votes(), view, first);
      }
      return List.of();
    }
    Path at = folder.resolve(LEG);
    LegStoreFormat.create(
        new LegStoreFormat.Creation(
            at,
            shape.device() == null ? null : Path.of(shape.device()),
            shape.pool(),
            shape.name(),
            own.id(),
            view.lineage(),
            shape.sizeBytes(),
            view.policies().window(),
            force));
    try (FileLegDisk disk = LegStoreFormat.open(at, shape.pool(), own.id(), () -> {})) {
      if (first) {
        // Generation 1 names it in sync; else its disk would pass for a rolled-back one (rule 6.1).
        disk.save(disk.superblock().adopted(0, view.lineage(), view.generation()));
      }
      vote(disk.votes(), view, first);
      // The disk gives real paths; the folder's own may contain links and is about to move.
      Path data = disk.dataPath();
      Path path = shape.device() == null ? at.resolve(at.toRealPath().relativize(data)) : data;
      return List.of(new StorePlace(own.node(), path.toString(), disk.dataOffset()));
    }
  }

  private static void vote(VoteStore votes, PoolView view, boolean first) throws IOException {
    long ballot = first ? FIRST_BALLOT : 0;
    votes.save(new VoteStore.Vote(ballot, ballot, ViewCodec.encode(view)));
  }

  @Override
  public OpenPool open(PoolShape shape, long incarnation) throws IOException {
    return shape.own().role() == Role.WITNESS
        ? openWitness(shape)
        : openLeg(shape, incarnation == 0 ? nonZero() : incarnation);
  }

  private OpenPool openWitness(PoolShape shape) throws IOException {
    Path at = folders.apply(shape.pool()).resolve(WITNESS);
    WitnessStore store = WitnessStore.open(at);
    if (!store.pool().equals(shape.pool()) || !store.member().equals(shape.own().id())) {
      store.close();
      throw new WrongDiskException(
          store.pool(), store.member(), at + ": a witness of another pool or node");
    }
    PoolPlane plane = new PoolPlane(loop, door, store);
    try {
      WitnessEngine engine =
          new WitnessEngine(shape.pool(), shape.name(), shape.own().id(), loop, bufs, plane::edge);
      readable(store.votes(), shape);
      plane.run(engine, engine::start);
      return new OpenPool(shape, store.votes(), plane);
    } catch (IOException | RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private OpenPool openLeg(PoolShape shape, long incarnation) throws IOException {
    // Waking the loop is enough: it polls the disk at the end of every turn.
    FileLegDisk disk =
        LegStoreFormat.open(
            folders.apply(shape.pool()).resolve(LEG),
            shape.pool(),
            shape.own().id(),
            () -> loop.execute(() -> {}));
    LegDisk data = faulty(disk, shape.name());
    PoolPlane plane = new PoolPlane(loop, door, data);
    try {
      readable(disk.votes(), shape);
      LegEngine engine =
          new LegEngine(
              new LegEngine.Setup(
                  shape.pool(),
                  shape.name(),
                  shape.own().id(),
                  loop,
                  transport,
                  bufs,
                  data,
                  incarnation,
                  BootId.read(),
                  plane::edge,
                  LegRules.ALL));
      plane.run(engine, engine::start);
      return new OpenPool(shape, disk.votes(), plane);
    } catch (IOException | RuntimeException e) {
      data.close();
      throw e;
    }
  }

  /** The disk itself, unless a test wants it to have faults. */
  private LegDisk faulty(FileLegDisk disk, String pool) {
    Path folder = faults;
    if (folder == null) {
      return disk;
    }
    Faults wrong = new Faults(random);
    FaultyDisk faulty = new FaultyDisk(disk, loop, wrong);
    FaultFile file = new FaultFile(folder.resolve(pool), loop, wrong, faulty::closed);
    loop.execute(file::watch);
    return faulty;
  }

  /** A voter must not forget its votes, nor vote under another one's name. */
  private static void readable(VoteStore votes, PoolShape shape) throws IOException {
    VoteStore.Vote vote = votes.load();
    byte[] accepted = vote == null ? null : vote.accepted();
    if (accepted == null) {
      throw new WrongDiskException(
          "its votes are gone",
          "a member's votes are gone; a voter must not forget them: replace this member's disk");
    }
    try {
      PoolView view = ViewCodec.decode(accepted);
      if (view.indexOf(shape.own().id()) != shape.self()) {
        throw new WrongDiskException(
            "its votes do not name it", "a member's votes do not name it: replace its disk");
      }
    } catch (WireException e) {
      throw new StoreException("a member's votes cannot be read: " + e.getMessage(), e);
    }
  }

  private long nonZero() {
    long n = random.nextLong();
    return n == 0 ? 1 : n;
  }
}
