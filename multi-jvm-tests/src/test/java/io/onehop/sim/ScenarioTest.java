package io.onehop.sim;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Directed traces: nothing breaks with all rules on, and something does without the one they show.
 */
final class ScenarioTest {
  static Stream<Scenario> scenarios() {
    return Scenario.all().stream();
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void holdsWithAllRules(Scenario scenario) {
    List<String> story = new ArrayList<>();
    try {
      scenario.play(Rules.ALL, Campaign.buffers(), story);
    } catch (Violation v) {
      fail(scenario.name() + ": " + v.getMessage() + "\n" + String.join("\n", story), v);
    }
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void breaksWithoutTheRule(Scenario scenario) {
    Rules without = RuleSwitch.named(scenario.withoutRule()).rules();
    List<String> story = new ArrayList<>();
    Violation v = null;
    try {
      scenario.play(without, Campaign.buffers(), story);
    } catch (Violation found) {
      v = found;
    }
    if (v == null) {
      throw new AssertionError("nothing was broken\n" + String.join("\n", story));
    }
    assertNotEquals("scenario", v.kind, v.getMessage());
    System.out.printf(
        "%s without %s: %s%n", scenario.name(), scenario.withoutRule(), v.getMessage());
  }
}
