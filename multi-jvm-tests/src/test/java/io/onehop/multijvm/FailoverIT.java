package io.onehop.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.chaos.Failover;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** {@code onehop bench failover}: every fault once; no pause may be one that nothing ends. */
@Tag("long")
class FailoverIT {
  /** A busy machine takes its time to start processes; nothing else takes nearly as long. */
  private static final double MOST_MILLIS = 40_000;

  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| (.+?) \\| (\\d+) \\| (\\d+) \\| .* \\| 1 \\|$");

  @Test
  void everyFaultOnce() throws Exception {
    ItFolder folder = ItFolder.make("FailoverIT");
    Path dir = folder.path().resolve("failover");
    System.setProperty("onehop.launcher", Dist.launcher().toString());
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
    boolean passed = false;
    try {
      assertThat(new Failover(dir, 1, out, System.out).call()).isZero();
      String table = said.toString(StandardCharsets.UTF_8);
      System.out.print(table);
      int rows = 0;
      for (Matcher m = ROW.matcher(table); m.find(); rows++) {
        assertThat(Double.parseDouble(m.group(3))).as(m.group(1)).isLessThan(MOST_MILLIS);
      }
      assertThat(rows).as("rows of " + table).isEqualTo(8);
      passed = true;
    } finally {
      System.clearProperty("onehop.launcher");
      folder.close(!passed);
    }
  }
}
