package io.onehop.sim;

/**
 * Unwinds a simulated process at the moment it is killed. An Error, so that no rule's code catches
 * it; whatever runs in a finally block afterwards meets a disk that throws it again.
 */
final class SimKilled extends Error {
  private static final long serialVersionUID = 1L;

  SimKilled() {
    super("killed", null, false, false);
  }
}
