package io.onehop.node.pool;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every row of the table of view changes in STATES.md, driven through the pool machine. */
class StatesTableTest {
  @TestFactory
  Stream<DynamicTest> everyRow() {
    return rows("View changes", r -> ControlRules.ALL);
  }

  @TestFactory
  Stream<DynamicTest> everyNaiveForm() {
    return rows("Naive forms", Rules::without);
  }

  private static Stream<DynamicTest> rows(String heading, Function<String, ControlRules> rules) {
    List<List<String>> rows = StatesTable.rows(heading);
    return IntStream.range(1, rows.size())
        .mapToObj(i -> {
          List<String> r = rows.get(i);
          String name = r.get(0) + " | " + r.get(1) + " | " + r.get(2) + " | " + r.get(3);
          return dynamicTest(
              name,
              () -> {
                TableRow row = new TableRow(r.get(1), r.get(2), rules.apply(r.get(0)));
                Assertions.assertEquals(r.get(4), row.play(r.get(3)));
              });
        });
  }
}
