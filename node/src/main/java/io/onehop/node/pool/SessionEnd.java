package io.onehop.node.pool;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import io.onehop.protocol.model.Writer;
import io.onehop.transport.Status;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a session ends: by its own detach, or by death (rules 5.1, 5.2). Dead needs the silence of
 * everyone who can be asked, not of this leg alone.
 */
final class SessionEnd implements Decider {
  /** Most detaches that wait. */
  static final int MAX_WAITING = 8;

  static final long PATIENCE_NANOS = 3_000_000_000L;

  private record Detach(LegEdge.DetachAsked ask, long at) {}

  private final List<Detach> detaches = new ArrayList<>();
  private long probe;
  private boolean probing;
  private long probeEpoch;
  private long probeAt;
  private long askedAt;
  private long nextProbeAt = Long.MIN_VALUE;
  private int asked;
  private int silent;
  private boolean alive;
  private long aliveEpoch;
  private long aliveFrameAt;

  /** A session wants to detach. Says whether the queue had room. */
  boolean detachAsked(LegEdge.DetachAsked ask, Knowledge k, List<PoolEffect> out) {
    if (detaches.size() >= MAX_WAITING) {
      out.add(answer(ask, Status.AGAIN, "too many detaches wait"));
      return false;
    }
    detaches.add(new Detach(ask, k.now));
    return true;
  }

  /** Someone's answer to the question of this leg. */
  void heard(PoolMessage.Heard h, Knowledge k) {
    int bit = 1 << h.from();
    if (!probing || h.request() != probe || (asked & bit) == 0) {
      return;
    }
    if (h.silentNanos() >= k.policies().deadNanos()) {
      silent |= bit;
    } else {
      alive = true;
      aliveEpoch = probeEpoch;
      aliveFrameAt = Math.max(aliveFrameAt, k.now - h.silentNanos());
    }
  }

  /** When the writer of this epoch last gave a sign of life elsewhere, as far as is known. */
  long heardElsewhereAt(long epoch) {
    return aliveEpoch == epoch ? aliveFrameAt : Long.MIN_VALUE;
  }

  @Override
  public @Nullable Proposal decide(Knowledge k, List<PoolEffect> out) {
    PoolView view = k.view();
    if (view == null) {
      return null;
    }
    Proposal detach = detach(k, view, out);
    return detach != null ? detach : death(k, view, out);
  }

  private @Nullable Proposal detach(Knowledge k, PoolView view, List<PoolEffect> out) {
    for (int i = 0; i < detaches.size(); i++) {
      LegEdge.DetachAsked ask = detaches.get(i).ask();
      Writer w = view.writer();
      LastSession last = view.lastSession();
      if (w != null && w.session().equals(ask.session()) && w.epoch() == ask.epoch()) {
        if (k.inSyncHere() && k.now - detaches.get(i).at() < PATIENCE_NANOS) {
          return end(k, view, true, false, "detached");
        }
        out.add(answer(ask, Status.AGAIN, "this leg cannot end the session now"));
      } else if (last != null && last.id().equals(ask.session())) {
        out.add(answer(ask, Status.OK, ""));
      } else if (ask.epoch() > view.epoch()) {
        out.add(answer(ask, Status.AGAIN, "this node has not heard of the session yet"));
      } else {
        out.add(answer(ask, Status.FENCED, "this session is not the writer"));
      }
      detaches.remove(i--);
    }
    return null;
  }

  private @Nullable Proposal death(Knowledge k, PoolView view, List<PoolEffect> out) {
    Writer w = view.writer();
    if (w == null
        || k.routineProposer() != k.self
        || k.writerSilentNanos() < view.policies().deadNanos()) {
      probing = false;
      return null;
    }
    boolean stale = k.now - probeAt > 3 * view.policies().failureNanos();
    if (!probing || probeEpoch != w.epoch() || stale) {
      if (k.now >= nextProbeAt) {
        ask(k, view, w, out);
      }
    }
    if (!probing) {
      return null;
    }
    if (k.now - askedAt >= view.policies().heartbeatNanos()) {
      query(k, w, out); // a lost message must not make a living client look dead
    }
    if (alive) { // rule 5.2: one leg's lost link is not a dead client
      probing = false;
      nextProbeAt = k.now + view.policies().heartbeatNanos();
      return null;
    }
    boolean all = silent == asked;
    return all || k.now - probeAt >= view.policies().failureNanos()
        ? end(k, view, false, true, "the client is silent")
        : null;
  }

  private void ask(Knowledge k, PoolView view, Writer w, List<PoolEffect> out) {
    probing = true;
    probe = k.now + k.self; // never repeated by this process: time passes between two probes
    probeEpoch = w.epoch();
    probeAt = k.now;
    nextProbeAt = k.now + view.policies().heartbeatNanos();
    asked = 0;
    silent = 0;
    alive = false;
    for (int i = 0; i < view.members().size(); i++) {
      boolean witness = k.member(i).role() == Role.WITNESS && view.isVoter(i);
      if (i != k.self && (witness || k.member(i).state().inWriteSet())) {
        asked |= 1 << i;
      }
    }
    query(k, w, out);
  }

  private void query(Knowledge k, Writer w, List<PoolEffect> out) {
    askedAt = k.now;
    for (int m = asked & ~silent; m != 0; m &= m - 1) {
      out.add(
          new PoolEffect.Send(
              Integer.numberOfTrailingZeros(m),
              new PoolMessage.HeardQuery(k.pool, k.self, probe, w.session(), w.epoch())));
    }
  }

  /**
   * The end of the present session, this leg being the authority (rules 5.1, 7.1).
   *
   * @param closed it detached itself
   * @param resumable it may be admitted again
   */
  static Proposal end(Knowledge k, PoolView view, boolean closed, boolean resumable, String why) {
    Phase after = k.rules.endsByReconciling() ? new Phase.Reconciling(k.self) : new Phase.Ready();
    return new Proposal(
        view, d -> d.sessionEnded(closed, resumable).phase(after), "end the session: " + why);
  }

  private static PoolEffect answer(LegEdge.DetachAsked ask, int status, String text) {
    return new PoolEffect.Order(new LegOrder.AnswerDetach(ask.token(), status, text));
  }

  /** What this node answers to another's question. */
  static PoolMessage.Heard answer(PoolMessage.HeardQuery q, Knowledge k) {
    long silent = Long.MAX_VALUE;
    PoolView view = k.view();
    if (q.session().equals(k.own.session())) {
      silent = Math.max(0, k.now - k.own.lastWriterFrameNanos());
    } else if (view != null
        && view.writer() != null
        && view.writer().session().equals(q.session())
        && k.member(k.self).state() != LegState.STALE) {
      // Not heard yet counts from the adoption of the view that names it (rule 5.2).
      silent = k.writerSilentNanos();
    }
    return new PoolMessage.Heard(k.pool, k.self, q.request(), silent);
  }
}
