package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import org.jspecify.annotations.Nullable;

/** What an engine tells its owner; always on the loop, never per I/O. */
public interface VolumeListener {
  /**
   * The session is the pool's writer under {@code view}; requests are accepted from now on. Called
   * once: a session that goes on is told by {@link #resumed}.
   */
  void attached(PoolView view);

  /**
   * The pool ended the session, but allows it to go on (rule 5.3): requests wait until {@link
   * #resumed} or {@link #ended}.
   *
   * @param reason in words
   */
  default void suspended(String reason) {}

  /** The session goes on under the epoch that {@code view} grants. */
  default void resumed(PoolView view) {}

  /**
   * Something waits longer than it should.
   *
   * @param reason what is waited for, in words; null when nothing waits any more
   */
  void waiting(@Nullable String reason);

  /** A newer view was taken over. */
  void viewChanged(PoolView view);

  /** The session ended by its own detach; the last event. */
  void detached();

  /**
   * The session ended, or could not begin; every request was answered with FENCED. The last event.
   *
   * @param reason in words
   */
  void ended(String reason);
}
