package io.onehop.node.store;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.onehop.node.store.MappedBlockSet.Kind;
import io.onehop.node.store.MappedBlockSet.Owner;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Creates and opens legs. A leg is a folder: {@code lock}, {@code data} (a file, or a link to the
 * device), {@code meta/} with superblock, votes, unconfirmed, carried, own-missing, unreadable and
 * miss-UUID. The bytes are described in ONDISK.md. Every refusal is a {@link StoreException} of one
 * line.
 */
public final class LegStoreFormat {
  static final String DATA = "data";
  static final String META = "meta";
  static final String SUPERBLOCK = "superblock";
  static final String VOTES = "votes";
  static final String UNCONFIRMED = "unconfirmed";
  static final String CARRIED = "carried";
  static final String OWN_MISSING = "own-missing";
  static final String UNREADABLE = "unreadable";
  static final String MISS_PREFIX = "miss-";

  private LegStoreFormat() {}

  /**
   * What to create.
   *
   * @param folder must be missing or empty
   * @param device a block device or an existing file to hold the data; null: a fresh sparse file
   * @param pool the pool's UUID
   * @param poolName its name
   * @param leg the member's UUID
   * @param lineage the first lineage
   * @param sizeBytes size of the pool's device
   * @param window entries of the unconfirmed log, a power of two
   * @param force take a device that bears something
   */
  public record Creation(
      Path folder,
      @Nullable Path device,
      UUID pool,
      String poolName,
      UUID leg,
      UUID lineage,
      long sizeBytes,
      int window,
      boolean force) {}

  /** Whether a leg was created in this folder (it may still be refused when opened). */
  public static boolean exists(Path folder) {
    return Files.exists(folder.resolve(META).resolve(SUPERBLOCK));
  }

  /**
   * Whether a leg's store of this size could be made on {@code device}; changes nothing on it.
   *
   * @param force also if it bears something
   * @throws IOException one line: why it cannot and what to do
   */
  public static void check(Path device, long sizeBytes, boolean force) throws IOException {
    DeviceData.check(device, sizeBytes, force);
  }

  /**
   * Makes a leg that reads zeroes, durably (rule 1.9). The superblock comes last: a folder without
   * one is no leg. What was made is removed again when it fails. Reads (and zeroes) the whole of a
   * device.
   */
  public static void create(Creation c) throws StoreException {
    if (c.sizeBytes <= 0) {
      throw new IllegalArgumentException("size " + c.sizeBytes);
    }
    Path folder = c.folder.toAbsolutePath();
    Deque<Path> made = new ArrayDeque<>();
    try {
      makeFolder(folder, made);
      made.push(folder.resolve(StoreLock.NAME));
      try (StoreLock held = StoreLock.take(folder)) {
        assert held != null;
        createLocked(c, folder, made);
      }
    } catch (IOException | RuntimeException e) {
      for (Path p : made) {
        try {
          Files.deleteIfExists(p);
        } catch (IOException other) {
          e.addSuppressed(other);
        }
      }
      if (e instanceof IOException io) {
        throw oneLine(folder, io);
      }
      throw (RuntimeException) e;
    }
  }

