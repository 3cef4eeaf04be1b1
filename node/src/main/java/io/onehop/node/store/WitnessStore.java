package io.onehop.node.store;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.UUID;

/** What a witness keeps: who it is, and its votes. A folder with {@code lock, identity, votes}. */
public final class WitnessStore implements AutoCloseable {
  static final String MAGIC = "OHWITNES";
  static final String IDENTITY = "identity";
  static final int BYTES = 512;

  /** Where things are, behind the {@link RecordHeader}. */
  enum Field {
    NAME_LENGTH(48, 2),
    NAME(64, 256);

    final int offset;
    final int size;

    Field(int offset, int size) {
      this.offset = offset;
      this.size = size;
    }
  }

  private final StoreLock lock;
  private final UUID pool;
  private final UUID member;
  private final String poolName;
  private final VoteStore votes;

  private WitnessStore(StoreLock lock, UUID pool, UUID member, String poolName, Path folder) {
    this.lock = lock;
    this.pool = pool;
    this.member = member;
    this.poolName = poolName;
    this.votes = new FileVoteStore(folder.resolve(LegStoreFormat.VOTES), pool, member);
  }

  /** Whether a witness was created in this folder. */
  public static boolean exists(Path folder) {
    return Files.exists(folder.resolve(IDENTITY));
  }

  /** Makes one in a missing or empty folder, durably. */
  public static void create(Path folder, UUID pool, String poolName, UUID member)
      throws StoreException {
    Deque<Path> made = new ArrayDeque<>();
    Path at = folder.toAbsolutePath();
    try {
      LegStoreFormat.makeFolder(at, made);
      Path fresh = at.resolve(IDENTITY + ".new");
      made.push(fresh);
      try (FileChannel c = FileChannel.open(fresh, CREATE_NEW, WRITE)) {
        FileBytes.write(c, encode(pool, poolName, member), 0);
        c.force(true);
      }
      Files.move(fresh, at.resolve(IDENTITY));
      PosixFile.syncFolder(at);
      Path parent = at.getParent();
      if (parent != null) {
        PosixFile.syncFolder(parent);
      }
    } catch (IOException e) {
      for (Path p : made) {
        try {
          Files.deleteIfExists(p);
        } catch (IOException other) {
          e.addSuppressed(other);
        }
      }
      throw LegStoreFormat.oneLine(at, e);
    }
  }

  /** Opens one and locks it (rule 8.7). */
  public static WitnessStore open(Path folder) throws StoreException {
    Path at = folder.toAbsolutePath();
    Path path = at.resolve(IDENTITY);
    if (!exists(at)) {
      throw new WrongDiskException(
          "empty, no store on it", at + ": no witness in it: create it first");
    }
    try {
      StoreLock lock = StoreLock.take(at);
      try (FileChannel c = FileChannel.open(path, READ)) {
        ByteBuffer b = FileBytes.some(c, 0, BYTES);
        switch (RecordHeader.verify(b, 0, MAGIC)) {
          case OK -> {}
          case OTHER_VERSION -> throw RecordHeader.otherVersion(path, b, 0);
          case EMPTY, FOREIGN, TORN ->
              throw new StoreException(
                  path + ": damaged: remove this witness from the pool and add it again");
        }
        byte[] name =
            new byte[Math.clamp(b.getShort(Field.NAME_LENGTH.offset), 0, Field.NAME.size)];
        b.get(Field.NAME.offset, name);
        return new WitnessStore(
            lock,
            RecordHeader.pool(b, 0),
            RecordHeader.member(b, 0),
            new String(name, StandardCharsets.UTF_8),
            at);
      } catch (Throwable t) {
        lock.close();
        throw t;
      }
    } catch (IOException e) {
      throw LegStoreFormat.oneLine(path, e);
    }
  }

  static ByteBuffer encode(UUID pool, String poolName, UUID member) {
    byte[] name = poolName.getBytes(StandardCharsets.UTF_8);
    if (name.length > Field.NAME.size) {
      throw new IllegalArgumentException("pool name longer than " + Field.NAME.size + " bytes");
    }
    ByteBuffer b = RecordHeader.buffer(BYTES);
    RecordHeader.put(b, 0, MAGIC, pool, member);
    b.putShort(Field.NAME_LENGTH.offset, (short) name.length);
    b.put(Field.NAME.offset, name);
    RecordHeader.seal(b, 0);
    return b;
  }

  /** The pool's UUID. */
  public UUID pool() {
    return pool;
  }

  /** The witness's own UUID. */
  public UUID member() {
    return member;
  }

  /** The pool's name. */
  public String poolName() {
    return poolName;
  }

  /** Its votes; one thread. */
  public VoteStore votes() {
    return votes;
  }

  @Override
  public void close() {
    lock.close();
  }
}
