package io.onehop.node.pool;

import io.onehop.node.pool.PoolMessage.Report;
import io.onehop.node.pool.PoolMessage.Vote;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The operator's last resort (rule 8.6): the own leg begins a new lineage, with those members that
 * answer now and lets them start from its content; the others are kept out. All voters are asked
 * first what they accepted, so that nothing that this side could know is given up unknowingly.
 */
final class ForcedPromotion {
  /** How long answers are waited for; as long as a majority's own way back would need to show. */
  static final long ASK_NANOS = 1_500_000_000L;

  static final long PATIENCE_NANOS = 12_000_000_000L;

  private static final int MAX_WAITING = 4;

  private final RandomGenerator random;
  private final @Nullable Vote[] votes = new @Nullable Vote[PoolView.MAX_MEMBERS];
  private final List<PoolEvent.Force> waiting = new ArrayList<>();
  private long request;
  private long askedAt;
  private boolean asking;
  private @Nullable PoolView begun;

  ForcedPromotion(RandomGenerator random) {
    this.random = random;
  }

  /** It is wanted. Says whether there was room. */
  boolean asked(PoolEvent.Force ask, Knowledge k, List<PoolEffect> out) {
    if (waiting.size() >= MAX_WAITING) {
      out.add(new PoolEffect.AnswerChange(ask.token(), false, "too many orders wait; try again"));
      return false;
    }
    PoolView accepted = k.accepted;
    if (accepted == null || accepted.members().get(k.self).role() != Role.DATA) {
      String why = accepted == null ? "this node cannot vote now" : "a witness holds no data";
      out.add(new PoolEffect.AnswerChange(ask.token(), false, why));
      return true;
    }
    if (k.ownIncarnation() == 0) {
      String why = "its leg does not run: " + k.trouble();
      out.add(new PoolEffect.AnswerChange(ask.token(), false, why));
      return true;
    }
    waiting.add(ask);
    if (!asking && begun == null) {
      asking = true;
      askedAt = k.now;
      request = random.nextLong() | Long.MIN_VALUE; // the register's own are positive
      java.util.Arrays.fill(votes, null);
      for (int i = 0; i < accepted.members().size(); i++) {
        if (i != k.self && accepted.isVoter(i)) {
          out.add(new PoolEffect.Send(i, new PoolMessage.Query(k.pool, k.self, request)));
        }
      }
    }
    return true;
  }

  /** A voter's answer. */
  void heard(Vote v) {
    if (asking && v.request() == request) {
      votes[v.from()] = v;
    }
  }

  /**
   * Decides when the answers are in; answers when the new lineage is agreed.
   *
   * @return whether a lineage was begun just now
   */
  boolean tick(Knowledge k, boolean stuck, List<PoolEffect> out) {
    PoolView view = k.view();
    PoolView first = begun;
    if (first != null && view != null && view.lineage().equals(first.lineage())) {
      answer(
          true, "new lineage " + first.lineage() + " from generation " + first.generation(), out);
      begun = null;
    } else if (first != null && k.now - askedAt >= PATIENCE_NANOS) {
      String who = k.names(first.voterMask() & ~(1 << k.self));
      answer(false, "the new lineage is begun here, but " + who + " did not agree to it yet", out);
      begun = null;
    }
    if (asking && k.now - askedAt >= ASK_NANOS) {
      asking = false;
      decide(k, stuck, out);
      return begun != null;
    }
    return false;
  }

  private void decide(Knowledge k, boolean stuck, List<PoolEffect> out) {
    PoolView own = k.accepted;
    if (own == null) {
      answer(false, "this node cannot vote now: " + k.voteProblem, out);
      return;
    }
    PoolView known = k.view();
    PoolView base = own;
    if (known != null
        && known.lineage().equals(own.lineage())
        && known.generation() > own.generation()) {
      base = known;
    }
    long highest = -1;
    int with = 1 << k.self;
    long generation = Math.max(base.generation(), k.own.adoptedGeneration());
    generation = Math.max(generation, known == null ? 0 : known.generation());
    for (int i = 0; i < own.members().size(); i++) {
      Vote v = votes[i];
      // A disk just made begins with a view that nobody agreed to.
      if (v == null
          || v.accepted() == null
          || (v.acceptedBallot() == 0 && !own.members().get(i).id().equals(v.voter()))) {
        continue;
      }
      with |= 1 << i;
      generation = Math.max(generation, v.accepted().generation());
      if (v.accepted().generation() > base.generation()
          || (v.accepted().generation() == base.generation() && v.acceptedBallot() > highest)) {
        base = v.accepted();
        highest = v.acceptedBallot();
      }
      Report r = k.freshReport(i);
      generation = Math.max(generation, r == null ? 0 : r.adoptedGeneration());
    }
    for (int i = 0; i < base.members().size(); i++) {
      Vote v = votes[i];
      // Another disk in its place has no vote to give, however well it answers (rule 1.2).
      if (i != k.self && (v == null || !base.members().get(i).id().equals(v.voter()))) {
        with &= ~(1 << i);
      }
    }
    with &= base.voterMask();
    if (base.indexOf(own.members().get(k.self).id()) != k.self
        || !base.isVoter(k.self)
        || base.members().get(k.self).role() != Role.DATA) {
      answer(false, "this disk is no leg of the pool any more (rule 1.2)", out);
      return;
    }
    String normal = stuck ? "" : normalWay(k, base, with);
    if (!normal.isEmpty()) {
      answer(false, normal, out);
      return;
    }
    String loss = loss(k, base, with);
    for (PoolEvent.Force ask : waiting) {
      if (!ask.acceptDataLoss()) {
        out.add(new PoolEffect.AnswerChange(ask.token(), false, loss));
      }
    }
    waiting.removeIf(ask -> !ask.acceptDataLoss());
    if (waiting.isEmpty()) {
      return;
    }
    PoolView first = first(k, base, with, generation + 1);
    begun = first;
    out.add(new PoolEffect.Fork(first));
  }

