package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The read lease of rule 5.4: granted by a majority of voters, counted from the sending of the
 * request on a clock that counts suspend.
 */
final class Lease {
  private final VolumeEngine e;
  private final long[] granted = new long[PoolView.MAX_MEMBERS];
  private final long[] sorted = new long[PoolView.MAX_MEMBERS];
  private long dropped;
  private long until = Long.MIN_VALUE;

  /** Fingerprint of the voter list, and the voters as a mask. */
  private long voters;

  private int voterMask;

  /** Grants of requests sent before do not count: they named another voter list. */
  private long listFrom = Long.MIN_VALUE;

  private boolean stopped;
  private int turn;

  Lease(VolumeEngine e) {
    this.e = e;
    Arrays.fill(granted, Long.MIN_VALUE);
  }

  /** Whether heartbeats ask for renewal. */
  boolean wanted() {
    return e.session.attached() && !stopped;
  }

  /** Whether a read may be accepted now. */
  boolean valid() {
    if (!e.rules.lease()) {
      return true;
    }
    // With a syncing leg beside the only one in sync the lease is needed: it may be promoted
    // unseen.
    int alone = e.rules.leaseByWriteSet() ? e.views.writeSet : e.views.inSync;
    return wanted() && ((alone & alone - 1) == 0 || e.clock.getAsLong() < until);
  }

  /** Rule 5.1: a detaching client stops reading before it asks. */
  void stop() {
    stopped = true;
  }

  /** The epoch is over, and what was granted under it with it (rule 5.3). */
  void drop() {
    dropped = e.clock.getAsLong();
    Arrays.fill(granted, Long.MIN_VALUE);
    until = Long.MIN_VALUE;
  }

  void onView(PoolView v, @Nullable PoolView old) {
    voters = v.votersId();
    voterMask = v.voterMask();
    if (old == null || old.votersId() != voters) {
      // A grant counts for the voter list that its request named (rule 5.4).
      listFrom = e.clock.getAsLong();
      drop();
    }
    judge();
  }

  /** Puts what a renewal has to name into {@code h}: the epoch is there, the voter list is not. */
  void name(FrameHeader h) {
    h.offset = voters;
  }

  void heartbeatAnswer(Link l, FrameHeader h) {
    if ((h.flags & FrameType.FLAG_LEASE) != 0 && h.status == Status.OK && l.index >= 0) {
      grant(1 << l.index, h);
    }
  }

  void relayAnswer(FrameHeader h) {
    if (h.status == Status.OK) {
      grant((int) h.length, h);
    }
  }

  private void grant(int members, FrameHeader h) {
    // extra is our own clock, echoed; one from the future is none of ours.
    if (h.epoch != e.session.epoch || !wanted() || h.extra > e.clock.getAsLong()) {
      return;
    }
    if (h.extra < listFrom) {
      return;
    }
    for (int m = members & voterMask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      granted[i] = Math.max(granted[i], h.extra);
    }
    judge();
    if (valid()) {
      e.reads.unpark();
    }
  }

  /** The oldest sending time among the newest majority of grants. */
  private void judge() {
    PoolView v = e.views.view;
    if (v == null) {
      return;
    }
    int n = e.views.members;
    System.arraycopy(granted, 0, sorted, 0, n);
    Arrays.sort(sorted, 0, n);
    long from = sorted[n - v.majority()];
    until = from == Long.MIN_VALUE ? from : from + e.views.policies.leaseNanos();
  }

  /** Asks a leg to renew at the voters that gave nothing lately. */
  void tick() {
    if (!wanted()) {
      return;
    }
    long now = e.clock.getAsLong();
    long late = now - 3 * e.views.policies.heartbeatNanos() / 2;
    int missing = 0;
    for (int m = voterMask; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      missing |= granted[i] < late ? 1 << i : 0;
    }
    int relays = e.links.usable;
    if (missing == 0 || relays == 0) {
      return;
    }
    // In turn: one leg may be cut off from a voter that another reaches.
    int shift = turn++ & 31;
    for (int m = Integer.rotateRight(relays, shift); m != 0; m &= m - 1) {
      Link l = e.links.at((Integer.numberOfTrailingZeros(m) + shift) & 31);
      if ((missing & ~l.bit()) != 0) {
        FrameHeader h = l.head(FrameType.LEASE);
        h.length = missing & ~l.bit() & 0xffff_ffffL;
        h.extra = now;
        name(h);
        l.send(h);
        return;
      }
    }
  }

  /** Whether it is missing, and has had the time to come. */
  boolean overdue() {
    return wanted() && !valid() && e.clock.getAsLong() - dropped > e.views.policies.leaseNanos();
  }

  /** Voters that have not renewed within the lease's length, as a mask. */
  int missing() {
    long since = e.clock.getAsLong() - e.views.policies.leaseNanos();
    int mask = voterMask;
    for (int i = 0; i < e.views.members; i++) {
      mask &= granted[i] > since ? ~(1 << i) : ~0;
    }
    return mask;
  }
}
