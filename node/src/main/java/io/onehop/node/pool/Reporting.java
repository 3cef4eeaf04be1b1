package io.onehop.node.pool;

import io.onehop.node.leg.LegStatus;
import io.onehop.node.pool.PoolMessage.Report;
import io.onehop.protocol.model.PoolView;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What this node tells the others of itself: every heartbeat, and at once when it matters. */
final class Reporting {
  private @Nullable Report last;
  private long nextAt = Long.MIN_VALUE;
  private long sent;

  void tick(Knowledge k, List<PoolEffect> out) {
    PoolView view = k.view();
    if (view == null) {
      return;
    }
    Report r = of(k, sent + 1);
    if (k.now < nextAt && last != null && same(last, r)) {
      return;
    }
    last = r;
    sent++;
    nextAt = k.now + k.policies().heartbeatNanos();
    for (int i = 0; i < view.members().size(); i++) {
      if (i != k.self && view.isVoter(i)) {
        out.add(new PoolEffect.Send(i, r));
      } else if (i != k.self && k.keptOut == null) {
        // Rule 8.6: whoever is kept out is to know it, also if it does not ask.
        out.add(new PoolEffect.Send(i, new PoolMessage.Chosen(k.pool, k.self, view)));
      }
    }
  }

  /** The report of this node now, the {@code number}th of its run. */
  static Report of(Knowledge k, long number) {
    LegStatus s = k.own;
    boolean heard = k.now - s.lastWriterFrameNanos() <= k.policies().failureNanos();
    UUID session = heard ? s.session() : null;
    return new Report(
        k.pool,
        k.self,
        k.run,
        number,
        k.ownIncarnation(),
        s.adoptedGeneration(),
        s.peerLinks(),
        k.reaches(),
        k.holdsBack(),
        session,
        k.writerSteadyNanos(),
        k.ownLost(),
        s.clean(),
        s.missingBlocks(),
        s.resyncBytesPerSecond(),
        s.lastMissedBlocks(),
        s.lastCopiedBlocks(),
        s.lastResyncNanos(),
        s.figures().absentMisses(),
        s.healedElsewhere(),
        k.trouble().isEmpty() ? s.missesEverything() : k.trouble());
  }

  /** What view changes are decided by; progress can wait for the next heartbeat. */
  private static boolean same(Report a, Report b) {
    return a.incarnation() == b.incarnation()
        && a.adoptedGeneration() == b.adoptedGeneration()
        && a.peerLinks() == b.peerLinks()
        && a.reaches() == b.reaches()
        && java.util.Objects.equals(a.session(), b.session())
        && a.note().equals(b.note());
  }
}
