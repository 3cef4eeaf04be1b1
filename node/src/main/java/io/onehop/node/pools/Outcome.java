package io.onehop.node.pools;

/**
 * How an administrative request ended.
 *
 * @param kind what to make of it
 * @param text one line for the operator
 */
public record Outcome(Kind kind, String text) {
  /** What to make of it. */
  public enum Kind {
    /** Done. */
    DONE,
    /** The request itself is wrong. */
    INVALID,
    /** There is no such pool (or node). */
    UNKNOWN,
    /** It cannot be done as things are. */
    REFUSED,
    /** Somebody who is needed did not answer. */
    UNREACHABLE
  }

  /** Done. */
  public static Outcome done(String text) {
    return new Outcome(Kind.DONE, text);
  }

  /** Refused. */
  public static Outcome refused(String text) {
    return new Outcome(Kind.REFUSED, text);
  }
}