  private static void createLocked(Creation c, Path folder, Deque<Path> made) throws IOException {
    Path data = folder.resolve(DATA);
    if (c.device == null) {
      made.push(data);
      DeviceData.createFile(data, c.pool, c.leg, c.sizeBytes);
    } else {
      Path device = c.device.toRealPath();
      DeviceData.prepare(device, c.pool, c.leg, c.sizeBytes, c.force);
      made.push(data);
      Files.createSymbolicLink(data, device);
    }
    Path meta = folder.resolve(META);
    made.push(meta);
    Files.createDirectory(meta);
    long blocks = DataLabel.dataBytes(c.sizeBytes) / FileLegDisk.BLOCK;
    Path path = meta.resolve(UNCONFIRMED);
    made.push(path);
    MappedUnconfirmedLog.create(path, c.pool, c.leg, c.window);
    path = meta.resolve(CARRIED);
    made.push(path);
    MappedBlockSet.create(path, new Owner(c.pool, c.leg, Kind.CARRIED, c.leg), blocks);
    path = meta.resolve(OWN_MISSING);
    made.push(path);
    MappedBlockSet.create(path, new Owner(c.pool, c.leg, Kind.OWN_MISSING, c.leg), blocks);
    path = meta.resolve(UNREADABLE);
    made.push(path);
    MappedBlockSet.create(path, new Owner(c.pool, c.leg, Kind.UNREADABLE, c.leg), blocks);
    PosixFile.syncFolder(folder);
    path = meta.resolve(SUPERBLOCK);
    made.push(path);
    SuperblockFile.create(
        path,
        new Superblock(
            c.pool,
            c.poolName,
            c.leg,
            c.lineage,
            c.sizeBytes,
            0,
            0,
            0,
            BootId.read(),
            true,
            false,
            ""));
    PosixFile.syncFolder(meta);
    Path parent = folder.getParent();
    if (parent != null) {
      PosixFile.syncFolder(parent);
    }
  }

