package io.onehop.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.sim.script.ScenarioText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Every rule is needed: turned off, some seed or a named scenario breaks an invariant. The table is
 * printed, with how many seeds it took. What processes that are killed cannot show is listed as
 * open, with the reason.
 */
final class RuleSwitchTest {
  /** Enough for what random faults meet at all. */
  private static final long SEEDS = 5_000;

  /** A try, where a scenario shows it anyway. */
  private static final long FEW_SEEDS = 100;

  /** Rule and trace that each switch stands for. */
  private static final Map<String, String> RULES =
      Map.ofEntries(
          Map.entry("LegRules.recordFirst", "3.1 †1"),
          Map.entry("LegRules.barrier", "2.1 †8"),
          Map.entry("LegRules.markAtAdoption", "2.2"),
          Map.entry("LegRules.sinceDecides", "2.2, 2.3 †9"),
          Map.entry("LegRules.syncingMovesOwn", "2.4 †3"),
          Map.entry("LegRules.forgetFresh", "2.4 †4b"),
          Map.entry("LegRules.forgetMaps", "2.4 †4a"),
          Map.entry("LegRules.suspectsDurable", "6.2 †5"),
          Map.entry("LegRules.marksSurvive", "3.2 †6"),
          Map.entry("LegRules.duplicates", "3.4 †15"),
          Map.entry("LegRules.unionIntoMaps", "7.2 †4"),
          Map.entry("LegRules.unionRecorded", "7.2 †11"),
          Map.entry("LegRules.unconfirmedKept", "7.3"),
          Map.entry("LegRules.mapGeneration", "6.4 †26"),
          Map.entry("LegRules.allMapsFirst", "6.4 †26"),
          Map.entry("LegRules.fetchChecked", "6.5 †26"),
          Map.entry("LegRules.clearChecked", "6.7 †25"),
          Map.entry("LegRules.generationDurable", "2.5 †32"),
          Map.entry("LegRules.suspectsToMaps", "8.4 †14a"),
          Map.entry("LegRules.mediaErrorWithUnconfirmedFails", "4.3"),
          Map.entry("LegRules.mediaKept", "4.3, 8.4"),
          Map.entry("LegRules.doubtTravels", "6.6 †10"),
          Map.entry("LegRules.thirdLegMaps", "6.8 †7"),
          Map.entry("LegRules.mapsBeforeReads", "4.2"),
          Map.entry("ClientRules.countAfterAdoption", "3.3"),
          Map.entry("ClientRules.voidOldAnswers", "3.3 †9"),
          Map.entry("ClientRules.watermarkOverWriteSet", "3.6 †2"),
          Map.entry("ClientRules.holdFailedWrites", "3.7 †12"),
          Map.entry("ClientRules.flushWriteSet", "3.8 †13"),
          Map.entry("ClientRules.lease", "5.4 †17"),
          Map.entry("ClientRules.leaseByWriteSet", "5.4"),
          Map.entry("ClientRules.sameSequence", "3.3"),
          Map.entry("ClientRules.oldEpochAnswersDropped", "3.3, 5.3"),
          Map.entry("ClientRules.resendAllOnResume", "5.3"),
          Map.entry("ClientRules.erroredWritesLeaveOnResume", "5.3"),
          Map.entry("ClientRules.fencedForGood", "5.3"),
          Map.entry("ControlRules.exactGeneration", "1.3, 1.4 †18"),
          Map.entry("ControlRules.chosenOnly", "1.1 †19"),
          Map.entry("ControlRules.endsByReconciling", "5.1 †16"),
          Map.entry("ControlRules.unionFirst", "7.2 †11"),
          Map.entry("ControlRules.leaseWait", "5.4 †17"),
          Map.entry("ControlRules.livingLegFirst", "8.4 †14b"),
          Map.entry("ControlRules.coldStartEndsSession", "8.4 †14c"),
          Map.entry("ControlRules.promotionExactGeneration", "6.9"),
          Map.entry("ControlRules.neverStraightInSync", "6.3"),
          Map.entry("ControlRules.takeoverBars", "5.1"),
          Map.entry("ControlRules.resumeOnlyLast", "5.3"),
          Map.entry("ControlRules.leaseNamesVoters", "5.4"),
          Map.entry("ControlRules.steadyReturn", "1.5"),
          Map.entry("ControlRules.lineageBinds", "8.6 †27"),
          Map.entry("ControlRules.bothMajorities", "1.1"),
          Map.entry("ControlRules.sameVoterOnly", "1.2"),
          Map.entry("ControlRules.keptOutStays", "8.6"));

