package io.onehop.multijvm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The unpacked distribution under test: the folder that the system property onehop.dist names. */
final class Dist {
  /** Children end, in order, when the process that started them does: by the end of their stdin. */
  private static final String BOUND = "ONEHOP_BOUND_TO_STDIN";

  private static final String JAVA_OPTIONS = "ONEHOP_JAVA_OPTS";
  private static final int COMMAND_SECONDS = 60;

  private Dist() {}

  /**
   * How a command ended.
   *
   * @param code its exit code
   * @param out what it said on stdout
   * @param err what it said on stderr
   */
  record Ended(int code, String out, String err) {}

  static Path launcher() {
    String dist = System.getProperty("onehop.dist");
    if (dist == null) {
      throw new IllegalStateException(
          "the system property onehop.dist must name an unpacked distribution");
    }
    Path launcher = Path.of(dist, "onehop").toAbsolutePath();
    if (!Files.isExecutable(launcher)) {
      throw new IllegalStateException(launcher + " is not there: was the distribution built?");
    }
    return launcher;
  }

  /** A process that is to run until it is stopped; its stdout is a pipe if {@code pipe}. */
  static Process start(Path log, boolean pipe, String... arguments) {
    return start(log, pipe, List.of(), arguments);
  }

  /** The same with more options for its JVM. */
  static Process start(Path log, boolean pipe, List<String> options, String... arguments) {
    ProcessBuilder b = builder(arguments);
    for (String o : options) {
      b.environment().merge(JAVA_OPTIONS, o, (a, more) -> a + " " + more);
    }
    b.environment().put(BOUND, "1");
    b.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    if (!pipe) {
      b.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    }
    try {
      return b.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same for one whose temporary folders are to be made in {@code temp}. */
  static Process startWithin(Path temp, Path log, String... arguments) {
    ProcessBuilder b = builder(arguments);
    b.environment().merge(JAVA_OPTIONS, "-Djava.io.tmpdir=" + temp, (a, o) -> a + " " + o);
    b.environment().put(BOUND, "1");
    b.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    try {
      return b.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A command that ends by itself; killed after a minute. */
  static Ended run(Path folder, String... arguments) {
    return run(folder, COMMAND_SECONDS, arguments);
  }

  /** A command that ends by itself; killed after {@code seconds}. */
  static Ended run(Path folder, int seconds, String... arguments) {
    return finish(builder(arguments), folder, seconds);
  }

  /** A program of the system, as found by PATH. */
  static Ended tool(Path folder, int seconds, String... command) {
    return finish(new ProcessBuilder(command), folder, seconds);
  }

  private static Ended finish(ProcessBuilder b, Path folder, int seconds) {
    Path out = null;
    Path err = null;
    try {
      out = Files.createTempFile(folder, "out", ".txt");
      err = Files.createTempFile(folder, "err", ".txt");
      b.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
      Process p = b.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
      boolean ended = p.waitFor(seconds, TimeUnit.SECONDS);
      if (!ended) {
        p.destroyForcibly().waitFor();
      }
      int code = ended ? p.exitValue() : -1;
      return new Ended(code, Files.readString(out), Files.readString(err));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } finally {
      try {
        if (out != null) {
          Files.deleteIfExists(out);
        }
        if (err != null) {
          Files.deleteIfExists(err);
        }
      } catch (IOException e) {
        System.err.println("cannot remove a temporary file: " + e);
      }
    }
  }

  private static ProcessBuilder builder(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(launcher().toString());
    command.addAll(List.of(arguments));
    ProcessBuilder b = new ProcessBuilder(command);
    Map<String, String> env = b.environment();
    env.remove("ONEHOP_SERVER");
    // Many short-lived JVMs on few cores: the second compiler would cost more than it brings.
    env.put(JAVA_OPTIONS, "-XX:TieredStopAtLevel=1");
    return b;
  }
}
