package io.onehop.node.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.leg.LegStatus;
import io.onehop.node.pool.StatesTable;
import io.onehop.node.pool.Views;
import io.onehop.node.recovery.RecoveryMachine.Step;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every step × every event of STATES.md's table of recovery steps. */
class RecoveryMachineTest {
  private static final long RUN = 101;
  private static final long G = 2;
  private static final long SECOND = 1_000_000_000L;

  private static PoolView view(Step goal, long generation) {
    PoolView v = Views.first(3);
    while (v.generation() < generation - 1) {
      v = v.next(d -> d);
    }
    return v.next(d ->
        switch (goal) {
          case MAPS, HEAL, HEALED ->
              d.member(0, d.members().get(0).moved(LegState.SYNCING, RUN, 2, ""));
          case GATHER, RECORD, COPY, RECONCILED -> d.phase(new Phase.Reconciling(0));
          case IDLE -> d;
        });
  }

  private static LegStatus own(long adopted) {
    return new LegStatus(RUN, adopted, 0, 0, null, 0, 0, 0, 0, 0, 0, -1, false, false, "");
  }

  private static RecoveryMachine at(Step goal, boolean unionFirst) {
    RecoveryMachine m = new RecoveryMachine(0, unionFirst);
    PoolView v = view(goal, G);
    m.step(new RecoveryEvent.Tick(), v, own(G), 0);
    for (LegEdge e : way(goal)) {
      m.step(new RecoveryEvent.Edge(e), v, own(G), 0);
    }
    assertEquals(goal, m.step());
    return m;
  }

  private static List<LegEdge> way(Step goal) {
    return switch (goal) {
      case IDLE, MAPS, GATHER -> List.of();
      case HEAL -> List.of(new LegEdge.MapsArrived(G));
      case HEALED -> List.of(new LegEdge.MapsArrived(G), new LegEdge.Healed(G));
      case RECORD -> List.of(new LegEdge.UnionGathered(G));
      case COPY -> List.of(new LegEdge.UnionGathered(G), new LegEdge.UnionRecorded(G));
      case RECONCILED ->
          List.of(
              new LegEdge.UnionGathered(G),
              new LegEdge.UnionRecorded(G),
              new LegEdge.UnionCopied(G));
    };
  }

  @TestFactory
  Stream<DynamicTest> everyCell() {
    List<List<String>> rows = StatesTable.rows("Recovery steps");
    assertEquals(Step.values().length, rows.size() - 1);
    List<DynamicTest> tests = new ArrayList<>();
    for (List<String> row : rows.subList(1, rows.size())) {
      for (int c = 1; c < row.size(); c++) {
        Step step = Step.valueOf(row.get(0));
        String event = rows.get(0).get(c);
        String expected = row.get(c);
        tests.add(dynamicTest(step + " | " + event, () -> cell(step, event, expected)));
      }
    }
    return tests.stream();
  }

  private static void cell(Step step, String event, String expected) {
    RecoveryMachine m = at(step, true);
    List<RecoveryEffect> out = new ArrayList<>();
    switch (event) {
      case "time" ->
          out.addAll(m.step(new RecoveryEvent.Tick(), view(step, G), own(G), 5 * SECOND));
      case "new generation" ->
          out.addAll(m.step(new RecoveryEvent.Tick(), view(step, G + 1), own(G + 1), 1));
      case "any of another generation" -> {
        for (LegEdge e : edges(G - 1)) {
          out.addAll(m.step(new RecoveryEvent.Edge(e), view(step, G), own(G), 1));
        }
      }
      default -> {
        List<String> names = List.of("maps arrived", "healed", "gathered", "recorded", "copied");
        LegEdge e = edges(G).get(names.indexOf(event));
        out.addAll(m.step(new RecoveryEvent.Edge(e), view(step, G), own(G), 1));
      }
    }
    StringBuilder text = new StringBuilder(m.step().toString());
    for (RecoveryEffect e : out) {
      text.append(": ").append(name(e));
    }
    assertEquals(expected, text.toString());
  }

  private static List<LegEdge> edges(long g) {
    return List.of(
        new LegEdge.MapsArrived(g),
        new LegEdge.Healed(g),
        new LegEdge.UnionGathered(g),
        new LegEdge.UnionRecorded(g),
        new LegEdge.UnionCopied(g));
  }

  private static String name(RecoveryEffect e) {
    return switch (e) {
      case RecoveryEffect.Order o -> o.order().getClass().getSimpleName();
      case RecoveryEffect.Reconciled r -> "Reconciled";
    };
  }

  @Test
  void nothingIsOrderedBeforeTheViewIsAdopted() {
    RecoveryMachine m = new RecoveryMachine(0, true);
    assertEquals(List.of(), m.step(new RecoveryEvent.Tick(), view(Step.MAPS, G), own(G - 1), 0));
    assertEquals(
        List.of(new RecoveryEffect.Order(new LegOrder.RequestMaps(G, 0b110))),
        m.step(new RecoveryEvent.Tick(), view(Step.MAPS, G), own(G), 0));
  }

  @Test
  void theNaiveFormCopiesBeforeAllCarryTheUnion() {
    RecoveryMachine m = at(Step.GATHER, false);
    assertEquals(
        List.of(new RecoveryEffect.Order(new LegOrder.CopyUnion(G, 0b110))),
        m.step(
            new RecoveryEvent.Edge(new LegEdge.UnionGathered(G)), view(Step.GATHER, G), own(G), 0));
  }
}
