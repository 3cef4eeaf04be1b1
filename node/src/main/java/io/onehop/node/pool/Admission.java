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
 * Who becomes the writer (rules 5.1, 5.4): from phase ready with no writer only, first come first
 * served, and not before the lease of an unclosed session has run out.
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

  @Override
  public @Nullable Proposal decide(Knowledge k, List<PoolEffect> out) {
    for (int i = 0; i < pending.size(); i++) {
      Pending p = pending.get(i);
      if (settled(p, k, out)) {
        pending.remove(i--);
      }
    }
    PoolView view = k.view();
    if (pending.isEmpty()
        || view == null
        || !waits(k)
        || k.now < fencedUntil
        || leaseRuns(k, view, pending.get(0))) {
      return null;
    }
    for (int i = 0; i < view.members().size(); i++) {
      if (k.member(i).state().inWriteSet() && k.unreachable(i)) {
        return null; // its adoption is needed: it is evicted first
      }
    }
    AttachAsked a = pending.get(0).ask();
    long wall = k.wallMillis;
    return new Proposal(
        view,
        d -> d.admitted(a.session(), a.host(), a.pid(), wall),
        "admit the client on " + a.host() + " pid " + a.pid());
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
    LastSession last = view.lastSession();
    if (w != null && w.session().equals(p.ask().session())) {
      answer(p.ask(), Status.OK, "", out);
      return true;
    }
    if (w != null && holderAlive(p, w, k)) {
      answer(p.ask(), Status.REFUSED, heldBy(w), out);
      return true;
    }
    if (w == null
        && last != null
        && last.id().equals(p.ask().session())
        && !last.resumable()) { // rule 5.3
      answer(p.ask(), Status.REFUSED, "this session was ended and cannot go on", out);
      return true;
    }
    return false;
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

  private static boolean leaseRuns(Knowledge k, PoolView view, Pending first) {
    LastSession last = view.lastSession();
    if (!k.rules.leaseWait()
        || last == null
        || last.closed()
        || last.id().equals(first.ask().session())) {
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
          };
      return "not at "
          + k.member(k.self).node()
          + ", "
          + what
          + "; in sync: "
          + k.names(view.inSyncSet());
    }
    Writer w = view.writer();
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
