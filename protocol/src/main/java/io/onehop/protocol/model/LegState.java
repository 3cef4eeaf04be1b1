package io.onehop.protocol.model;

/** What the view says about a leg's content. The wire code is the ordinal; append only. */
public enum LegState {
  /** Holds every acknowledged write; serves reads; is a source of resync. */
  IN_SYNC("in-sync"),
  /** Gets every new write and fetches what it misses. */
  SYNCING("syncing"),
  /** Misses some writes and gets no new ones. */
  STALE("stale"),
  /** Not a leg (a witness). */
  NONE("none"),
  /**
   * Kept out, leg or witness: of another lineage (rule 8.6). Has no vote, gets nothing, is asked
   * nothing, until an operator lets it in again.
   */
  OUT("kept-out");

  private final String text;

  LegState(String text) {
    this.text = text;
  }

  /** The word shown to operators and in JSON. */
  public String text() {
    return text;
  }

  /** Whether a leg in this state belongs to the write set (rule 1.7). */
  public boolean inWriteSet() {
    return this == IN_SYNC || this == SYNCING;
  }
}
