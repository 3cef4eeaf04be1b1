package io.onehop.node.store;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Makes a file or a device a leg's data: zeroes behind a label. */
final class DeviceData {
  private static final int CHUNK = 1 << 20;

  private DeviceData() {}

  /** A fresh sparse file of full length: it reads zeroes. */
  static void createFile(Path path, UUID pool, UUID leg, long sizeBytes) throws IOException {
    Files.createFile(path);
    try (RandomAccessFile f = new RandomAccessFile(path.toFile(), "rw")) {
      f.setLength(DataLabel.DATA_OFFSET + DataLabel.dataBytes(sizeBytes));
      FileBytes.write(f.getChannel(), DataLabel.encode(pool, leg, sizeBytes), 0);
      f.getChannel().force(true);
    }
  }

  /** Takes an existing device (or file); the label comes last, when everything reads zeroes. */
  static void prepare(Path device, UUID pool, UUID leg, long sizeBytes, boolean force)
      throws IOException {
    try (PosixFile fd = openExclusive(device, null);
        FileChannel c = FileChannel.open(device, READ, WRITE)) {
      long need = look(device, c, sizeBytes, force);
      clear(device, fd, c, 0, need);
      // what lies at the end of a bigger device (a second partition table) would still name it
      clear(device, fd, c, Math.max(need, (c.size() - CHUNK) & -FileLegDisk.BLOCK), c.size());
      c.force(true);
      FileBytes.write(c, DataLabel.encode(pool, leg, sizeBytes), 0);
      c.force(true);
    }
  }

  /** Whether {@link #prepare} would take the device: changes nothing on it. */
  static void check(Path device, long sizeBytes, boolean force) throws IOException {
    try (PosixFile _ = openExclusive(device, null);
        FileChannel c = FileChannel.open(device, READ)) {
      look(device, c, sizeBytes, force);
    }
  }

  private static long look(Path device, FileChannel c, long sizeBytes, boolean force)
      throws IOException {
    long need = DataLabel.DATA_OFFSET + DataLabel.dataBytes(sizeBytes);
    if (c.size() < need) {
      throw new StoreException(
          device
              + ": too small: "
              + c.size()
              + " bytes, needed are "
              + need
              + ": name a bigger device");
    }
    String found = DiskSignature.find(c);
    if (found != null && !force) {
      throw new StoreException(
          device + ": bears " + found + ": use --force if nothing on it is needed");
    }
    return need;
  }

  /** Writes nothing where it reads zeroes already, so a sparse or fresh device stays so. */
  private static void clear(Path device, PosixFile fd, FileChannel c, long from, long to)
      throws IOException {
    ByteBuffer b = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer zeroes = ByteBuffer.allocateDirect(CHUNK);
    for (long at = from; at < to; at += CHUNK) {
      int n = (int) Math.min(CHUNK, to - at);
      if (!FileBytes.read(c, b.clear().limit(n), at)) {
        throw new StoreException(device + ": ends before its size says so");
      }
      if (RecordHeader.zeroes(b)) {
        continue;
      }
      int punch = Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE;
      if (fd.fallocate(punch, at, n) != 0) {
        FileBytes.write(c, zeroes.clear().limit(n), at);
      }
    }
  }

  /**
   * Opens and locks data. A block device that the kernel itself uses (mounted, part of a RAID or
   * volume) is refused by it.
   *
   * @param folder of the leg, to name who holds it; null if there is none yet
   */
  static PosixFile openExclusive(Path real, @Nullable Path folder) throws IOException {
    boolean device = !Files.isRegularFile(real);
    PosixFile fd;
    try {
      fd = new PosixFile(real, Posix.O_RDWR | (device ? Posix.O_EXCL : 0));
    } catch (StoreException e) {
      if (e.getCause() instanceof PosixFile.OpenFailure f && f.errno == Posix.EBUSY) {
        throw new StoreException(
            real + ": in use (mounted, or part of another device): release it or name another", e);
      }
      throw e;
    }
    int e = fd.lock();
    if (e != 0) {
      fd.close();
      throw e == Posix.EWOULDBLOCK && folder != null
          ? StoreLock.inUse(real, folder)
          : new StoreException(real + ": store in use by another process: stop it first");
    }
    return fd;
  }
}
