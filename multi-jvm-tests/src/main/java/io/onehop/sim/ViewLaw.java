package io.onehop.sim;

import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;

/** What one view change may do (rules 1.4, 1.6, 5.1, 6.3, 8.4), whatever led to it. */
final class ViewLaw {
  private ViewLaw() {}

  /** Checks the first view of a lineage that a forced promotion began (rule 8.6). */
  static void begins(PoolView first) {
    LastSession last = first.lastSession();
    if (!first.forked() || Integer.bitCount(first.inSyncSet()) != 1) {
      throw broken(first, "a lineage begins with one leg, by force");
    }
    if (!first.ready() || first.writer() != null || (last != null && last.resumable())) {
      throw broken(first, "nobody goes on in another lineage");
    }
  }

  /** Checks the step from {@code old} to {@code now}, both chosen, one after the other. */
  static void check(PoolView old, PoolView now) {
    if (now.forked() || Math.abs(now.voters() - old.voters()) > 1) {
      throw broken(now, "voters change one at a time (rule 1.2)");
    }
    int changed = 0;
    boolean coldStart = false;
    for (int i = 0; i < old.members().size(); i++) {
      Member was = old.members().get(i);
      Member is = now.members().get(i);
      if (was.id().equals(is.id())) {
        coldStart |= is.state() == LegState.IN_SYNC && !sameRun(was, is);
        since(was, is, now);
      } else {
        changed++;
        newDisk(was, is, now);
      }
    }
    if (changed > 1) {
      throw broken(now, "voters change one at a time (rule 1.2)");
    }
    if (coldStart && (now.writer() != null || now.epoch() != old.epoch() + 1 || !now.ready())) {
      throw broken(now, "a cold start ends the session in the same step (rule 8.4)");
    }
    session(old, now, coldStart);
    resumed(old, now);
    if (!now.ready() && now.writer() != null) {
      throw broken(now, "nobody writes while reconciling (rule 5.1)");
    }
  }

  /**
   * Another disk in a member's place: the old one is out of the write set, the new one is empty.
   */
  private static void newDisk(Member was, Member is, PoolView now) {
    boolean outside = !was.state().inWriteSet() && !is.state().inWriteSet();
    if (!outside || is.incarnation() != 0 || is.inSyncSince() != 0) {
      throw broken(now, is.node() + " has a new disk that counts as if it were the old one");
    }
    if (is.since() != now.generation()) {
      throw broken(now, is.node() + " has a new disk without a new since (rule 1.6)");
    }
  }

  /** Whether it stayed in the write set, or came to be in sync, with one incarnation. */
  private static boolean sameRun(Member was, Member is) {
    return was.state().inWriteSet() && was.incarnation() == is.incarnation();
  }

  private static void since(Member was, Member is, PoolView now) {
    if (!is.isLeg()) {
      return;
    }
    boolean moved =
        was.state().inWriteSet() != is.state().inWriteSet()
            || (is.state().inWriteSet() && was.incarnation() != is.incarnation())
            || (was.state() == LegState.IN_SYNC && is.state() == LegState.SYNCING);
    if (!moved && is.since() != was.since()) {
      throw broken(now, is.node() + " has a new since without having moved (rule 1.6)");
    }
    if (moved && is.since() != now.generation()) {
      throw broken(now, is.node() + " moved without a new since (rule 1.6)");
    }
  }

  private static void session(PoolView old, PoolView now, boolean coldStart) {
    if (old.writer() != null && now.writer() == null) {
      if (now.epoch() != old.epoch() + 1 || (now.ready() && !coldStart)) {
        throw broken(now, "a session ends with epoch + 1 and into reconciling (rule 5.1)");
      }
    } else if (now.writer() != null && !now.writer().equals(old.writer())) {
      if (old.writer() != null || !old.ready() || now.epoch() != old.epoch() + 1) {
        throw broken(now, "a session begins from ready without a writer (rule 5.1)");
      }
    }
  }

  /** Rule 5.3: what was ended by takeover, detach or lost power does not come back. */
  private static void resumed(PoolView old, PoolView now) {
    Writer is = now.writer();
    LastSession last = old.lastSession();
    if (is != null
        && !is.equals(old.writer())
        && last != null
        && last.id().equals(is.session())
        && !last.resumable()) {
      throw broken(now, "a session came back that may not (rule 5.3)");
    }
  }

  private static Violation broken(PoolView now, String rule) {
    return new Violation("view-change", rule + ": " + Story.of(now));
  }
}
