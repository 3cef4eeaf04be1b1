package io.onehop.sim.script;

import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Blocks as texts name them: {@code x}, {@code y}, {@code z}, {@code block 7}, {@code blocks 4 to
 * 7}.
 *
 * @param first from 0
 * @param count 1 or more
 */
public record Blocks(int first, int count) {
  /** Blocks of a pool in texts. */
  public static final int POOL = 16;

  static final String REGEX = "[xyz]|block \\d+|blocks \\d+ to \\d+";
  private static final String LETTERS = "xyz";
  private static final Pattern NUMBERS = Pattern.compile("blocks? (\\d+)(?: to (\\d+))?");

  /** Checks the range. */
  public Blocks {
    if (first < 0 || count < 1 || first + count > POOL) {
      throw new ScriptError("the pool has blocks 0 to " + (POOL - 1));
    }
  }

  static Blocks of(String text) {
    if (text.length() == 1) {
      return new Blocks(LETTERS.indexOf(text), 1);
    }
    Matcher m = NUMBERS.matcher(text);
    if (!m.matches()) {
      throw new ScriptError("no block: " + text);
    }
    int first = Integer.parseInt(m.group(1));
    int last = m.group(2) == null ? first : Integer.parseInt(m.group(2));
    return new Blocks(first, last - first + 1);
  }

  /** One block's name. */
  public static String name(int block) {
    return block < LETTERS.length() ? String.valueOf(LETTERS.charAt(block)) : "block " + block;
  }

  /** Names of the blocks for which it holds, or "nothing". */
  public static String names(IntPredicate which) {
    StringBuilder s = new StringBuilder();
    for (int b = 0; b < POOL; b++) {
      if (which.test(b)) {
        s.append(s.isEmpty() ? "" : ", ").append(name(b));
      }
    }
    return s.isEmpty() ? "nothing" : s.toString();
  }
}
