package io.onehop.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code onehop demo}: killed in the middle, and then told to its end. */
class DemoIT {
  @Test
  void killedInTheMiddleAndThenToldToItsEnd() throws Exception {
    ItFolder folder = ItFolder.make("DemoIT");
    boolean passed = false;
    try {
      Path temp = Files.createDirectory(folder.path().resolve("tmp"));
      Path log = folder.path().resolve("demo.log");
      Process killed = Dist.startWithin(temp, log, "demo", "--size", "64M");
      folder.remember(killed);
      awaitLine(killed, "SIGKILL to ");
      killed.destroyForcibly().waitFor();
      Eventually.await(
          "what the killed demo had started is gone",
          15,
          () -> ItFolder.processesNaming(temp).isEmpty());
      assertThat(demoFolders(temp)).as("a killed demo leaves its folder").hasSize(1);

      Process demo = Dist.startWithin(temp, log, "demo", "--size", "64M");
      folder.remember(demo);
      String summary = awaitLine(demo, "everything held");
      assertThat(summary).contains("resync bytes through the client  0");
      assertThat(demo.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(demo.exitValue()).as("exit code of demo").isZero();
      assertThat(ItFolder.processesNaming(temp)).as("processes left behind").isEmpty();
      assertThat(demoFolders(temp)).as("folders left behind").isEmpty();
      passed = true;
    } finally {
      folder.close(!passed);
    }
  }

  private static List<Path> demoFolders(Path temp) throws IOException {
    try (Stream<Path> all = Files.list(temp)) {
      return all.filter(p -> String.valueOf(p.getFileName()).startsWith("onehop-demo-")).toList();
    }
  }

  /** Everything said until a line begins like this. */
  private static String awaitLine(Process p, String beginning) throws IOException {
    StringBuilder said = new StringBuilder();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(p.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      said.append(line).append('\n');
      if (line.startsWith(beginning)) {
        return said.toString();
      }
    }
    throw new AssertionError("demo never said '" + beginning + "' but: " + said);
  }
}
