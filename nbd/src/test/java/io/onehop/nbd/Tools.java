package io.onehop.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** Programs of others that tests run against the server. */
final class Tools {
  private static final long LIMIT_SECONDS = 60;

  private Tools() {}

  /**
   * Skips the test, visibly, if {@code tool} is not installed; fails it if the comma-separated list
   * ONEHOP_REQUIRE_TOOLS names the tool.
   */
  static void require(String tool) {
    for (String dir : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      if (Files.isExecutable(Path.of(dir, tool))) {
        return;
      }
    }
    String required = System.getenv().getOrDefault("ONEHOP_REQUIRE_TOOLS", "");
    assertThat(Arrays.stream(required.split(",")).map(String::strip))
        .as("required tools, of which one is not installed")
        .doesNotContain(tool);
    System.out.println("SKIPPED-TOOL: " + tool);
    Assumptions.abort("SKIPPED-TOOL: " + tool);
  }

  /** Runs a program to its end in {@code folder}; returns what it printed; fails if it fails. */
  static String run(Path folder, String... command) throws IOException, InterruptedException {
    return run(folder, 0, command);
  }

  /** The same, expecting an exit code. */
  static String run(Path folder, int exit, String... command)
      throws IOException, InterruptedException {
    Path log = Files.createTempFile(folder, "tool", ".log");
    Process p =
        new ProcessBuilder(List.of(command))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      boolean ended = p.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
      String output = Files.readString(log);
      assertThat(ended).as("%s ends: %s", String.join(" ", command), output).isTrue();
      assertThat(p.exitValue()).as("%s: %s", String.join(" ", command), output).isEqualTo(exit);
      return output;
    } finally {
      p.destroyForcibly();
    }
  }
}
