package io.onehop.node.pool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The tables of STATES.md. */
public final class StatesTable {
  private StatesTable() {}

  /** Rows of the table under this heading, the head of the table first. */
  public static List<List<String>> rows(String heading) {
    try {
      List<List<String>> rows = new ArrayList<>();
      boolean in = false;
      for (String line : Files.readAllLines(Path.of("STATES.md"))) {
        if (line.startsWith("#")) {
          in = line.equals("### " + heading);
        } else if (in && line.startsWith("|") && !line.startsWith("|---")) {
          String[] cells = line.substring(1, line.lastIndexOf('|')).split("\\|", -1);
          rows.add(Arrays.stream(cells).map(String::strip).toList());
        }
      }
      if (rows.size() < 2) {
        throw new AssertionError("STATES.md has no table '" + heading + "'");
      }
      return rows;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
