package io.onehop.sim;

/** A broken invariant, or a pool that does not become quiet. */
final class Violation extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Short name of what was broken, so that a shrunk run is known to fail the same way. */
  final String kind;

  Violation(String kind, String text) {
    super(kind + ": " + text);
    this.kind = kind;
  }
}
