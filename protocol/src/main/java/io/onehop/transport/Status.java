package io.onehop.transport;

/**
 * Codes of {@link FrameHeader#status} and of local completions. A code, once shipped, is never
 * reused.
 */
public final class Status {
  private Status() {}

  /** Done. */
  public static final int OK = 0;

  /** Not admitted: the answerer has adopted a newer view, which was sent before this answer. */
  public static final int STALE_VIEW = 1;

  /** Not admitted: the answerer has not adopted any view yet. */
  public static final int NO_VIEW = 2;

  /** The store failed; the operation may or may not have been applied. */
  public static final int IO_ERROR = 3;

  /** The store is full; as IO_ERROR. */
  public static final int NO_SPACE = 4;

  /** No such pool here. */
  public static final int UNKNOWN_POOL = 5;

  /** Refused for the reason given in the text. */
  public static final int REFUSED = 6;

  /** Not now; ask again. */
  public static final int AGAIN = 7;

  /** The session is not the pool's writer (any more). */
  public static final int FENCED = 8;

  /** The block is missing at the source. */
  public static final int MISSING = 9;

  /** The answerer is not in sync and may not serve this. */
  public static final int NOT_IN_SYNC = 10;

  /** Another pool UUID or lineage. */
  public static final int WRONG_POOL = 11;

  /** The request is out of range or malformed. */
  public static final int INVALID = 12;

  /** The connection ended before an answer came (local only). */
  public static final int DISCONNECTED = 13;

  /** The name for logs and errors. */
  public static String name(int status) {
    return switch (status) {
      case OK -> "ok";
      case STALE_VIEW -> "stale view";
      case NO_VIEW -> "no view yet";
      case IO_ERROR -> "I/O error";
      case NO_SPACE -> "no space left";
      case UNKNOWN_POOL -> "unknown pool";
      case REFUSED -> "refused";
      case AGAIN -> "try again";
      case FENCED -> "session ended";
      case MISSING -> "missing at the source";
      case NOT_IN_SYNC -> "not in sync";
      case WRONG_POOL -> "another pool or lineage";
      case INVALID -> "invalid request";
      case DISCONNECTED -> "disconnected";
      default -> "status " + status;
    };
  }
}
