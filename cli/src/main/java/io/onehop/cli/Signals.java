package io.onehop.cli;

/** SIGTERM and SIGINT as an orderly end. */
final class Signals {
  /** The exit code of a command that was broken off. */
  static final int INTERRUPTED = 130;

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

  /** The process ends by itself: its own exit code counts. */
  static void ending() {
    ending = true;
  }

  /** A signal has begun to stop this process: what fails from now on is no news. */
  static boolean stopping() {
    return stopping;
  }
}
