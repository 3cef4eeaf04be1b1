package io.onehop.sim.script;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One way to say something.
 *
 * @param pattern words and places for names: <code>{client} writes {blocks} {value}</code>; a digit
 *     behind the kind tells two places of one kind apart
 * @param kind what is done with it
 * @param action what it does; its result is the answer
 */
record Phrase(String pattern, Kind kind, Pattern regex, Action action) {
  /** What a line with such a phrase is. */
  enum Kind {
    /** About the pool to be made; first in the text. */
    SETUP,
    /** Has no answer. */
    DO,
    /** May not come true, which fails the scenario; has no answer. */
    WAIT,
    /** Has an answer, which the text must expect. */
    ASK,
    /** As ASK; the last line. */
    END
  }

  /** Does what the phrase says. */
  interface Action {
    /** Returns the answer, or any text if the phrase has none. */
    String act(Play play, Words words);
  }

  /** What stands in a phrase's places. */
  record Words(Map<String, String> by) {
    /** The word in this place. */
    String get(String place) {
      String word = by.get(place);
      if (word == null) {
        throw new IllegalArgumentException("no place " + place);
      }
      return word;
    }

    /** The blocks in place {@code blocks}. */
    Blocks blocks() {
      return Blocks.of(get("blocks"));
    }

    /** Several names: {@code a, b and c1}. */
    String[] names(String place) {
      return get(place).split(", | and ", -1);
    }

    /** The time in place {@code time}, ns. */
    long time() {
      return Times.parse(get("time"));
    }
  }

  private static final String NAME = "[a-z]\\d?";
  private static final Pattern PLACE = Pattern.compile("\\{([a-z]+)(\\d?)}");
  private static final Map<String, String> KINDS = kinds();

  private static Map<String, String> kinds() {
    Map<String, String> kinds = new HashMap<>();
    kinds.put("process", NAME);
    kinds.put("processes", NAME + "(?:(?:, | and )" + NAME + ")*");
    kinds.put("node", "[abdew]\\d?|c");
    kinds.put("nodes", "(?:[abdew]\\d?|c)(?:(?:, | and )(?:[abdew]\\d?|c))*");
    kinds.put("leg", "[a-e]");
    kinds.put("client", "c\\d");
    kinds.put("names", NAME + "(?: " + NAME + ")*");
    kinds.put("blocks", Blocks.REGEX);
    kinds.put("value", "\\w+");
    kinds.put("time", Times.REGEX);
    kinds.put("nth", "\\d+(?:st|nd|rd|th)");
    kinds.put("state", "in-sync|syncing|stale");
    kinds.put("frame", "[a-z ]+?");
    kinds.put("edge", "[a-z ]+?");
    kinds.put("change", "[a-z -]+?");
    kinds.put("settings", ".+");
    kinds.put("moment", "[^:]+?");
    kinds.put("command", ".+");
    return kinds;
  }

  static Phrase of(Kind kind, String pattern, Action action) {
    StringBuilder regex = new StringBuilder();
    Matcher m = PLACE.matcher(pattern);
    int at = 0;
    while (m.find()) {
      regex.append(Pattern.quote(pattern.substring(at, m.start())));
      String which = KINDS.get(m.group(1));
      if (which == null) {
        throw new IllegalArgumentException("no kind of place " + m.group(1));
      }
      regex.append("(?<").append(m.group(1)).append(m.group(2)).append('>');
      regex.append(which).append(')');
      at = m.end();
    }
    regex.append(Pattern.quote(pattern.substring(at)));
    return new Phrase(pattern, kind, Pattern.compile(regex.toString()), action);
  }

  /** What stands in the places if the command is said this way, else null. */
  @Nullable Words match(String command) {
    Matcher m = regex.matcher(command);
    if (!m.matches()) {
      return null;
    }
    Map<String, String> words = new LinkedHashMap<>();
    for (String place : m.namedGroups().keySet()) {
      words.put(place, m.group(place));
    }
    return new Words(words);
  }
}
