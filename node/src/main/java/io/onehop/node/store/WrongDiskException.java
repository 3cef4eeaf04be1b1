package io.onehop.node.store;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What lies in a member's place is not its disk (rules 1.2, 6.1): empty, of another member, of
 * another pool, of something else. The rest of the pool goes on without it.
 */
public final class WrongDiskException extends StoreException {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable UUID pool;
  private final transient @Nullable UUID member;
  private final String what;

  /**
   * A disk that is none of this software's, or empty.
   *
   * @param what in a few words what it is
   * @param message for the operator
   */
  public WrongDiskException(String what, String message) {
    super(message);
    this.what = what;
    this.pool = null;
    this.member = null;
  }

  /** A disk of another member or pool. */
  public WrongDiskException(UUID pool, UUID member, String message) {
    super(message);
    this.what = "store belongs to another member";
    this.pool = pool;
    this.member = member;
  }

  /** What it is, in a few words. */
  public String what() {
    return what;
  }

  /** The pool that it belongs to, or null if to none. */
  public @Nullable UUID pool() {
    return pool;
  }

  /** The member that it belongs to, or null if to none. */
  public @Nullable UUID member() {
    return member;
  }
}
