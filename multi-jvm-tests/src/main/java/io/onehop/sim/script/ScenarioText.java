package io.onehop.sim.script;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A scenario's text, cut into lines. {@code #} begins a comment (the first one is the title),
 * {@code ->} stands between a command and its answer.
 */
public final class ScenarioText {
  private static final String ARROW = "->";
  private static final Pattern OFF =
      Pattern.compile("with rule ([A-Za-z]+\\.[A-Za-z]+) off: fails with \"([^\"]+)\"");

  /**
   * The same text must fail without this rule.
   *
   * @param rule name of the switch
   * @param message what the failure's message must contain
   */
  public record Off(int line, String rule, String message) {}

  private final String file;
  private final String title;
  private final List<Line> lines;
  private final List<Off> offs;

  private ScenarioText(String file, String title, List<Line> lines, List<Off> offs) {
    this.file = file;
    this.title = title;
    this.lines = List.copyOf(lines);
    this.offs = List.copyOf(offs);
  }

  /**
   * Cuts a text.
   *
   * @param file its name, for messages
   * @throws ScriptError if it has no title or a broken line
   */
  public static ScenarioText parse(String file, String text) {
    String title = "";
    List<Line> lines = new ArrayList<>();
    List<Off> offs = new ArrayList<>();
    int number = 0;
    for (String raw : text.split("\n", -1)) {
      number++;
      String line = raw.strip();
      if (line.startsWith("#")) {
        title = title.isEmpty() ? line.substring(1).strip() : title;
      } else if (line.startsWith("with rule ")) {
        Matcher m = OFF.matcher(line);
        if (!m.matches()) {
          throw new ScriptError("write: with rule RULES.NAME off: fails with \"TEXT\"")
              .at(file, number);
        }
        offs.add(new Off(number, m.group(1), m.group(2)));
      } else if (!line.isEmpty()) {
        lines.add(line(file, number, line));
      }
    }
    if (title.isEmpty()) {
      throw new ScriptError("the first line must be a comment: the scenario's title").at(file, 1);
    }
    return new ScenarioText(file, title, lines, offs);
  }

  private static Line line(String file, int number, String text) {
    int arrow = text.indexOf(ARROW);
    if (arrow < 0) {
      return new Line(number, words(text), null);
    }
    String expected = text.substring(arrow + ARROW.length()).strip();
    if (expected.isEmpty()) {
      throw new ScriptError("there is no answer behind the arrow").at(file, number);
    }
    return new Line(number, words(text.substring(0, arrow)), expected);
  }

  private static String words(String text) {
    return text.strip().replaceAll("\\s+", " ");
  }

  /** The file's name, for messages. */
  public String file() {
    return file;
  }

  /** What it shows, in one line. */
  public String title() {
    return title;
  }

  /** Rules without which the same text must fail. */
  public List<Off> offs() {
    return offs;
  }

  List<Line> lines() {
    return lines;
  }

  /** Whether {@code actual} is what was expected; {@code ...} stands for any text. */
  static boolean matches(@Nullable String expected, String actual) {
    if (expected == null) {
      return false;
    }
    StringBuilder regex = new StringBuilder();
    for (String part : expected.split("\\.\\.\\.", -1)) {
      regex.append(regex.isEmpty() ? "" : ".*").append(Pattern.quote(part));
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL).matcher(actual).matches();
  }
}
