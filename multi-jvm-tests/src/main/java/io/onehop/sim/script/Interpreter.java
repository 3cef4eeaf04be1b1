package io.onehop.sim.script;

import io.onehop.sim.script.Phrase.Kind;
import io.onehop.sim.script.Phrase.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Plays scenario texts. */
public final class Interpreter {
  private static final Pattern WITHIN = Pattern.compile("(.+) within (" + Times.REGEX + ")");
  private static final List<Phrase> PHRASES = Phrases.all();

  private final ScriptedPool.Maker maker;

  /** Plays on pools of this maker. */
  public Interpreter(ScriptedPool.Maker maker) {
    this.maker = maker;
  }

  /** A command that was understood. */
  record Bound(Phrase phrase, Words words, long patience) {
    String act(Play play) {
      return phrase.action().act(play, words);
    }
  }

  /** Every way to say something, as in the language's description. */
  public static List<String> patterns() {
    return PHRASES.stream().map(Phrase::pattern).toList();
  }

  /**
   * Plays a text.
   *
   * @param off name of the switch of a rule to be off, or null
   * @param story gets one line per event of the pool, or null
   * @return the transcript
   * @throws ScriptError if the text cannot be played
   * @throws ScenarioFailed if an answer is another one or an invariant is broken
   */
  public String play(ScenarioText text, @Nullable String off, @Nullable List<String> story) {
    List<Bound> commands = understand(text);
    Transcript transcript = new Transcript();
    Play play = new Play(maker, off, story, transcript);
    for (int i = 0; i < commands.size(); i++) {
      step(text, text.lines().get(i), commands.get(i), play, transcript);
    }
    return transcript.toString();
  }

  private static void step(
      ScenarioText text, Line line, Bound command, Play play, Transcript transcript) {
    long begun = play.now();
    String actual;
    try {
      play.patience(command.patience());
      actual = command.act(play);
    } catch (ScriptError e) {
      throw e.at(text.file(), line.number());
    } catch (Play.Stuck | InvariantBroken e) {
      transcript.broken(begun, line, String.valueOf(e.getMessage()));
      throw failed(text, line, String.valueOf(e.getMessage()), transcript, e);
    }
    transcript.add(begun, line, actual);
    String expected = line.expected();
    if (expected != null && !ScenarioText.matches(expected, actual)) {
      String message = "'%s' -> %s; expected %s".formatted(line.command(), actual, expected);
      throw failed(text, line, message, transcript, null);
    }
  }

  private static ScenarioFailed failed(
      ScenarioText text, Line line, String message, Transcript t, @Nullable Throwable cause) {
    String where = "%s:%d: ".formatted(text.file(), line.number());
    return new ScenarioFailed(where + message, t.toString(), cause);
  }

  /** Understands every line before the first one is played. */
  private static List<Bound> understand(ScenarioText text) {
    List<Bound> commands = new ArrayList<>();
    boolean setup = true;
    for (int i = 0; i < text.lines().size(); i++) {
      Line line = text.lines().get(i);
      try {
        Bound b = bind(line.command());
        setup &= b.phrase.kind() == Kind.SETUP;
        check(line, b.phrase.kind(), setup, i == text.lines().size() - 1);
        commands.add(b);
      } catch (ScriptError e) {
        throw e.at(text.file(), line.number());
      }
    }
    if (commands.isEmpty()) {
      throw new ScriptError("there is nothing to play").at(text.file(), 1);
    }
    return commands;
  }

  private static void check(Line line, Kind kind, boolean setup, boolean last) {
    boolean asks = kind == Kind.ASK || kind == Kind.END;
    if (asks && line.expected() == null) {
      throw new ScriptError("say which answer is expected: " + line.command() + " -> ...");
    }
    if (!asks && line.expected() != null) {
      throw new ScriptError("this has no answer: " + line.command());
    }
    if (kind == Kind.SETUP && !setup) {
      throw new ScriptError("the pool is described before anything happens");
    }
    if (last != (kind == Kind.END)) {
      throw new ScriptError("the last line, and no other, is: finally all is well -> ...");
    }
  }

  /** Understands one command. */
  static Bound bind(String command) {
    for (Phrase p : PHRASES) {
      Words w = p.match(command);
      if (w != null) {
        return new Bound(p, w, 0);
      }
    }
    Matcher m = WITHIN.matcher(command);
    if (m.matches()) {
      Bound b = bind(m.group(1));
      return new Bound(b.phrase, b.words, Times.parse(m.group(2)));
    }
    throw new ScriptError("nothing can be said like this: " + command);
  }
}
