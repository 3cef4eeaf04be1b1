package io.onehop.node.store;

import io.onehop.transport.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * A leg in a folder (layout: {@link LegStoreFormat}). Data goes to and from the page cache in
 * place, on the caller's thread; only {@link #sync} has a thread. Give it direct buffers: a heap
 * buffer is copied. Do not interrupt the leg's thread: that closes the data file.
 */
public final class FileLegDisk implements LegDisk {
  /** Bytes of a block. */
  static final int BLOCK = 4096;

  private final StoreLock lock;
  private final Path meta;
  private final PosixFile fd;
  private final FileChannel data;
  private final SuperblockFile superblock;
  private final MappedUnconfirmedLog unconfirmed;
  private final MappedBlockSet carried;
  private final MappedBlockSet ownMissing;
  private final MappedBlockSet unreadable;
  private final Map<UUID, MappedBlockSet> missMaps = new HashMap<>();
  private final FileVoteStore votes;
  private final DataSync sync;
  private final long blocks;
  private final ByteBuffer zeroes = ByteBuffer.allocateDirect(1 << 20);
  private final Path dataPath;
  private String damage;
  private boolean punchWorks = true;
  private boolean zeroRangeWorks = true;
  private boolean closed;

  /** What {@link LegStoreFormat} has opened and verified. */
  record Parts(
      StoreLock lock,
      Path meta,
      Path dataPath,
      PosixFile fd,
      FileChannel data,
      SuperblockFile superblock,
      MappedUnconfirmedLog unconfirmed,
      MappedBlockSet carried,
      MappedBlockSet ownMissing,
      MappedBlockSet unreadable,
      Map<UUID, MappedBlockSet> missMaps,
      FileVoteStore votes) {}

  FileLegDisk(Parts parts, Runnable wakeup) {
    lock = parts.lock;
    meta = parts.meta;
    dataPath = parts.dataPath;
    fd = parts.fd;
    data = parts.data;
    superblock = parts.superblock;
    unconfirmed = parts.unconfirmed;
    carried = parts.carried;
    ownMissing = parts.ownMissing;
    unreadable = parts.unreadable;
    missMaps.putAll(parts.missMaps);
    votes = parts.votes;
    blocks = DataLabel.dataBytes(superblock.current().sizeBytes()) / BLOCK;
    StringBuilder all = new StringBuilder();
    note(all, superblock.damage());
    note(all, unconfirmed.damage());
    note(all, carried.damage());
    note(all, ownMissing.damage());
    note(all, unreadable.damage());
    missMaps.values().forEach(m -> note(all, m.damage()));
    damage = all.toString();
    sync = new DataSync(data, "onehop-sync-" + superblock.current().poolName(), wakeup);
  }

  private static void note(StringBuilder all, String damage) {
    if (!damage.isEmpty()) {
      all.append(all.isEmpty() ? "" : "; ").append(damage);
    }
  }

  /** The data file or device, absolute, links followed. */
  public Path dataPath() {
    return dataPath;
  }

  /** Where in {@link #dataPath} the raw data begins, in bytes. */
  public long dataOffset() {
    return DataLabel.DATA_OFFSET;
  }

  /** This member's votes; may be used by another thread than the leg's. */
  public VoteStore votes() {
    return votes;
  }

  @Override
  public long blocks() {
    return blocks;
  }

  @Override
  public Superblock superblock() {
    return superblock.current();
  }

  @Override
  public void save(Superblock next) throws IOException {
    superblock.save(next);
  }

  @Override
  public UnconfirmedLog unconfirmed() {
    return unconfirmed;
  }

  @Override
  public BlockSet carried() {
    return carried;
  }

  @Override
  public BlockSet ownMissing() {
    return ownMissing;
  }

  @Override
  public BlockSet unreadable() {
    return unreadable;
  }

