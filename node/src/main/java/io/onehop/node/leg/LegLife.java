package io.onehop.node.leg;

/** Where a leg's life stands on its own node. */
public sealed interface LegLife {
  /** No chosen view is known yet: the register is being read (rule 2.5). */
  record Starting() implements LegLife {}

  /** A chosen view is known; the data plane has not adopted any yet. */
  record WaitingForView(long generation) implements LegLife {}

  /** Out of the write set. */
  record Stale(long generation, String reason) implements LegLife {}

  /** In the write set, misses something. */
  record Syncing(long generation) implements LegLife {}

  /** Holds everything, under this run. */
  record InSync(long generation) implements LegLife {}

  /** Named in sync, but by an earlier run: evicted soon, or leader of a cold start (rule 8.4). */
  record ColdStarting(long generation) implements LegLife {}

  /** Its run ended with an error; the process goes on voting. */
  record Failed(String reason) implements LegLife {}

  /** Ended in order. */
  record Stopped() implements LegLife {}

  /** Holds no data. */
  record Witness(long generation) implements LegLife {}
}
