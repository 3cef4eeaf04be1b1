package io.onehop.sim.script;

import org.jspecify.annotations.Nullable;

/** The pool answered something else than the text says, or broke an invariant. */
public final class ScenarioFailed extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String transcript;

  ScenarioFailed(String message, String transcript, @Nullable Throwable cause) {
    super(message, cause);
    this.transcript = transcript;
  }

  /** Everything played so far, with virtual times and the answers as they were. */
  public String transcript() {
    return transcript;
  }
}
