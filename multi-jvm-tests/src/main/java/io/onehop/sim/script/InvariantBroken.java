package io.onehop.sim.script;

/** The pool did what no pool may do, whatever the text expected. */
public final class InvariantBroken extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message kind and story of the violation
   */
  public InvariantBroken(String message, Throwable cause) {
    super(message, cause);
  }
}
