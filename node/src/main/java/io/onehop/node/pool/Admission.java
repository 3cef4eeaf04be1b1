package io.onehop.node.pool;

import io.onehop.node.leg.LegEdge.AttachAsked;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.pool.PoolMessage.Report;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.transport.Status;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who becomes the writer (rules 5.1, 5.3, 5.4): from phase ready with no writer only, and not
 * before the lease of an unclosed session of somebody else has run out. First who takes over, then
 * the session that ended last and may go on, then first come first served.
 */
final class Admission implements Decider {
  /** Most clients that wait at one leg. */
  static final int MAX_WAITING = 16;

  /** Added to two heartbeats when a holder's sign of life is awaited. */
  private static final long GRACE_NANOS = 200_000_000L;

  /** Longer than a coordinator of a deletion waits for its members. */
  private static final long FENCE_NANOS = 10_000_000_000L;

  private record Pending(AttachAsked ask, long at) {}

  private final List<Pending> pending = new ArrayList<>();
  private final SessionEnd ends;
  private String waiting = "";
  private long fencedUntil = Long.MIN_VALUE;

  Admission(SessionEnd ends) {
    this.ends = ends;
  }

  /** A client wants in. Says whether the queue had room. */
  boolean asked(AttachAsked ask, Knowledge k, List<PoolEffect> out) {
    if (pending.size() >= MAX_WAITING) {
      answer(ask, Status.AGAIN, "too many clients wait to attach", out);
      return false;
    }
    pending.add(new Pending(ask, k.now));
    return true;
  }

  /** Nobody is admitted for a while: the pool's deletion is being agreed. */
  void fence(long now) {
    fencedUntil = now + FENCE_NANOS;
  }

  /** Whether a client waits for nothing but the change that admits it. */
  boolean waits(Knowledge k) {
    PoolView view = k.view();
    return view != null && view.ready() && view.writer() == null && !pending.isEmpty();
  }

  /** What the machine as a whole waits for; goes into the answers. */
  void waiting(@Nullable String text) {
    waiting = text == null ? "" : text;
  }

  /** The end of the present session, if somebody waits who takes over (rule 5.1). */
  @Nullable Proposal takeover(Knowledge k, List<PoolEffect> out) {
    settle(k, out);
    PoolView view = k.view();
    Pending p = pending.isEmpty() ? null : next(view);
    if (view == null
        || view.writer() == null
        || p == null
        || !p.ask().takeover()
        || k.now < fencedUntil) {
      return null;
    }
    String by = p.ask().host() + " pid " + p.ask().pid();
    return SessionEnd.end(k, view, false, !k.rules.takeoverBars(), "taken over by " + by);
  }

  @Override
  public @Nullable Proposal decide(Knowledge k, List<PoolEffect> out) {
    settle(k, out);
    PoolView view = k.view();
    if (view == null || !waits(k) || k.now < fencedUntil) {
      return null;
    }
    AttachAsked a = next(view).ask();
    if (leaseRuns(k, view, a)) {
      return null;
    }
    for (int i = 0; i < view.members().size(); i++) {
      if (k.member(i).state().inWriteSet() && k.unreachable(i)) {
        return null; // its adoption is needed: it is evicted first
      }
    }
    long wall = k.wallMillis;
    return new Proposal(
        view,
        d -> d.admitted(a.session(), a.host(), a.pid(), wall),
        "admit the client on " + a.host() + " pid " + a.pid());
  }

  /** Whose turn it is. */
  private Pending next(@Nullable PoolView view) {
    LastSession last = view == null ? null : view.lastSession();
    for (Pending p : pending) {
      if (p.ask().takeover()) {
        return p;
      }
    }
    for (Pending p : pending) {
      if (last != null && last.id().equals(p.ask().session())) {
        return p;
      }
    }
    return pending.get(0);
  }

  private void settle(Knowledge k, List<PoolEffect> out) {
    pending.removeIf(p -> settled(p, k, out));
  }

  /** Answers everyone while nothing can be decided, so that nobody waits without being told why. */
  void expire(Knowledge k, List<PoolEffect> out) {
    pending.removeIf(p -> {
      boolean old = k.now - p.at() >= SessionEnd.PATIENCE_NANOS;
      if (old) {
        answer(p.ask(), Status.AGAIN, why(k), out);
      }
      return old;
    });
  }

