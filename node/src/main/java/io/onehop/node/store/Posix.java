package io.onehop.node.store;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/** The few system calls that the JDK does not offer. Values are Linux's. */
@SuppressWarnings("restricted") // calling into libc is this class's purpose
final class Posix {
  static final int O_RDONLY = 0;
  static final int O_RDWR = 2;
  static final int O_EXCL = 0x80;
  static final int O_CLOEXEC = 0x80000;

  static final int FALLOC_FL_KEEP_SIZE = 1;
  static final int FALLOC_FL_PUNCH_HOLE = 2;
  static final int FALLOC_FL_ZERO_RANGE = 16;

  static final int SEEK_DATA = 3;
  static final int SEEK_HOLE = 4;

  static final int LOCK_EX = 2;
  static final int LOCK_NB = 4;

  static final int EINTR = 4;
  static final int ENXIO = 6;
  static final int EWOULDBLOCK = 11;
  static final int EBUSY = 16;
  static final int EINVAL = 22;
  static final int ENOSPC = 28;
  static final int ENOSYS = 38;
  static final int EOPNOTSUPP = 95;
  static final int EDQUOT = 122;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO_FIELD =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private static final AddressLayout POINTER = ValueLayout.ADDRESS;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  // open is variadic: some ABIs pass its mode differently
  private static final MethodHandle OPEN =
      handle(
          "open",
          FunctionDescriptor.of(INT, POINTER, INT, INT),
          ERRNO,
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(INT, INT), ERRNO);
  private static final MethodHandle FALLOCATE =
      handle("fallocate", FunctionDescriptor.of(INT, INT, INT, LONG, LONG), ERRNO);
  private static final MethodHandle LSEEK =
      handle("lseek", FunctionDescriptor.of(LONG, INT, LONG, INT), ERRNO);
  private static final MethodHandle FLOCK =
      handle("flock", FunctionDescriptor.of(INT, INT, INT), ERRNO);
  private static final MethodHandle FSYNC = handle("fsync", FunctionDescriptor.of(INT, INT), ERRNO);
  private static final MethodHandle STRERROR =
      handle("strerror", FunctionDescriptor.of(POINTER, INT));

  /** The texts that the JDK puts into its exceptions for a full disk, in the process's language. */
  private static final String NO_SPACE_TEXT = text(ENOSPC);

  private static final String QUOTA_TEXT = text(EDQUOT);

  private Posix() {}

  private static MethodHandle handle(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, options);
  }

  /** Room for errno; one per thread that calls. */
  static MemorySegment state(Arena arena) {
    return arena.allocate(STATE);
  }

  private static int errno(MemorySegment state) {
    return (int) ERRNO_FIELD.get(state, 0L);
  }

  /** A descriptor, or -errno. */
  static int open(MemorySegment state, String path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path);
      int fd = (int) OPEN.invokeExact(state, name, flags | O_CLOEXEC, 0);
      return fd >= 0 ? fd : -errno(state);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  static void close(MemorySegment state, int fd) {
    try {
      int ignored = (int) CLOSE.invokeExact(state, fd);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /** 0 or an errno. */
  static int fallocate(MemorySegment state, int fd, int mode, long offset, long length) {
    try {
      while (true) {
        int rc = (int) FALLOCATE.invokeExact(state, fd, mode, offset, length);
        if (rc == 0) {
          return 0;
        }
        int e = errno(state);
        if (e != EINTR) {
          return e;
        }
      }
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /** A position, or -errno. */
  static long lseek(MemorySegment state, int fd, long offset, int whence) {
    try {
      long at = (long) LSEEK.invokeExact(state, fd, offset, whence);
      return at >= 0 ? at : -errno(state);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /** 0 or an errno. */
  static int flock(MemorySegment state, int fd, int operation) {
    try {
      int rc = (int) FLOCK.invokeExact(state, fd, operation);
      return rc == 0 ? 0 : errno(state);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /** 0 or an errno. */
  static int fsync(MemorySegment state, int fd) {
    try {
      int rc = (int) FSYNC.invokeExact(state, fd);
      return rc == 0 ? 0 : errno(state);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /** libc's text for an errno. */
  static String text(int errno) {
    try {
      MemorySegment s = (MemorySegment) STRERROR.invokeExact(errno);
      return s.reinterpret(1024).getString(0);
    } catch (Throwable t) {
      throw impossible(t);
    }
  }

  /** Whether an errno says that the disk (or the quota) is full. */
  static boolean full(int errno) {
    return errno == ENOSPC || errno == EDQUOT;
  }

  /** Whether the JDK's exception says so. */
  static boolean full(Throwable e) {
    String m = e.getMessage();
    return m != null && (m.contains(NO_SPACE_TEXT) || m.contains(QUOTA_TEXT));
  }

  private static AssertionError impossible(Throwable t) {
    return new AssertionError("a system call cannot throw", t);
  }
}
