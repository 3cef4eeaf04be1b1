package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import java.util.Arrays;

/**
 * Reports failing legs of the write set to every in-sync leg, at once and then every 500 ms while
 * the view names them. The last leg in sync is never reported (rule 1.4).
 */
final class Suspects {
  /** The connection broke or cannot be made; over when it is made. */
  static final int LINK = 1;

  /** A request is too old; over when none has been for the deadline. */
  static final int SLOW = 2;

  /** The store fails; over with the leg's stint. */
  static final int STORE = 4;

  private static final long REPEAT = 500_000_000L;

  private final VolumeEngine e;
  private final int[] kinds = new int[PoolView.MAX_MEMBERS];
  private final long[] since = new long[PoolView.MAX_MEMBERS];
  private final long[] slowAt = new long[PoolView.MAX_MEMBERS];
  private final long[] reportAt = new long[PoolView.MAX_MEMBERS];
  private final String[] reasons = new String[PoolView.MAX_MEMBERS];

  Suspects(VolumeEngine e) {
    this.e = e;
    Arrays.fill(reasons, "");
  }

  void raise(int member, int kind, String reason) {
    long now = e.loop.now();
    if (kind == SLOW) {
      slowAt[member] = now;
    }
    if ((e.views.writeSet & 1 << member) == 0 || (kinds[member] & kind) != 0) {
      return;
    }
    if (kinds[member] == 0) {
      since[member] = now;
    }
    kinds[member] |= kind;
    reasons[member] = reason;
    report(member, now);
  }

  /** When {@code member} became suspect; {@link Long#MAX_VALUE} if it is not. */
  long since(int member) {
    return kinds[member] == 0 ? Long.MAX_VALUE : since[member];
  }

  String reason(int member) {
    return kinds[member] == 0 ? "" : reasons[member];
  }

  void connected(int member) {
    kinds[member] &= ~LINK;
  }

  void onView(int voided) {
    for (int i = 0; i < kinds.length; i++) {
      if ((voided & 1 << i) != 0) {
        kinds[i] = 0;
      }
    }
    for (int m = e.views.writeSet & ~e.links.usable; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      String problem = e.links.at(i).problem;
      // Not yet tried is no failure: its own attempt tells soon.
      if (!problem.equals("not connected yet")) {
        raise(i, LINK, problem.isEmpty() ? "runs with another incarnation" : problem);
      }
    }
  }

  void tick(long now) {
    for (int m = e.views.writeSet; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      if ((kinds[i] & SLOW) != 0 && now - slowAt[i] > e.views.policies.deadlineNanos()) {
        kinds[i] &= ~SLOW;
      }
      if (kinds[i] != 0 && now >= reportAt[i]) {
        report(i, now);
      }
    }
  }

  private void report(int member, long now) {
    if (e.views.lastInSync(member)) {
      return;
    }
    reportAt[member] = now + REPEAT;
    e.tally.suspects++;
    int to = e.views.inSync & e.links.usable & ~(1 << member);
    for (int m = to; m != 0; m &= m - 1) {
      Link l = e.links.at(Integer.numberOfTrailingZeros(m));
      FrameHeader h = l.head(FrameType.SUSPECT);
      h.extra = member;
      l.sendText(h, reasons[member]);
    }
  }
}
