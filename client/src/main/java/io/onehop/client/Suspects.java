package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import java.util.Arrays;

/**
 * Reports failing legs of the write set to every in-sync leg, at once and then every 500 ms while
 * the view names them. The last leg in sync is never to be evicted (rule 1.4): what waits for it is
 * told to everybody else, for the operator.
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
  private int slow;
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
    slow |= kind == SLOW ? 1 << member : 0;
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

  /** Legs that are too slow, as a mask. */
  int slow() {
    return slow;
  }

  /** The epoch of the reports is over. */
  void clear() {
    Arrays.fill(kinds, 0);
    slow = 0;
  }

  void connected(int member) {
    kinds[member] &= ~LINK;
  }

  /**
   * A view was taken.
   *
   * @param resumed the session goes on: other legs may be about to be connected again, and what
   *     comes of that is told by the attempt
   */
  void onView(int voided, boolean resumed) {
    for (int i = 0; i < kinds.length; i++) {
      if ((voided & 1 << i) != 0) {
        kinds[i] = 0;
      }
    }
    slow &= ~voided;
    for (int m = resumed ? 0 : e.views.writeSet & ~e.links.usable; m != 0; m &= m - 1) {
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
        slow &= ~(1 << i);
      }
      if (kinds[i] == 0 || now < reportAt[i]) {
        continue;
      }
      if (!e.views.lastInSync(i)) {
        report(i, now);
      } else if (e.waiting() != null) {
        // Nobody can evict it, but operators shall see what requests wait for.
        reportAt[i] = now + REPEAT;
        tell(i, e.links.ready);
      }
    }
  }

  private void report(int member, long now) {
    if (e.views.lastInSync(member)) {
      return;
    }
    reportAt[member] = now + REPEAT;
    e.tally.suspects++;
    tell(member, e.views.inSync & e.links.usable);
  }

  private void tell(int member, int to) {
    for (int m = to & ~(1 << member); m != 0; m &= m - 1) {
      Link l = e.links.at(Integer.numberOfTrailingZeros(m));
      FrameHeader h = l.head(FrameType.SUSPECT);
      h.extra = member;
      l.sendText(h, reasons[member]);
    }
  }
}
