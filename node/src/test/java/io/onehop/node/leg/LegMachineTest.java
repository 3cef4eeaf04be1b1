package io.onehop.node.leg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.onehop.node.pool.StatesTable;
import io.onehop.node.pool.Views;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every state × every event of STATES.md's table of leg states. */
class LegMachineTest {
  private static final long OWN = 101;

  @TestFactory
  Stream<DynamicTest> everyCell() {
    List<List<String>> rows = StatesTable.rows("Leg states");
    List<DynamicTest> tests = new ArrayList<>();
    for (List<String> row : rows.subList(1, rows.size())) {
      for (int c = 1; c < row.size(); c++) {
        String state = row.get(0);
        String event = rows.get(0).get(c);
        String expected = row.get(c);
        if (!expected.equals("-")) {
          tests.add(dynamicTest(state + " | " + event, () -> cell(state, event, expected)));
        }
      }
    }
    return tests.stream();
  }

  private static void cell(String state, String event, String expected) {
    int self = state.equals("Witness") ? 2 : 0;
    LegMachine m = new LegMachine(self, self == 2 ? 0 : OWN);
    bring(m, state);
    assertEquals(state, m.life().getClass().getSimpleName());
    LegLife next = m.step(event(event, 2));
    String broken = m.violation().isEmpty() ? "" : "!";
    assertEquals(expected, next.getClass().getSimpleName() + broken);
  }

  private static void bring(LegMachine m, String state) {
    switch (state) {
      case "Starting" -> {}
      case "WaitingForView" -> m.step(event("in own", 1));
      case "Stale" -> adopt(m, "stale");
      case "Syncing" -> adopt(m, "syncing own");
      case "InSync", "Witness" -> adopt(m, "in own");
      case "ColdStarting" -> adopt(m, "in other");
      case "Failed" -> m.step(event("disk failed", 1));
      case "Stopped" -> m.step(event("stopped", 1));
      default -> throw new AssertionError(state);
    }
  }

  private static void adopt(LegMachine m, String view) {
    m.step(event(view, 1));
    m.step(event("adopted", 1));
  }

  private static LegEvent event(String name, long generation) {
    return switch (name) {
      case "in own" -> new LegEvent.Chosen(view(generation, LegState.IN_SYNC, OWN));
      case "in other" -> new LegEvent.Chosen(view(generation, LegState.IN_SYNC, 7));
      case "syncing own" -> new LegEvent.Chosen(view(generation, LegState.SYNCING, OWN));
      case "syncing other" -> new LegEvent.Chosen(view(generation, LegState.SYNCING, 7));
      case "stale" -> new LegEvent.Chosen(view(generation, LegState.STALE, 0));
      case "adopted" -> new LegEvent.Adopted(generation);
      case "disk failed" -> new LegEvent.DiskFailed("bad");
      case "stopped" -> new LegEvent.Stopped();
      default -> throw new AssertionError(name);
    };
  }

  private static PoolView view(long generation, LegState state, long incarnation) {
    PoolView v = Views.first(2);
    while (v.generation() < generation) {
      v = v.next(d -> d);
    }
    PoolView base = v;
    var members = new ArrayList<>(base.members());
    members.set(0, members.get(0).moved(state, incarnation, generation, ""));
    return new PoolView(
        base.pool(),
        base.name(),
        base.sizeBytes(),
        base.blockSize(),
        base.lineage(),
        base.generation(),
        members,
        0,
        null,
        null,
        base.phase(),
        base.policies());
  }

  @Test
  void aGenerationThatGoesBackIsNoticed() {
    LegMachine m = new LegMachine(0, OWN);
    m.step(new LegEvent.Adopted(5));
    m.step(new LegEvent.Adopted(4));
    assertEquals("adopted generation went back from 5 to 4", m.violation());
  }

  @Test
  void everyStateHasItsReason() {
    LegMachine m = new LegMachine(0, OWN);
    assertEquals("starts: reads the register", m.reason());
    m.step(event("stale", 1));
    assertEquals("starts: takes over generation 1", m.reason());
    m.step(event("syncing own", 2));
    m.step(event("adopted", 2));
    assertEquals("heals", m.reason());
    m.step(event("disk failed", 0));
    assertEquals("failed: bad", m.reason());
  }
}
