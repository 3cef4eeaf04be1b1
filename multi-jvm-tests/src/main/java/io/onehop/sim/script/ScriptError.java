package io.onehop.sim.script;

/** A text that cannot be played: unknown words, names that the pool does not have. */
public final class ScriptError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What is wrong, to be preceded by file and line. */
  public ScriptError(String message) {
    super(message);
  }

  /** With file and line. */
  ScriptError at(String file, int line) {
    return new ScriptError("%s:%d: %s".formatted(file, line, getMessage()));
  }
}
