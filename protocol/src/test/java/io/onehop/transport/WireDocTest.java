package io.onehop.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** The tables of WIRE.md say what the constants say. */
final class WireDocTest {
  /** Name to first column, of the table under a heading. */
  private static Map<String, Integer> table(String heading, int nameColumn) throws IOException {
    Map<String, Integer> rows = new TreeMap<>();
    boolean inside = false;
    for (String line : Files.readAllLines(Path.of("WIRE.md"))) {
      if (line.startsWith("## ")) {
        inside = line.equals("## " + heading);
      } else if (inside && line.matches("\\| \\d+ \\|.*")) {
        String[] cells = line.split("\\|", -1);
        rows.put(cells[nameColumn].strip(), Integer.valueOf(cells[1].strip()));
      }
    }
    assertTrue(!rows.isEmpty(), "no table under " + heading);
    return rows;
  }

  private static Map<String, Integer> constants(Class<?> in, Predicate<String> which)
      throws IllegalAccessException {
    Map<String, Integer> values = new TreeMap<>();
    for (Field f : in.getFields()) {
      if (f.getType() == int.class && which.test(f.getName())) {
        values.put(f.getName(), f.getInt(null));
      }
    }
    return values;
  }

  @Test
  void types() throws Exception {
    assertEquals(constants(FrameType.class, n -> !n.startsWith("FLAG_")), table("Types", 2));
  }

  @Test
  void flags() throws Exception {
    Map<String, Integer> documented = new TreeMap<>();
    table("Flags", 2).forEach((name, value) -> documented.put("FLAG_" + name, value));
    assertEquals(constants(FrameType.class, n -> n.startsWith("FLAG_")), documented);
  }

  @Test
  void statuses() throws Exception {
    assertEquals(constants(Status.class, _ -> true), table("Statuses", 2));
  }

  @Test
  void headerOffsets() throws Exception {
    Map<String, Integer> documented = new TreeMap<>();
    table("Frame header", 3)
        .forEach((name, at) ->
            documented.put(name.toUpperCase(Locale.ROOT).replace(' ', '_') + "_AT", at));
    assertEquals(constants(FrameCodec.class, n -> n.endsWith("_AT")), documented);
  }

  @Test
  void headerIsDenseAndWhole() throws Exception {
    int next = 0;
    for (String line : Files.readAllLines(Path.of("WIRE.md"))) {
      if (next < FrameHeader.BYTES && line.startsWith("| " + next + " | ")) {
        next += Integer.parseInt(line.split("\\|", -1)[2].strip());
      }
    }
    assertEquals(FrameHeader.BYTES, next);
  }
}
