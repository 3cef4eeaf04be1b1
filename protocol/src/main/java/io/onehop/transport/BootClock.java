package io.onehop.transport;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Linux's CLOCK_BOOTTIME: nanoseconds since boot, counting suspend, as leases need it (rule 5.4);
 * {@code System.nanoTime} stands still while a machine sleeps. Comparable between processes of one
 * boot of one machine only. Thread-safe; allocates nothing per call.
 */
public final class BootClock {
  private static final int CLOCK_BOOTTIME = 7;
  private static final MethodHandle CLOCK_GETTIME = link();

  // struct timespec: seconds, nanoseconds.
  private final MemorySegment timespec = Arena.ofAuto().allocate(16, 8);

  /** A clock of its own; instances only differ in the lock that their callers share. */
  public BootClock() {}

  // A leaf call of some ten nanoseconds: "critical" spares it the thread state transition.
  @SuppressWarnings("restricted")
  private static MethodHandle link() {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("clock_gettime"),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS),
        Linker.Option.critical(false));
  }

  /**
   * Now, in nanoseconds.
   *
   * @throws IllegalStateException if the system has no such clock (it is no Linux)
   */
  public synchronized long nanos() {
    int rc;
    try {
      rc = (int) CLOCK_GETTIME.invokeExact(CLOCK_BOOTTIME, timespec);
    } catch (Throwable e) {
      throw new IllegalStateException("clock_gettime cannot be called", e);
    }
    if (rc != 0) {
      throw new IllegalStateException("this system has no CLOCK_BOOTTIME; OneHop needs Linux");
    }
    return timespec.get(ValueLayout.JAVA_LONG, 0) * 1_000_000_000L
        + timespec.get(ValueLayout.JAVA_LONG, 8);
  }
}
