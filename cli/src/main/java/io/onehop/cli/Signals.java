package io.onehop.cli;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** SIGTERM and SIGINT as an orderly end. */
final class Signals {
  /** The exit code of a command that was broken off. */
  static final int INTERRUPTED = 130;

  private static final int SIGINT = 2;
  private static final int SIGTERM = 15;

  // Larger than struct sigaction anywhere; it is only copied.
  private static final int SIGACTION_BYTES = 512;

  private static volatile boolean ending;
  private static volatile boolean stopping;

  private Signals() {}

  /**
   * At SIGTERM, SIGINT (or any exit of the JVM) runs {@code stop} once.
   *
   * @param exitCode after a signal: 0 where being stopped is a success, {@link #INTERRUPTED} where
   *     something was left undone
   */
  static void onStop(int exitCode, Runnable stop) {
    heedInterrupt();
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("onehop-stop")
                .unstarted(() -> {
                  // Read first: stopping may let the main thread return meanwhile.
                  boolean signalled = !ending;
                  stopping = signalled;
                  stop.run();
                  if (signalled) {
                    System.err.flush();
                    Runtime.getRuntime().halt(exitCode);
                  }
                }));
  }

  /**
   * Makes SIGINT count also where it was ignored when this process began, as a shell's script does
   * for what it starts in the background. The JVM leaves such a signal alone, but knows what to do
   * with it: it gets the native handler that SIGTERM has.
   */
  @SuppressWarnings("restricted") // sigaction is called as it is declared
  static void heedInterrupt() {
    if (!ignoresInterrupt()) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> symbol = linker.defaultLookup().find("sigaction");
    if (symbol.isEmpty()) {
      return;
    }
    MethodHandle sigaction =
        linker.downcallHandle(
            symbol.get(),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment action = arena.allocate(SIGACTION_BYTES, Long.BYTES);
      if ((int) sigaction.invokeExact(SIGTERM, MemorySegment.NULL, action) == 0) {
        int done = (int) sigaction.invokeExact(SIGINT, action, MemorySegment.NULL);
        assert done == 0;
      }
    } catch (Throwable e) {
      throw new IllegalStateException("sigaction: " + e, e);
    }
  }

  private static boolean ignoresInterrupt() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("SigIgn:")) {
          long mask = Long.parseUnsignedLong(line.substring(7).strip(), 16);
          return (mask & 1L << (SIGINT - 1)) != 0;
        }
      }
    } catch (IOException | NumberFormatException e) {
      // Not Linux: as the system has it.
    }
    return false;
  }

  /** The process ends by itself: its own exit code counts. */
  static void ending() {
    ending = true;
  }

  /** A signal has begun to stop this process: what fails from now on is no news. */
  static boolean stopping() {
    return stopping;
  }
}
