package io.onehop.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Starts OneHop processes by the launcher that started this one. */
final class Launch {
  /** Children end, in order, when the process that started them does: by the end of their stdin. */
  private static final String BOUND = "ONEHOP_BOUND_TO_STDIN";

  private static final String OPTIONS = "ONEHOP_JAVA_OPTS";

  private Launch() {}

  /** The launcher's script. */
  static Path launcher() throws ChaosException {
    String launcher = System.getProperty("onehop.launcher");
    if (launcher == null || !Files.isExecutable(Path.of(launcher))) {
      throw new ChaosException("not started by the onehop script: it knows the JVM to use");
    }
    return Path.of(launcher);
  }

  /**
   * Starts {@code onehop ARGS}, out of reach of a terminal's Ctrl-C.
   *
   * @param log what it says on stderr is appended to it
   * @param pipe its stdout is read by us; otherwise it goes to the log, too
   * @param options more for its JVM, separated by blanks; "" for none
   */
  static Process process(Path log, boolean pipe, String options, String... args)
      throws IOException {
    List<String> command = new ArrayList<>(List.of("setsid", launcher().toString()));
    command.addAll(List.of(args));
    ProcessBuilder b = new ProcessBuilder(command);
    b.environment().put(BOUND, "1");
    b.environment().remove("ONEHOP_SERVER");
    b.environment().merge(OPTIONS, options.strip(), (a, o) -> a + " " + o);
    b.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    if (!pipe) {
      b.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    }
    return b.start();
  }

  /** Sends a signal by its name. */
  static void signal(Process p, String name) throws IOException {
    Process kill = new ProcessBuilder("kill", "-" + name, "" + p.pid()).start();
    ended(kill, 5);
  }

  /** SIGKILL; returns when it is gone. */
  static void kill(Process p) {
    p.destroyForcibly();
    ended(p, 10);
  }

  /** Whether it ends in time. */
  static boolean ended(Process p, int seconds) {
    try {
      return p.waitFor(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