  private boolean settled(Pending p, Knowledge k, List<PoolEffect> out) {
    PoolView view = k.view();
    if (view == null || !k.inSyncHere()) {
      answer(p.ask(), Status.AGAIN, why(k), out);
      return true;
    }
    Writer w = view.writer();
    if (w != null && w.session().equals(p.ask().session())) {
      answer(p.ask(), Status.OK, "", out);
      return true;
    }
    if (p.ask().heldEpoch() > view.epoch()) {
      return false; // of the future: the register is being read again
    }
    String over = over(p.ask(), k, view);
    if (over.isEmpty() && w != null && !p.ask().takeover() && holderAlive(p, w, k)) {
      over = heldBy(w);
    }
    if (!over.isEmpty()) {
      answer(p.ask(), Status.REFUSED, over, out);
    }
    return !over.isEmpty();
  }

  /** Why this session can never be admitted again (rules 5.1, 5.3, 8.5); empty if it can. */
  private static String over(AttachAsked ask, Knowledge k, PoolView view) {
    LastSession last = view.lastSession();
    boolean isLast = last != null && last.id().equals(ask.session());
    if (last != null && isLast && !last.resumable()) {
      return "this session was ended for good: taken over or detached, or a loss of power may have"
          + " cost it writes";
    }
    boolean fenced = view.writer() != null || !isLast;
    return ask.heldEpoch() != 0 && fenced && k.rules.resumeOnlyLast()
        ? "this session cannot go on: another one was admitted since"
        : "";
  }

  /** A frame of the holder that came after the request; before it proves nothing. */
  private boolean holderAlive(Pending p, Writer w, Knowledge k) {
    long after = p.at();
    if (w.session().equals(k.own.session()) && k.own.lastWriterFrameNanos() - after > 0) {
      return true;
    }
    if (k.now - after < 2 * k.policies().heartbeatNanos() + GRACE_NANOS) {
      return false;
    }
    if (ends.heardElsewhereAt(w.epoch()) > after) {
      return true;
    }
    PoolView view = k.view();
    for (int i = 0; view != null && i < view.members().size(); i++) {
      Report r = i == k.self ? null : k.freshReport(i);
      // A report says "heard within the failure time": so old that this lies after the request.
      if (r != null
          && k.member(i).state().inWriteSet()
          && w.session().equals(r.session())
          && k.reportAt(i) - after > k.policies().failureNanos()) {
        return true;
      }
    }
    return false;
  }

  private static boolean leaseRuns(Knowledge k, PoolView view, AttachAsked first) {
    LastSession last = view.lastSession();
    if (!k.rules.leaseWait()
        || last == null
        || last.closed()
        || last.id().equals(first.session())) {
      return false;
    }
    return k.leaseRuns(view);
  }

  private String why(Knowledge k) {
    PoolView view = k.view();
    if (!waiting.isEmpty()) {
      return waiting;
    }
    if (view == null) {
      return "no view of the pool yet";
    }
    if (!k.inSyncHere()) {
      LegState s = k.member(k.self).state();
      String what =
          switch (s) {
            case IN_SYNC -> "its process restarted";
            case SYNCING, STALE -> "it is " + s.text();
            case NONE -> "it holds no data";
            case OUT -> "it is kept out";
          };
      return "not at "
          + k.member(k.self).node()
          + ", "
          + what
          + "; in sync: "
          + k.names(view.inSyncSet());
    }
    Writer w = view.writer();
    if (w != null && !pending.isEmpty() && next(view).ask().takeover()) {
      return heldBy(w) + "; waiting for its session to end, taken over";
    }
    if (w != null) {
      return heldBy(w) + "; it is silent, waiting for its session to end";
    }
    if (k.now < fencedUntil) {
      return "the pool is being deleted";
    }
    return view.ready() ? "waiting for the lease of the last session to end" : "reconciling";
  }

  private static String heldBy(Writer w) {
    Instant since = Instant.ofEpochMilli(w.sinceEpochMillis()).truncatedTo(ChronoUnit.SECONDS);
    return "held by " + w.host() + " pid " + w.pid() + " since " + since;
  }

  private static void answer(AttachAsked a, int status, String text, List<PoolEffect> out) {
    out.add(new PoolEffect.Order(new LegOrder.AnswerAttach(a.token(), status, text)));
  }
}
