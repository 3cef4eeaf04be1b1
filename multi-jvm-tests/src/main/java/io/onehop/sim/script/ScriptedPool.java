package io.onehop.sim.script;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pool with everything around it, as texts use it. Processes go by the names in the text: legs a
 * to e, witnesses w, w2 …, clients c1, c2 … in the order in which they come. Time stands still
 * between calls of {@link #step}; one thread. Methods throw {@link ScriptError} when a text asks
 * for what cannot be, e.g. pauses what does not run.
 */
public interface ScriptedPool {
  /** Makes pools for texts. */
  interface Maker {
    /**
     * A pool whose nodes run and whose legs are in sync, without a client.
     *
     * @param off name of the rule's switch that is off, or null
     * @param story gets one line per event, or null
     * @throws ScriptError if there is no such rule
     */
    ScriptedPool open(PoolSetup setup, @Nullable String off, @Nullable List<String> story);
  }

  /** A request of a client. */
  interface Pending {
    /** The answer's name or the value read; null while there is none. */
    @Nullable String answer();
  }

  /** Moments that something can be bound to, once. */
  sealed interface Moment {
    /** A process is about to handle a frame of this type. */
    record Gets(String process, String frame) implements Moment {}

    /** A leg's data plane tells something. */
    record Tells(String leg, String edge) implements Moment {}

    /** A leg has stored a client's write. */
    record Stores(String leg) implements Moment {}
  }

  // ---- time

  /** Virtual nanoseconds since the pool was ready. */
  long now();

  /**
   * Runs one event.
   *
   * @return false if nothing more happens up to {@code until}; it is then that time
   * @throws InvariantBroken if the event broke an invariant
   */
  boolean step(long until);

  /** Does {@code what} when the moment comes; {@code what} may kill the process concerned. */
  void when(Moment moment, Runnable what);

  // ---- processes

  /** SIGKILL; also from within a {@link #when}. */
  void kill(String process);

  /** Starts a node that does not run. */
  void start(String node);

  /** Asks a node to stop in order. */
  void stop(String node);

  /** SIGSTOP. */
  void pause(String process);

  /** SIGCONT. */
  void wake(String process);

  /** Whether it runs (or is paused). */
  boolean runs(String process);

  /**
   * SIGKILL at a change of its disk.
   *
   * @param change see {@link #changes}
   * @param nth from 1
   * @param before the change, or just after
   */
  void dieAt(String node, String change, int nth, boolean before);

  /** Kinds of changes that {@link #dieAt} knows. */
  List<String> changes();

  /** Stores begun from now on take so long. */
  void stallDisk(String leg, long nanos);

  /** What can go wrong with a disk. */
  enum DiskFault {
    READ_ERROR,
    STICKY_READ_ERROR,
    WRITE_ERROR,
    FULL,
    SYNC_ERROR,
    SLOW_READ,
    SLOW_WRITE,
    SLOW_SYNC
  }

  /**
   * From now on this is wrong with a leg's disk, too.
   *
   * @param nanos how much longer, of the slow ones
   */
  void diskFault(String leg, DiskFault fault, Blocks blocks, long nanos);

  /** Nothing is wrong with a leg's disk any more. */
  void diskWell(String leg);

  // ---- network

  /** What {@code from} sends to {@code to} waits from now on. */
  void cut(String from, String to);

  /** It arrives again, what waited first. */
  void heal(String from, String to);

  /** Frames wait from now on; what the control planes say to each other does not. */
  void hold(String from, String to);

  /** Ends {@link #hold}. */
  void release(String from, String to);

  /** Everything arrives again. */
  void healAll();

  /** All connections between the two break. */
  void disconnect(String one, String other);

  // ---- clients

  /** The next client process starts and asks to be attached. */
  void attach(String client, boolean takeover);

  /** It asks to be detached. */
  void detach(String client);

  /** "ok" once attached, the reason once its session is over, null before. */
  @Nullable String session(String client);

  /** What it waits for, "nothing" if for nothing. */
  String waitsFor(String client);

  /** A write of blocks with a value that has a name. */
  Pending write(String client, Blocks blocks, String value, boolean durably);

  /** A trim or write of zeroes. */
  Pending zero(String client, Blocks blocks, boolean trim);

  /** A read; several blocks with different values are told one by one. */
  Pending read(String client, Blocks blocks);

  /** A flush. */
  Pending flush(String client);

  /**
   * A copy of a client's earlier write arrives at a leg by another connection of the same session.
   */
  Pending repeat(String client, Blocks block, String value, String leg);

  // ---- questions

  /** The newest chosen view, e.g. {@code a in-sync, b stale; writer c1; ready}. */
  String view();

  /**
   * State that the newest chosen view gives to a leg under its present run; else "of an old run".
   */
  String state(String leg);

  /** Whether the newest chosen view has no writer. */
  boolean nobodyAttached();

  /** Whether the newest chosen view is in phase ready. */
  boolean ready();

  /** Whether a node knows the newest chosen view. */
  boolean knows(String node);

  /** View changes so far. */
  long viewChanges();

  /** Why the view says that a leg is not in sync. */
  String reason(String leg);

  /** Name of the value that a leg's disk holds. */
  String content(String leg, Blocks blocks);

  /** Where legs differ, or "identical". */
  String compare();

  /** Blocks that a leg knows to miss, "nothing", or why it misses everything. */
  String ownMissing(String leg);

  /** Blocks in a node's map of a leg, or "nothing". */
  String map(String holder, String of);

  /** Blocks in a leg's unconfirmed set, or "nothing". */
  String unconfirmed(String leg);

  /** Blocks ever copied to a leg by healing. */
  long copied(String leg);

  /** Network well, everything runs, nothing more goes wrong. */
  void allWell();

  /** Null when all legs are in sync and at rest; else what is missing. */
  @Nullable String unrest();

  /**
   * Last look at a pool at rest: legs identical and nothing copied in vain.
   *
   * @throws InvariantBroken if not
   */
  void judge();
}
