package io.onehop.node.store;

/**
 * The exact unconfirmed set of one session (RMR's last_io, exact): a ring of admitted writes by
 * sequence number, file-backed, no allocation and no system call per entry.
 */
public interface UnconfirmedLog {
  /** Receives ranges in bytes. */
  interface Visitor {
    /** One entry. */
    void entry(long epoch, long sequence, long offset, long length);
  }

  /** Most entries: the window (rule 3.6). */
  int window();

  /**
   * Records a write before it touches the store (rule 3.1). The slot's former entry must be
   * confirmed: {@code sequence - watermark <= window}, else IllegalStateException.
   */
  void put(long epoch, long sequence, long offset, long length);

  /** Whether this very write is recorded and not confirmed. */
  boolean holds(long epoch, long sequence);

  /**
   * Entries of {@code epoch} up to {@code sequence} are confirmed; never goes back within an epoch.
   */
  void confirm(long epoch, long sequence);

  /** Last value given to {@link #confirm} for {@code epoch}, else 0. */
  long confirmed(long epoch);

  /** Highest unconfirmed sequence overlapping the byte range, 0 if none. */
  long overlapping(long offset, long length);

  /** All unconfirmed entries. */
  void visit(Visitor visitor);

  /** No entry is unconfirmed. */
  boolean isEmpty();

  /** Forgets all entries and confirmations (a new stint, or a ready view of another epoch). */
  void clear();
}
