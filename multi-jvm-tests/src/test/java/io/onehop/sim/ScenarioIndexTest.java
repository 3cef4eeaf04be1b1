package io.onehop.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.sim.script.Interpreter;
import io.onehop.sim.script.ScenarioText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The scenarios' README says what the files and the language say. */
final class ScenarioIndexTest {
  private static final Pattern FILE =
      Pattern.compile("\\| \\[([a-z0-9-]+)]\\(\\1\\.txt\\) \\| (.*) \\|(.*)\\|");
  private static final Pattern COMMAND = Pattern.compile("\\| `([^`]+)` \\| .*\\|");

  private static List<String> readme() throws IOException {
    return Files.readAllLines(Path.of("scenarios/README.md"));
  }

  /** Rows of the tables between two headings. */
  private static List<String> rows(String from, String to) throws IOException {
    List<String> all = readme();
    List<String> part = all.subList(all.indexOf(from), to.isEmpty() ? all.size() : all.indexOf(to));
    return part.stream().filter(l -> l.startsWith("| ")).toList();
  }

  @Test
  void indexListsEveryFileWithItsTitleAndRules() throws IOException {
    Map<String, String> said = new TreeMap<>();
    for (String row : rows("## Index", "## What the names stand for")) {
      Matcher m = FILE.matcher(row);
      if (m.matches()) {
        said.put(m.group(1), m.group(2) + " | " + m.group(3).strip());
      }
    }
    Map<String, String> there = new TreeMap<>();
    for (Path p : ScenarioTextsTest.files()) {
      ScenarioText t = ScenarioTextsTest.read(p);
      String rules = String.join(", ", t.offs().stream().map(ScenarioText.Off::rule).toList());
      there.put(t.file().replace(".txt", ""), t.title() + " | " + rules);
    }
    assertEquals(
        String.join("\n", there.entrySet().stream().map(String::valueOf).toList()),
        String.join("\n", said.entrySet().stream().map(String::valueOf).toList()));
  }

  @Test
  void everyCommandIsDescribed() throws IOException {
    TreeSet<String> said = new TreeSet<>();
    for (String row : rows("### Commands", "### Words")) {
      Matcher m = COMMAND.matcher(row);
      if (m.matches()) {
        said.add(m.group(1));
      }
    }
    assertEquals(String.join("\n", new TreeSet<>(Interpreter.patterns())), String.join("\n", said));
  }

  @Test
  void everyNameHasItsScenariosOrAReason() throws IOException {
    TreeSet<String> files = new TreeSet<>();
    for (Path p : ScenarioTextsTest.files()) {
      files.add(p.getFileName().toString().replace(".txt", ""));
    }
    List<String> problems = new ArrayList<>();
    Map<String, String> named = new LinkedHashMap<>();
    for (String row : rows("## What the names stand for", "")) {
      String[] cells = row.split("\\|", -1);
      String shown = cells[cells.length - 2].strip();
      named.merge(cells[1].strip(), shown, (a, b) -> a);
      for (String part : shown.split("; ", -1)) {
        if (!shown.equals("shown by")
            && !part.matches("(open|elsewhere|not ours): .{10,}")
            && !files.containsAll(List.of(part.split(", ", -1)))) {
          problems.add(row);
        }
      }
    }
    for (int i = 1; i <= 32; i++) {
      if (!named.containsKey("†" + i)
          || (i <= 24 && !named.containsKey("e" + i))
          || (i <= 12 && !named.containsKey("R" + i))) {
        problems.add("number " + i + " is missing");
      }
    }
    assertTrue(problems.isEmpty(), () -> String.join("\n", problems));
  }

  @Test
  void everyFileIsNamedForSomething() throws IOException {
    String names = String.join("\n", rows("## What the names stand for", ""));
    List<String> lost = new ArrayList<>();
    for (Path p : ScenarioTextsTest.files()) {
      String name = p.getFileName().toString().replace(".txt", "");
      if (!Pattern.compile("[ ,]" + name + "[ ,;]").matcher(names).find()) {
        lost.add(name);
      }
    }
    assertTrue(lost.isEmpty(), () -> "no name leads to " + lost);
  }
}
