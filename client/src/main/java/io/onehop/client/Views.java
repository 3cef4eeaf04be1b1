package io.onehop.client;

import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The newest known view as flat fields, and which member has adopted what. */
final class Views {
  @Nullable PoolView view;
  Policies policies = Policies.DEFAULT;
  long generation;
  int members;
  int writeSet;
  int inSync;
  final long[] since = new long[PoolView.MAX_MEMBERS];
  final long[] incarnation = new long[PoolView.MAX_MEMBERS];

  /** Every leg of the write set has adopted this view (rule 3.3). */
  boolean allAdopted;

  /** Since when a leg of the write set has not adopted the newest view; meaningless if it has. */
  final long[] behindSince = new long[PoolView.MAX_MEMBERS];

  private final long[] adopted = new long[PoolView.MAX_MEMBERS];
  private final long[] adoptedBy = new long[PoolView.MAX_MEMBERS];

  /**
   * Takes a view over at time {@code now}.
   *
   * @return mask of members whose earlier answers do not count any more: another disk, incarnation
   *     or since, or no leg of the write set
   */
  int take(PoolView v, long now) {
    PoolView old = view;
    int voided = ~0;
    int wasBehind = notAdopted();
    members = v.members().size();
    for (int i = 0; i < members; i++) {
      Member m = v.members().get(i);
      boolean sameDisk =
          old != null && i < old.members().size() && old.members().get(i).id().equals(m.id());
      if (!sameDisk) {
        adopted[i] = 0;
        adoptedBy[i] = 0;
      }
      if (sameDisk
          && m.state().inWriteSet()
          && since[i] == m.since()
          && incarnation[i] == m.incarnation()) {
        voided &= ~(1 << i);
      }
      // Views that come one after the other give nobody more time than one.
      if ((voided & 1 << i) != 0 || (wasBehind & 1 << i) == 0) {
        behindSince[i] = now;
      }
      since[i] = m.since();
      incarnation[i] = m.incarnation();
    }
    view = v;
    policies = v.policies();
    generation = v.generation();
    writeSet = v.writeSet();
    inSync = v.inSyncSet();
    judge();
    return voided;
  }

  /** As if no view had ever come. */
  void forget() {
    view = null;
    generation = 0;
    members = 0;
    writeSet = 0;
    inSync = 0;
    Arrays.fill(adopted, 0);
    Arrays.fill(adoptedBy, 0);
  }

  /** Generation that this member's named incarnation is known to have adopted; 0 = none. */
  long adopted(int member) {
    return adoptedBy[member] == incarnation[member] ? adopted[member] : 0;
  }

  /** Legs of the write set that are not known to have adopted this view, as a mask. */
  int notAdopted() {
    int mask = 0;
    for (int m = writeSet; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      mask |= adopted(i) == generation ? 0 : 1 << i;
    }
    return mask;
  }

  /** An answer told what its sender has adopted; whether {@link #allAdopted} became true. */
  boolean noteAdopted(int member, long by, long gen) {
    if (adoptedBy[member] == by && adopted[member] >= gen) {
      return false;
    }
    adoptedBy[member] = by;
    adopted[member] = gen;
    boolean before = allAdopted;
    judge();
    return allAdopted && !before;
  }

  /** Whether {@code member} is the only leg in sync, which is never reported (rule 1.4). */
  boolean lastInSync(int member) {
    return inSync == 1 << member;
  }

  String node(int member) {
    PoolView v = view;
    return v == null || member >= members ? "member " + member : v.members().get(member).node();
  }

  /** Names of the members in {@code mask}, comma-separated. */
  String nodes(int mask) {
    StringBuilder b = new StringBuilder();
    for (int m = mask; m != 0; m &= m - 1) {
      b.append(b.isEmpty() ? "" : ", ").append(node(Integer.numberOfTrailingZeros(m)));
    }
    return b.toString();
  }

  private void judge() {
    // One that has adopted a newer view sent it before: it is taken before anything is counted.
    allAdopted = notAdopted() == 0;
  }
}