  static void makeFolder(Path folder, Deque<Path> made) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> inside = Files.list(folder)) {
        if (inside.findAny().isPresent()) {
          throw new StoreException(
              folder + ": not empty: name another folder, or empty it if nothing in it is needed");
        }
      }
      return;
    }
    Path up = folder.getParent();
    if (up != null) {
      Files.createDirectories(up);
    }
    made.push(folder);
    Files.createDirectory(folder);
  }

  /** {@link #open(Path, UUID, UUID, Runnable)} of whatever leg the folder holds. */
  public static FileLegDisk open(Path folder, Runnable wakeup) throws StoreException {
    return open(folder, null, null, wakeup);
  }

  /**
   * Opens a leg and locks it (rule 8.7).
   *
   * @param pool the pool that is expected; null: any
   * @param leg the leg that is expected; null: any
   * @param wakeup called on the helper thread when {@link LegDisk#poll} has something
   */
  public static FileLegDisk open(
      Path folder, @Nullable UUID pool, @Nullable UUID leg, Runnable wakeup) throws StoreException {
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    try {
      return open(folder.toAbsolutePath(), pool, leg, wakeup, opened);
    } catch (IOException e) {
      closeAll(opened.toArray(AutoCloseable[]::new));
      throw oneLine(folder, e);
    } catch (RuntimeException e) {
      closeAll(opened.toArray(AutoCloseable[]::new));
      throw e;
    }
  }

  private static FileLegDisk open(
      Path folder,
      @Nullable UUID pool,
      @Nullable UUID leg,
      Runnable wakeup,
      Deque<AutoCloseable> opened)
      throws IOException {
    Path meta = folder.resolve(META);
    if (!Files.isDirectory(folder)) {
      throw new WrongDiskException(
          "empty, no store on it", folder + ": no such folder: is its file system mounted?");
    }
    if (!exists(folder)) {
      throw new WrongDiskException(
          "empty, no store on it",
          folder
              + ": no superblock in it (never created, or its creation was cut short):"
              + " remove the folder and create the leg again");
    }
    StoreLock lock = StoreLock.take(folder);
    opened.push(lock);
    SuperblockFile superblock = SuperblockFile.open(meta.resolve(SUPERBLOCK));
    opened.push(superblock);
    Superblock s = superblock.current();
    if ((pool != null && !pool.equals(s.pool())) || (leg != null && !leg.equals(s.leg()))) {
      throw new WrongDiskException(
          s.pool(),
          s.leg(),
          folder
              + ": holds leg "
              + s.leg()
              + " of pool "
              + s.pool()
              + " ("
              + s.poolName()
              + "), not leg "
              + leg
              + " of pool "
              + pool
              + ": name the right folder");
    }
    Path data = folder.resolve(DATA);
    if (!Files.exists(data)) {
      throw new WrongDiskException(
          "its data is missing",
          data + ": the leg's data is missing: connect its disk, or replace the leg");
    }
    Path real = data.toRealPath();
    PosixFile fd = DeviceData.openExclusive(real, folder);
    opened.push(fd);
    FileChannel channel = FileChannel.open(real, READ, WRITE);
    opened.push(channel);
    DataLabel.verify(real, channel, s);

    long blocks = DataLabel.dataBytes(s.sizeBytes()) / FileLegDisk.BLOCK;
    var own =
        MappedBlockSet.open(
            meta.resolve(OWN_MISSING),
            new Owner(s.pool(), s.leg(), Kind.OWN_MISSING, s.leg()),
            blocks);
    opened.push(own);
    var log =
        MappedUnconfirmedLog.open(
            meta.resolve(UNCONFIRMED),
            s.pool(),
            s.leg(),
            () -> {
              own.add(0, blocks);
              own.force();
            });
    opened.push(log);
    var carried =
        MappedBlockSet.open(
            meta.resolve(CARRIED), new Owner(s.pool(), s.leg(), Kind.CARRIED, s.leg()), blocks);
    opened.push(carried);
    Path path = meta.resolve(UNREADABLE);
    var owner = new Owner(s.pool(), s.leg(), Kind.UNREADABLE, s.leg());
    if (!Files.exists(path)) {
      MappedBlockSet.create(path, owner, blocks); // a leg made before there was this set
    }
    var unreadable = MappedBlockSet.open(path, owner, blocks);
    opened.push(unreadable);
    Map<UUID, MappedBlockSet> maps = new HashMap<>();
    for (UUID member : missMembers(meta)) {
      var map =
          MappedBlockSet.open(
              meta.resolve(MISS_PREFIX + member),
              new Owner(s.pool(), s.leg(), Kind.MISS, member),
              blocks);
      opened.push(map);
      maps.put(member, map);
    }
    var votes = new FileVoteStore(meta.resolve(VOTES), s.pool(), s.leg());
    return new FileLegDisk(
        new FileLegDisk.Parts(
            lock, meta, real, fd, channel, superblock, log, carried, own, unreadable, maps, votes),
        wakeup);
  }

  private static Iterable<UUID> missMembers(Path meta) throws IOException {
    Deque<UUID> members = new ArrayDeque<>();
    try (Stream<Path> files = Files.list(meta)) {
      for (Path p : (Iterable<Path>) files::iterator) {
        String name = String.valueOf(p.getFileName());
        if (name.startsWith(MISS_PREFIX) && name.length() == MISS_PREFIX.length() + 36) {
          try {
            members.add(UUID.fromString(name.substring(MISS_PREFIX.length())));
          } catch (IllegalArgumentException e) {
            throw new StoreException(p + ": no name of a miss map: remove that file", e);
          }
        }
      }
    }
    return members;
  }

  /** The failure as one line that names the place; a {@link StoreException} says it already. */
  static StoreException oneLine(Path where, IOException e) {
    if (e instanceof StoreException s) {
      return s;
    }
    if (Posix.full(e)) {
      return new StoreException(where + ": no space left: make room on this file system", e);
    }
    String at = where.toString();
    String why = String.valueOf(e.getMessage());
    if (e instanceof FileSystemException f && f.getFile() != null) {
      at = f.getFile();
      why =
          f.getReason() != null
              ? f.getReason()
              : e instanceof NoSuchFileException ? "no such file" : e.getClass().getSimpleName();
    }
    return new StoreException(at + ": " + why, e);
  }

  /**
   * Closes all; what fails to close has nothing left to lose, metadata being durable by other
   * means.
   */
  static void closeAll(AutoCloseable... all) {
    for (AutoCloseable c : all) {
      try {
        c.close();
      } catch (Exception e) {
        System.getLogger(LegStoreFormat.class.getName())
            .log(System.Logger.Level.WARNING, "a store's file does not close", e);
      }
    }
  }
}
