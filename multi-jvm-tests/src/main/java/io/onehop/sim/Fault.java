package io.onehop.sim;

import io.onehop.node.leg.LegEdge;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One thing that goes wrong; its own end (restart, continue, heal) belongs to it.
 *
 * @param at when, ns after the start
 * @param kind what
 * @param party whom (a node from 0; 0 for the client's kinds)
 * @param other the other side of a cut, a frame type, the kinds of disk changes to be killed at, or
 *     random bits that choose a variant
 * @param count at the how-manieth occurrence
 * @param lasts how long until it is over, ns
 */
record Fault(long at, Kind kind, int party, int other, int count, long lasts) {
  /** What can go wrong. */
  enum Kind {
    KILL,
    KILL_AT_CHANGE,
    KILL_AT_FRAME,
    KILL_AT_EDGE,
    KILL_AUTHORITY,
    KILL_IN_TURN,
    STOP,
    PAUSE,
    STALL_DISK,
    STALL_AT_EDGE,
    GRAY,
    MEDIA,
    CUT,
    CUT_ONE_WAY,
    CUT_AT_FRAME,
    CUT_CLIENT_AT_FRAME,
    CUT_WITNESSES,
    PARTITION,
    ISOLATE,
    DISCONNECT,
    CUT_CLIENT,
    DISCONNECT_CLIENT,
    PAUSE_CLIENT,
    FREEZE_CLIENT,
    KILL_CLIENT,
    KILL_CLIENT_AND_LEG,
    KILL_CLIENT_AHEAD,
    KILL_CLIENT_AHEAD_SYNCING,
    KILL_CLIENT_BEHIND_SYNCING,
    KILL_BOTH_AHEAD,
    DETACH_CLIENT,
    SECOND_CLIENT,
    TAKEOVER,
    CHANGE_SETTINGS,
    COLD_START,
    KILL_ALL,
    STOP_ALL,
    FORCE,
    REPLACE,
    ROLL_BACK
  }

  private static final long MS = 1_000_000L;
  private static final Kind[] KINDS =
      EnumSet.complementOf(EnumSet.of(Kind.FORCE, Kind.REPLACE, Kind.ROLL_BACK))
          .toArray(new Kind[0]);

  /** What operators do where there are any; one of so many worlds has them. */
  private static final Kind[] OPERATORS = {Kind.FORCE, Kind.FORCE, Kind.REPLACE, Kind.ROLL_BACK};

  private static final int OPERATED = 8;

  /** Those that lead into the corners of the protocol; drawn more often. */
  private static final Kind[] SUBTLE = {
    Kind.KILL_AT_EDGE,
    Kind.KILL_CLIENT_AHEAD_SYNCING,
    Kind.KILL_CLIENT_BEHIND_SYNCING,
    Kind.STALL_AT_EDGE,
    Kind.CUT_AT_FRAME,
    Kind.CUT_CLIENT_AT_FRAME,
    Kind.ISOLATE,
    Kind.KILL_IN_TURN
  };

  /** Frames whose arrival is a good moment to die: maps, fetches, clears, unions. */
  private static final int[] FRAMES = {40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 3, 10};

  /** Edges whose telling is a good moment to die. */
  static final List<Class<? extends LegEdge>> EDGES =
      List.of(
          LegEdge.Healed.class,
          LegEdge.MapsArrived.class,
          LegEdge.PromotionRecorded.class,
          LegEdge.UnionGathered.class,
          LegEdge.UnionRecorded.class,
          LegEdge.UnionCopied.class,
          LegEdge.Adopted.class);

  /** The faults of a seed, in order of time. */
  static List<Fault> draw(SplittableRandom r, Mix mix) {
    List<Fault> faults = new ArrayList<>();
    int n = 3 + r.nextInt(6);
    for (int i = 0; i < n; i++) {
      faults.add(one(r, mix));
    }
    if (r.nextInt(OPERATED) == 0) {
      for (int i = 1 + r.nextInt(2); i > 0; i--) {
        faults.add(operator(r, mix));
      }
    }
    faults.sort((a, b) -> Long.compare(a.at, b.at));
    return faults;
  }

  /** When the last of these is over, if it ends by itself; ns after the start. */
  static long end(List<Fault> faults) {
    long end = 0;
    for (Fault f : faults) {
      end = f.kind == Kind.FREEZE_CLIENT ? Math.max(end, f.at + f.lasts) : end;
    }
    return end;
  }

  private static Fault operator(SplittableRandom r, Mix mix) {
    Shape shape = mix.shape();
    Kind kind = OPERATORS[r.nextInt(OPERATORS.length)];
    int party = r.nextInt(kind == Kind.FORCE ? shape.legs() : shape.nodes());
    long at = 500 * MS + r.nextLong(mix.faultNanos());
    return new Fault(at, kind, party, r.nextInt() >>> 1, 1, r.nextLong(3_000 * MS));
  }

  private static Fault one(SplittableRandom r, Mix mix) {
    Kind kind =
        r.nextInt(3) == 0 ? SUBTLE[r.nextInt(SUBTLE.length)] : KINDS[r.nextInt(KINDS.length)];
    if ((kind == Kind.KILL_ALL || kind == Kind.STOP_ALL) && r.nextBoolean()) {
      kind = Kind.KILL_AT_FRAME;
    }
    Shape shape = mix.shape();
    long at = 500 * MS + r.nextLong(mix.faultNanos());
    int leg = r.nextInt(shape.legs());
    int node =
        shape.witnesses() > 0 && r.nextInt(5) == 0
            ? shape.legs() + r.nextInt(shape.witnesses())
            : leg;
    long lasts = r.nextInt(3) == 0 ? r.nextLong(300 * MS) : r.nextLong(4_000 * MS);
    int bits = r.nextInt() >>> 1;
    int count = 1 + r.nextInt(3);
    return switch (kind) {
      case KILL_AT_CHANGE ->
          new Fault(
              at, kind, node, KillSwitch.randomKinds(r), 1 + r.nextInt(1 << r.nextInt(6)), lasts);
      case KILL_AT_FRAME, CUT_AT_FRAME, CUT_CLIENT_AT_FRAME ->
          new Fault(at, kind, leg, FRAMES[r.nextInt(FRAMES.length)], 1 + r.nextInt(4), lasts);
      case KILL_AT_EDGE, STALL_AT_EDGE ->
          new Fault(at, kind, leg, r.nextInt(EDGES.size()), count, lasts);
      case KILL_AUTHORITY -> new Fault(at, kind, leg, bits, count, lasts);
      case ISOLATE -> new Fault(at, kind, leg, bits, count, lasts + 3_000 * MS);
      case KILL_IN_TURN,
          STALL_DISK,
          GRAY,
          MEDIA,
          KILL_CLIENT_AHEAD,
          KILL_CLIENT_AHEAD_SYNCING,
          KILL_CLIENT_BEHIND_SYNCING,
          KILL_BOTH_AHEAD ->
          new Fault(at, kind, leg, bits, count, lasts);
      case CUT, CUT_ONE_WAY, DISCONNECT -> new Fault(at, kind, node, bits, 1, lasts);
      case FREEZE_CLIENT ->
          new Fault(
              at,
              kind,
              leg,
              bits,
              1,
              lasts + (r.nextInt(6) == 0 ? r.nextLong(56_000 * MS) : r.nextLong(6_000 * MS)));
      case KILL,
          STOP,
          PAUSE,
          CUT_WITNESSES,
          PARTITION,
          CUT_CLIENT,
          DISCONNECT_CLIENT,
          PAUSE_CLIENT,
          KILL_CLIENT,
          KILL_CLIENT_AND_LEG,
          DETACH_CLIENT,
          SECOND_CLIENT,
          TAKEOVER,
          CHANGE_SETTINGS,
          COLD_START,
          KILL_ALL,
          STOP_ALL,
          FORCE,
          REPLACE,
          ROLL_BACK ->
          new Fault(at, kind, node, bits, 1, lasts);
    };
  }

  /** One line. */
  @Override
  public String toString() {
    return "%s party %d other %d count %d for %d ms"
        .formatted(kind, party, other, count, lasts / MS);
  }
}
