package io.onehop.node.store;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A file mapped whole: header page, then content. Its space is reserved before a page is touched,
 * because a store into a page without space behind it is a signal to the process, not an error to
 * report.
 */
final class MetadataFile implements AutoCloseable {
  /** What must be durable before a file that cannot be read is replaced. */
  interface Before {
    /** Makes it so. */
    void run() throws IOException;
  }

  /** Bytes of the header page; the content begins behind it. */
  static final int HEADER = 4096;

  /** Up to this size the whole file's space is reserved when it is opened. */
  static final long RESERVED_WHOLE = 64L << 20;

  /** Bigger files get space in pieces of this many bytes, as they are touched. */
  static final int PIECE_SHIFT = 16;

  private final Path path;
  private final PosixFile file;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment memory;
  private final long bytes;
  private final long[] reserved;

  private MetadataFile(Path path, long bytes) throws IOException {
    this.path = path;
    this.bytes = bytes;
    this.file = new PosixFile(path, Posix.O_RDWR);
    try {
      this.reserved = bytes <= RESERVED_WHOLE ? new long[0] : bits((bytes >>> PIECE_SHIFT) + 1);
      if (reserved.length == 0) {
        allocate(0, bytes);
      } else {
        allocate(0, HEADER);
      }
      try (FileChannel c = FileChannel.open(path, READ, WRITE)) {
        this.memory = map(c);
      }
    } catch (Throwable t) {
      arena.close();
      file.close();
      throw t;
    }
  }

  private MemorySegment map(FileChannel c) throws IOException {
    return c.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
  }

  private static long[] bits(long n) {
    return new long[Math.toIntExact((n + 63) >>> 6)];
  }

  /** Makes a file of zeroes behind this header; it appears whole and durable, or not at all. */
  static void create(Path path, ByteBuffer header, long bytes) throws IOException {
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    try (RandomAccessFile f = new RandomAccessFile(fresh.toFile(), "rw")) {
      f.setLength(bytes);
      FileBytes.write(f.getChannel(), header.rewind(), 0);
      if (bytes <= RESERVED_WHOLE) {
        try (PosixFile p = new PosixFile(fresh, Posix.O_RDWR)) {
          reserve(p, path, 0, bytes);
        }
      }
      f.getChannel().force(true);
    } catch (Throwable t) {
      Files.deleteIfExists(fresh);
      throw t;
    }
    Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    PosixFile.syncFolderOf(path);
  }

  /** Maps an existing file that has exactly this length. */
  static MetadataFile open(Path path, long bytes) throws IOException {
    return new MetadataFile(path, bytes);
  }

  MemorySegment memory() {
    return memory;
  }

  /**
   * Call before storing into bytes [from, to) of a file that may be bigger than {@link
   * #RESERVED_WHOLE}.
   */
  void touch(long from, long to) throws StoreException {
    if (reserved.length == 0) {
      return;
    }
    for (long piece = from >>> PIECE_SHIFT; piece <= (to - 1) >>> PIECE_SHIFT; piece++) {
      int word = (int) (piece >>> 6);
      if ((reserved[word] & (1L << piece)) == 0) {
        long at = piece << PIECE_SHIFT;
        allocate(at, Math.min(1L << PIECE_SHIFT, bytes - at));
        reserved[word] |= 1L << piece;
      }
    }
  }

  private void allocate(long from, long length) throws StoreException {
    reserve(file, path, from, length);
  }

  private static void reserve(PosixFile f, Path path, long from, long length)
      throws StoreException {
    int e = f.fallocate(0, from, length);
    if (e != 0 && e != Posix.EOPNOTSUPP && e != Posix.ENOSYS) {
      throw new StoreException(
          path + ": " + Posix.text(e) + (Posix.full(e) ? ": make room on this file system" : ""));
    }
  }

  /**
   * First content byte at or after {@code from} that may be other than zero; the length if none.
   */
  long nextData(long from) {
    return seek(from, Posix.SEEK_DATA, from);
  }

  /** First byte at or after {@code from} where a hole begins; the length if none. */
  long nextHole(long from) {
    return seek(from, Posix.SEEK_HOLE, bytes);
  }

  private long seek(long from, int whence, long unsupported) {
    if (from >= bytes) {
      return bytes;
    }
    long at = file.seek(from, whence);
    if (at == -Posix.ENXIO) {
      return bytes;
    }
    return at < 0 ? unsupported : Math.min(at, bytes);
  }

  /** Everything stored so far becomes durable. */
  void force() throws IOException {
    try {
      memory.force();
    } catch (java.io.UncheckedIOException e) {
      throw new StoreException(path + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
      file.close();
    }
  }
}
