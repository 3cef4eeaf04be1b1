package io.onehop.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node that was away for long is heard again soon: nobody waits for a back-off that grew in the
 * meantime, in either direction.
 */
@Timeout(120)
class ReturnTimeTest {
  private static final String CREATE =
      "{\"name\":\"vol\",\"sizeBytes\":4194304,\"data\":[\"a\"],\"witness\":[\"w\",\"v\"]}";

  /** Times away: just after the tries at 1, 3 and 7 s that Pekko's own back-off would make. */
  private static final int[] AWAY_MILLIS = {4_000, 4_500};

  @TempDir Path folder;

  @Test
  void aNodeThatWasAwayForLongIsHeardSoon() throws Exception {
    long slowest = 0;
    try (TestNodes nodes = new TestNodes(folder, "a", "w", "v")) {
      nodes.start("a");
      nodes.start("w");
      nodes.start("v");
      assertThat(nodes.call("a", "POST", "/v1/pools", CREATE).status()).isEqualTo(201);
      nodes.stop("v"); // so w, to read the register, needs a
      for (int away : AWAY_MILLIS) {
        nodes.stop("w");
        await().atMost(Duration.ofSeconds(40)).pollDelay(Duration.ofMillis(away)).until(() -> true);
        nodes.start("w");
        long begin = System.nanoTime();
        await()
            .atMost(Duration.ofSeconds(20))
            .pollDelay(Duration.ZERO)
            .pollInterval(Duration.ofMillis(20))
            .until(() -> nodes.pool("w", "vol").path("generation").asLong() > 0);
        long took = (System.nanoTime() - begin) / 1_000_000;
        System.out.println("away " + away + " ms, knows the view again after " + took + " ms");
        slowest = Math.max(slowest, took);
      }
    }
    assertThat(slowest).as("until the register was read, ms").isLessThan(2_500);
  }
}
