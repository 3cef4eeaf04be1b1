package io.onehop.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Other people's programs. */
final class Tool {
  private static final int SECONDS = 180;

  private Tool() {}

  /**
   * How a program ended.
   *
   * @param code its exit code; -1 if it was killed after three minutes
   * @param said on stdout and stderr
   */
  record Ended(int code, String said) {
    /** The last line that it said. */
    String last() {
      List<String> lines = said.lines().filter(l -> !l.isBlank()).toList();
      return lines.isEmpty() ? "" : lines.getLast().strip();
    }
  }

  static boolean isThere(String program) {
    String path = System.getenv("PATH");
    for (String dir : (path == null ? "" : path).split(":", -1)) {
      if (!dir.isEmpty() && Files.isExecutable(Path.of(dir, program))) {
        return true;
      }
    }
    return false;
  }

  /** Runs a program to its end; what it says goes through {@code log}, which is written anew. */
  static Ended run(Path log, List<String> command) throws IOException, InterruptedException {
    ProcessBuilder b = new ProcessBuilder(command);
    Path folder = log.toAbsolutePath().getParent();
    if (folder != null) {
      b.directory(folder.toFile());
    }
    Process p =
        b.redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      boolean ended = p.waitFor(SECONDS, java.util.concurrent.TimeUnit.SECONDS);
      return new Ended(ended ? p.exitValue() : -1, Files.readString(log));
    } finally {
      p.descendants().forEach(ProcessHandle::destroyForcibly);
      p.destroyForcibly().waitFor();
    }
  }
}
