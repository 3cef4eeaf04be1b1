package io.onehop.node.pools;

import java.util.List;
import java.util.UUID;

/**
 * What nodes say to each other about pools as a whole, by configured address (rule 1.8): creation
 * in two phases, deletion, a comparison asked of another node. Every message may be lost or
 * repeated.
 */
public sealed interface NodeMessage {
  /** Name of the sending node. */
  String from();

  /**
   * Phase 1 of a creation: make it durable as "preparing"; sent again every second until answered.
   */
  record Prepare(String from, UUID request, PoolPlan plan) implements NodeMessage {}

  /** Durable (or not, and why, in one line); {@code place} is empty for a witness. */
  record Prepared(String from, UUID request, boolean done, String text, List<StorePlace> place)
      implements NodeMessage {}

  /**
   * Phase 2: the pool exists. Given to member 0 first: the pool exists exactly if that one has
   * committed, so whoever is left in doubt asks it.
   */
  record Commit(String from, UUID request, UUID pool, List<StorePlace> places)
      implements NodeMessage {}

  /** Outcome of {@link Commit}. */
  record Committed(String from, UUID request, boolean done, String text) implements NodeMessage {}

  /** Nothing was created: drop what was prepared. */
  record Abort(String from, UUID request, UUID pool) implements NodeMessage {}

  /** Was this pool, which I hold prepared, created? Asked of member 0. */
  record Outcome(String from, UUID pool) implements NodeMessage {}

  /** Answer of member 0; {@code places} as in Commit. Not sent while it is undecided. */
  record OutcomeTold(String from, UUID pool, boolean created, List<StorePlace> places)
      implements NodeMessage {}

  /** Phase 1 ({@code commit} false: would you?) and 2 of a deletion. */
  record Drop(String from, UUID request, UUID pool, boolean commit) implements NodeMessage {}

  /** Answer; done also if the pool is not known here (any more). */
  record Dropped(String from, UUID request, boolean commit, boolean done, String text)
      implements NodeMessage {}

  /** Compare this pool's legs, you being one in sync; repeated every second while it is wanted. */
  record Compare(String from, UUID request, UUID pool) implements NodeMessage {}

  /**
   * The comparison goes on ({@code ended} false) or is over; {@code error} empty if it succeeded.
   */
  record Compared(
      String from,
      UUID request,
      boolean ended,
      long comparedBytes,
      List<RangeDiffers> differences,
      String error)
      implements NodeMessage {}

  /** A range in which legs differ, by the names of their nodes. */
  record RangeDiffers(long offset, long length, List<String> nodes) {}
}
