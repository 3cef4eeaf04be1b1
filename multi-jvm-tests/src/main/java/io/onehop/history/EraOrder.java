package io.onehop.history;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Whether the operations on one unit between two losses of power can be put in an order.
 *
 * <p>Values other than zeroes are written once, so the reads of each are known to be its own. The
 * pinned {@link Cluster}s need times of their own, which must not overlap; everything else happens
 * in the gaps between them, and {@link Gaps} decides whether it fits.
 */
final class EraOrder {
  /** As initial value: one that nobody read. */
  static final int UNSEEN = -1;

  private final int initial;
  private final Map<Integer, Cluster> clusters = new HashMap<>();
  private final List<UnitOp> zeroes = new ArrayList<>();
  private final List<UnitOp> all;

  EraOrder(List<UnitOp> ops, int initial) {
    this.initial = initial;
    this.all = ops;
    for (UnitOp op : ops) {
      if (op.value() == Stamp.ZERO) {
        zeroes.add(op);
      } else {
        clusters.computeIfAbsent(op.value(), _ -> new Cluster()).add(op);
      }
    }
    Cluster inherited = clusters.get(initial);
    if (inherited != null) {
      inherited.inherit();
    }
  }

  boolean exists() {
    return exists(null, 0, false);
  }

  /**
   * Whether there is an order in which the unit holds {@code value} at a moment behind which no
   * durable write comes.
   */
  boolean existsWithLast(int value) {
    if (value == Stamp.ZERO) {
      return existsWithLastZero();
    }
    Cluster wanted = clusters.get(value);
    if (wanted == null) {
      return value == initial && all.stream().noneMatch(UnitOp::durable) && exists();
    }
    if (wanted.pinned()) {
      return exists(wanted, 0, false);
    }
    for (long at : moments(wanted.last(), wanted.first())) {
      if (exists(wanted, at, false)) {
        return true;
      }
    }
    return false;
  }

  private boolean existsWithLastZero() {
    long from = Long.MIN_VALUE;
    for (Cluster c : clusters.values()) {
      from = c.durable() ? Math.max(from, c.last()) : from;
    }
    for (long at : moments(from, Long.MAX_VALUE).descendingSet()) {
      if (exists(null, at, true)) {
        return true;
      }
    }
    return false;
  }

  /** Where something begins or ends, both bounds included: between them nothing is different. */
  private NavigableSet<Long> moments(long from, long to) {
    TreeSet<Long> all = new TreeSet<>(List.of(from, to));
    for (UnitOp op : this.all) {
      all.add(op.invoked());
      all.add(op.returned());
    }
    return new TreeSet<>(all.subSet(from, true, to, true));
  }

  /**
   * Whether there is an order.
   *
   * @param last if not null, no durable write comes after this cluster
   * @param at when {@code last} happens, if it is not pinned; or when zeroes are to be seen
   * @param zeroLast zeroes are to be seen at {@code at}, and no durable cluster comes after that
   */
  private boolean exists(@Nullable Cluster last, long at, boolean zeroLast) {
    List<Cluster> pinned = new ArrayList<>();
    List<Cluster> free = new ArrayList<>();
    for (Cluster c : clusters.values()) {
      if (!c.possible()) {
        return false;
      }
      if (c.pinned()) {
        pinned.add(c);
      } else if (!c.equals(last) && c.certain()) {
        free.add(c);
      }
    }
    List<Gaps.Zone> zones = new ArrayList<>();
    pinned.forEach(c -> zones.add(new Gaps.Zone(c.first(), c.last(), c)));
    if (last != null && !last.pinned()) {
      zones.add(new Gaps.Zone(at, at, last));
    }
    zones.sort(Comparator.comparingLong(Gaps.Zone::from).thenComparingLong(Gaps.Zone::to));
    int lastZone = -1;
    for (int i = 0; i < zones.size(); i++) {
      if (i > 0 && zones.get(i).from() < zones.get(i - 1).to()) {
        return false;
      }
      if (zones.get(i).cluster().equals(last)) {
        lastZone = i;
      }
    }
    for (int i = 0; i < zones.size(); i++) {
      boolean durable = zones.get(i).cluster().durable();
      if (durable && ((lastZone >= 0 && i > lastZone) || (zeroLast && zones.get(i).to() > at))) {
        return false;
      }
    }
    Gaps gaps = new Gaps(zones, initial == Stamp.ZERO);
    int bound = lastZone >= 0 ? lastZone : zones.size();
    for (Cluster c : free) {
      boolean durable = c.durable();
      long end = durable && zeroLast ? Math.min(c.first(), at) : c.first();
      if (end < c.last() || !gaps.put(c.last(), end, durable ? bound : zones.size())) {
        return false;
      }
    }
    for (UnitOp op : zeroes) {
      boolean fits =
          op.read()
              ? gaps.readZeroes(op.invoked(), op.returned())
              : gaps.zero(op.invoked(), op.returned(), op.durable() ? bound : zones.size());
      if (!fits && op.certain()) {
        return false;
      }
    }
    return (!zeroLast || gaps.readZeroesAfterAll(at)) && gaps.fit();
  }
}