  /** What cannot show here, and why. */
  private static final Map<String, String> OPEN =
      Map.ofEntries(
          Map.entry(
              "LegRules.suspectsDurable",
              "waits for intent logs: after power loss a leg fetches everything, and a killed"
                  + " process leaves its unconfirmed set"),
          Map.entry(
              "LegRules.unionRecorded",
              "shielded by 6.6: what the first copy fetched carries its doubt"),
          Map.entry("LegRules.mediaKept", "shown by node.books.UnreadableTest"),
          Map.entry("ClientRules.erroredWritesLeaveOnResume", "shown by client.ResumeTest"),
          Map.entry(
              "ClientRules.fencedForGood", "shown by client.FencedTest; the legs refuse, too"),
          Map.entry(
              "ControlRules.resumeOnlyLast", "shown by pool.TakeoverTest; the client ends, too"),
          Map.entry("ControlRules.leaseNamesVoters", "shown by pool.PoolScenarioTest"),
          Map.entry("ControlRules.lineageBinds", "shown by pool.LineageRulesTest"),
          Map.entry("ControlRules.bothMajorities", "shown by pool.LineageRulesTest"),
          Map.entry("ControlRules.sameVoterOnly", "shown by pool.LineageRulesTest"),
          Map.entry("ControlRules.keptOutStays", "shown by pool.KeptOutTest"));

  @Test
  void everyRuleIsMissed() throws IOException {
    System.out.println("rule           off by                                   shown by");
    List<String> unseen = new ArrayList<>();
    for (RuleSwitch s : RuleSwitch.all()) {
      String found = OPEN.containsKey(s.name()) ? "open: " + OPEN.get(s.name()) : show(s);
      if (found.isEmpty()) {
        unseen.add(s.name());
      }
      System.out.printf(
          "%-14s %-40s %s%n",
          RULES.getOrDefault(s.name(), "?"), s.name(), found.isEmpty() ? "NOT SEEN" : found);
    }
    assertTrue(unseen.isEmpty(), "no seed and no scenario misses " + unseen);
    assertTrue(
        RuleSwitch.all().stream().allMatch(s -> RULES.containsKey(s.name())),
        "a switch without its rule");
  }

  private static String show(RuleSwitch s) throws IOException {
    String scenario = scenario(s.name());
    Campaign c =
        new Campaign(s.rules(), 1, scenario.isEmpty() ? SEEDS : FEW_SEEDS)
            .run(Runtime.getRuntime().availableProcessors());
    SeedRun.Result f = c.failure();
    Violation v = f == null ? null : f.violation();
    if (f != null && v != null) {
      return "seed %d of %d runs: %s".formatted(f.plan().seed(), c.runs(), v.getMessage());
    }
    return scenario;
  }

  /** The scenario that breaks without this rule, as other tests show; empty if none does. */
  private static String scenario(String rule) throws IOException {
    for (Scenario scenario : Scenario.all()) {
      if (scenario.withoutRule().equals(rule)) {
        return "scenario " + scenario.name(); // ScenarioTest plays it with and without the rule
      }
    }
    for (Path file : ScenarioTextsTest.files()) {
      for (ScenarioText.Off off : ScenarioTextsTest.read(file).offs()) {
        if (off.rule().equals(rule)) {
          return "scenario text " + file.getFileName(); // played by ScenarioTextsTest
        }
      }
    }
    return "";
  }
}