  /**
   * {@inheritDoc}
   *
   * @throws UncheckedIOException if it cannot be created (disk full): the leg must stop serving
   */
  @Override
  public BlockSet missMap(UUID member) {
    MappedBlockSet set = missMaps.get(member);
    if (set == null) {
      Superblock s = superblock.current();
      Path path = meta.resolve(LegStoreFormat.MISS_PREFIX + member);
      var owner = new MappedBlockSet.Owner(s.pool(), s.leg(), MappedBlockSet.Kind.MISS, member);
      try {
        if (!Files.exists(path)) {
          MappedBlockSet.create(path, owner, blocks);
        }
        set = MappedBlockSet.open(path, owner, blocks);
      } catch (IOException e) {
        throw new UncheckedIOException(LegStoreFormat.oneLine(path, e));
      }
      missMaps.put(member, set);
      if (!set.damage().isEmpty()) {
        damage = damage.isEmpty() ? set.damage() : damage + "; " + set.damage();
      }
    }
    return set;
  }

  @Override
  public String damage() {
    return damage;
  }

  private boolean outside(long offset, long length) {
    return offset < 0
        || length < 0
        || ((offset | length) & (BLOCK - 1)) != 0
        || offset > blocks * BLOCK - length;
  }

  @Override
  public void write(long offset, ByteBuffer from, Done done) {
    int length = from.remaining();
    int end = from.limit();
    int status = outside(offset, length) ? Status.INVALID : store(offset, from);
    from.position(end);
    done.done(status);
  }

  private int store(long offset, ByteBuffer from) {
    long at = DataLabel.DATA_OFFSET + offset;
    try {
      while (from.hasRemaining()) {
        at += data.write(from, at);
      }
      return Status.OK;
    } catch (IOException e) {
      return Posix.full(e) ? Status.NO_SPACE : Status.IO_ERROR;
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Without leave to punch, space stays allocated: FALLOC_FL_ZERO_RANGE, else written zeroes,
   * which for a long range keeps the caller's thread busy.
   */
  @Override
  public void zero(long offset, long length, boolean punch, Done done) {
    done.done(outside(offset, length) ? Status.INVALID : zero(offset, length, punch));
  }

  private int zero(long offset, long length, boolean punch) {
    if (length == 0) {
      return Status.OK;
    }
    long at = DataLabel.DATA_OFFSET + offset;
    if (punch && punchWorks) {
      int e = fd.fallocate(Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE, at, length);
      if (!unsupported(e)) {
        return status(e);
      }
      punchWorks = false;
    }
    if (zeroRangeWorks) {
      int e = fd.fallocate(Posix.FALLOC_FL_ZERO_RANGE | Posix.FALLOC_FL_KEEP_SIZE, at, length);
      if (!unsupported(e)) {
        return status(e);
      }
      zeroRangeWorks = false;
    }
    long left = length;
    while (left > 0) {
      zeroes.clear().limit((int) Math.min(left, zeroes.capacity()));
      int n = zeroes.remaining();
      int status = store(offset + length - left, zeroes);
      if (status != Status.OK) {
        return status;
      }
      left -= n;
    }
    return Status.OK;
  }

  static boolean unsupported(int errno) {
    return errno == Posix.EOPNOTSUPP || errno == Posix.ENOSYS || errno == Posix.EINVAL;
  }

  private static int status(int errno) {
    return errno == 0 ? Status.OK : Posix.full(errno) ? Status.NO_SPACE : Status.IO_ERROR;
  }

  @Override
  public void read(long offset, ByteBuffer into, Done done) {
    done.done(outside(offset, into.remaining()) ? Status.INVALID : fetch(offset, into));
  }

  private int fetch(long offset, ByteBuffer into) {
    long at = DataLabel.DATA_OFFSET + offset;
    try {
      while (into.hasRemaining()) {
        int n = data.read(into, at);
        if (n < 0) {
          return Status.IO_ERROR; // somebody cut the file off
        }
        at += n;
      }
      return Status.OK;
    } catch (IOException e) {
      return Status.IO_ERROR;
    }
  }

  @Override
  public void sync(Done done) {
    sync.request(done);
  }

  @Override
  public int poll() {
    return sync.poll();
  }

  /** {@inheritDoc} Waits for a running sync; syncs not delivered by then never are. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    sync.close();
    unconfirmed.close();
    carried.close();
    ownMissing.close();
    unreadable.close();
    missMaps.values().forEach(MappedBlockSet::close);
    LegStoreFormat.closeAll(superblock, data, fd, lock);
  }
}
