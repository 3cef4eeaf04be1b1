package io.onehop.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Many seeds with all rules on: no invariant breaks, and nothing that matters was left out. They
 * take some three minutes of two cores; the build knows no shorter way to trust a change.
 */
final class SimulatorTest {
  private static final long SEEDS = 20_000;
  private static final int LEAST_EVENTS = 600;
  private static final int LEAST_FAULTS = 3;

  @Test
  void noSeedBreaksAnInvariant() {
    long begin = System.nanoTime();
    Campaign c = new Campaign(Rules.ALL, 1, SEEDS).run(2);
    System.out.print(c.summary(System.nanoTime() - begin));
    SeedRun.Result failure = c.failure();
    if (failure != null) {
      fail(SimulateMain.report(failure, Rules.ALL));
    }
    assertEquals(SEEDS, c.runs());
    assertTrue(c.fewestEvents() >= LEAST_EVENTS, "a seed had only " + c.fewestEvents() + " events");
    assertTrue(c.meanFaults() >= LEAST_FAULTS, "only " + c.meanFaults() + " faults a seed");
    for (Situation s : Situation.values()) {
      assertTrue(c.met(s) > 0, "never met: " + s.text());
    }
  }

  @Test
  void theSameSeedTellsTheSameStory() {
    for (long seed = 1; seed <= 30; seed++) {
      List<String> first = new ArrayList<>();
      List<String> second = new ArrayList<>();
      SeedRun.run(Plan.draw(seed), Rules.ALL, Campaign.buffers(), first);
      SeedRun.run(Plan.draw(seed), Rules.ALL, Campaign.buffers(), second);
      assertEquals(first, second, "seed " + seed);
      assertTrue(first.size() > 100, "seed " + seed + " has a story");
    }
  }
}