  /** How the pool comes back without force, or empty. */
  private static String normalWay(Knowledge k, PoolView base, int with) {
    if (Integer.bitCount(with) < base.majority() || k.keptOut != null) {
      return "";
    }
    for (int i = 0; i < base.members().size(); i++) {
      Member m = base.members().get(i);
      Report r = i == k.self ? null : k.freshReport(i);
      boolean runs = i == k.self ? k.ownIncarnation() != 0 : r != null && r.incarnation() != 0;
      if (m.state() == LegState.IN_SYNC && (with & 1 << i) != 0 && runs) {
        return "not needed: leg "
            + m.node()
            + " is in sync, lives, and a majority of the voters answers: the pool goes on by itself"
            + " (`onehop status` says what it waits for)";
      }
    }
    return "";
  }

  /** What the operator gives up, as far as this side knows. */
  private static String loss(Knowledge k, PoolView base, int with) {
    Member me = base.members().get(k.self);
    StringBuilder newer = new StringBuilder();
    StringBuilder away = new StringBuilder();
    for (int i = 0; i < base.members().size(); i++) {
      Member m = base.members().get(i);
      if (i == k.self) {
        continue;
      }
      if (m.isLeg() && m.state() == LegState.IN_SYNC && me.state() != LegState.IN_SYNC) {
        newer.append(newer.isEmpty() ? "" : ", ").append(m.node());
      }
      if ((with & 1 << i) == 0) {
        away.append(away.isEmpty() ? "" : ", ").append(m.node());
      }
    }
    long missing = k.own.missingBlocks();
    for (int i = 0; i < base.members().size(); i++) {
      Report r = k.freshReport(i);
      if (r != null && r.absentMisses().size() > k.self) {
        missing = Math.max(missing, r.absentMisses().get(k.self));
      }
    }
    return "loses data: leg "
        + me.node()
        + " is "
        + me.state().text()
        + (me.state() == LegState.IN_SYNC ? "" : " since generation " + me.since())
        + " in generation "
        + base.generation()
        + ", the newest that is known on this side (others may have gone on without it)"
        + (missing > 0 ? ", misses at least " + missing * PoolView.BLOCK_SIZE + " bytes" : "")
        + (newer.isEmpty() ? "" : ", newer: " + newer)
        + (k.keptOut == null ? "" : "; ends lineage " + k.keptOut.lineage() + ", which goes on now")
        + "; kept out from then on: "
        + (away.isEmpty() ? "nobody" : away)
        + "; what only they hold is given up: say --i-accept-data-loss to do it";
  }

  private PoolView first(Knowledge k, PoolView base, int with, long next) {
    PoolView left = k.keptOut; // the operator decides against it, too
    long generation = left == null ? next : Math.max(next, left.generation() + 1);
    UUID lineage = new UUID(random.nextLong(), random.nextLong());
    Instant at = Instant.ofEpochMilli(k.wallMillis).truncatedTo(ChronoUnit.SECONDS);
    String why = "forced promotion of " + base.members().get(k.self).node() + " on " + at;
    long run = k.ownIncarnation();
    return base.forked(
        lineage,
        generation,
        left,
        d -> {
          PoolView.Draft first = ended(d);
          for (int i = 0; i < d.members().size(); i++) {
            Member m = d.members().get(i);
            if (i == k.self) {
              m = m.moved(LegState.IN_SYNC, run, generation, "").promoted(generation);
            } else if ((with & 1 << i) == 0) {
              m = m.moved(LegState.OUT, 0, generation, "another lineage (" + why + ")");
            } else if (m.isLeg()) {
              m = m.moved(LegState.STALE, 0, generation, why);
            }
            first = first.member(i, m);
          }
          return first.phase(new Phase.Ready());
        });
  }

  /** Whoever wrote or was the last to write is not let go on in another history. */
  private static PoolView.Draft ended(PoolView.Draft d) {
    PoolView.Draft e = d.sessionEnded(false, false);
    LastSession last = e.lastSession();
    LastSession barred = last == null ? null : new LastSession(last.id(), last.closed(), false);
    return new PoolView.Draft(
        e.generation(), e.members(), e.epoch(), e.writer(), barred, e.phase(), e.policies());
  }

  private void answer(boolean done, String text, List<PoolEffect> out) {
    for (PoolEvent.Force ask : waiting) {
      out.add(new PoolEffect.AnswerChange(ask.token(), done, text));
    }
    waiting.clear();
  }

  /** Whether a lineage is being begun: nothing else is decided meanwhile. */
  boolean busy() {
    return begun != null;
  }
}
