package io.onehop.node.pools;

import io.onehop.protocol.model.PoolView;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

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

  /**
   * Compare this pool's legs, you being one in sync; repeated every second while it is wanted.
   *
   * @param against index of the one member to compare with, whatever its state; -1: all in sync
   */
  record Compare(String from, UUID request, UUID pool, int against) implements NodeMessage {}

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

  /**
   * An operator's order that this node is to carry out; repeated every second until it has ended.
   *
   * @param kind what is wanted
   * @param member index of the member it is about
   * @param device for a new disk: device or file to use, or null
   * @param sure the operator accepts what it costs
   * @param force a device that bears something may be overwritten
   */
  record Order(
      String from,
      UUID request,
      UUID pool,
      Kind kind,
      int member,
      @Nullable String device,
      boolean sure,
      boolean force)
      implements NodeMessage {
    /** What is wanted. */
    public enum Kind {
      /** A new lineage from the receiver's leg (rule 8.6). */
      FORCE,
      /** An empty disk in the member's place (rule 1.2). */
      REPLACE,
      /** A kept-out member is let in again, with an empty disk (rule 8.6). */
      REJOIN
    }
  }

  /** Of {@link Order}: it goes on, or has ended and how. */
  record Ordered(String from, UUID request, boolean ended, boolean done, String text)
      implements NodeMessage {}

  /**
   * Make an empty disk in your member's place, and run with it; repeated every second until
   * answered.
   *
   * @param view the pool's, with the new disk in the member's place
   * @param member index of the receiver's member
   * @param device device or file to use, or null for what it had before
   * @param force a device that bears something may be overwritten
   * @param look only say whether it could be done
   * @param places where the other legs' raw data lies
   */
  record Remake(
      String from,
      UUID request,
      PoolView view,
      int member,
      @Nullable String device,
      boolean force,
      boolean look,
      List<StorePlace> places)
      implements NodeMessage {}

  /** Of {@link Remake}: it goes on, or has ended and how. */
  record Remade(String from, UUID request, boolean ended, boolean done, String text)
      implements NodeMessage {}

  /** Which disk is your member's, and where does it lie? */
  record Where(String from, UUID pool) implements NodeMessage {}

  /** The answer; {@code place} is empty for a witness. */
  record There(String from, UUID pool, UUID disk, List<StorePlace> place) implements NodeMessage {}

  /** A range in which legs differ, by the names of their nodes. */
  record RangeDiffers(long offset, long length, List<String> nodes) {}
}
