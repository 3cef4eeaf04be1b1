package io.onehop.node.store;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A file descriptor of our own, for what a FileChannel cannot do. Used by one thread at a time;
 * every outcome is a number, nothing is thrown after it was opened.
 */
final class PosixFile implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment state = Posix.state(arena);
  private final int fd;
  private boolean closed;

  /**
   * Opens an existing file or device.
   *
   * @param flags {@code Posix.O_*}
   */
  PosixFile(Path path, int flags) throws IOException {
    fd = Posix.open(state, path.toString(), flags);
    if (fd < 0) {
      arena.close();
      throw new StoreException(path + ": " + Posix.text(-fd), new OpenFailure(-fd));
    }
  }

  /** Makes a folder's entries durable. */
  static void syncFolder(Path folder) throws IOException {
    try (PosixFile f = new PosixFile(folder, Posix.O_RDONLY)) {
      int e = Posix.fsync(f.state, f.fd);
      if (e != 0) {
        throw new StoreException(folder + ": " + Posix.text(e));
      }
    }
  }

  /** Makes the entry of a file in its folder durable. */
  static void syncFolderOf(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      syncFolder(folder);
    }
  }

  /** 0 or an errno. */
  int fallocate(int mode, long offset, long length) {
    return Posix.fallocate(state, fd, mode, offset, length);
  }

  /**
   * Takes the exclusive lock of this open file without waiting: 0 or an errno. Unlike fcntl's it
   * also conflicts within a process, and no other close of the same file loses it.
   */
  int lock() {
    return Posix.flock(state, fd, Posix.LOCK_EX | Posix.LOCK_NB);
  }

  /** First byte at or after {@code from} that is (data) or is not (hole) stored, or -errno. */
  long seek(long from, int whence) {
    return Posix.lseek(state, fd, from, whence);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Posix.close(state, fd);
      arena.close();
    }
  }

  /** Why an open failed. */
  static final class OpenFailure extends IOException {
    private static final long serialVersionUID = 1L;
    final int errno;

    OpenFailure(int errno) {
      super(Posix.text(errno));
      this.errno = errno;
    }
  }
}
