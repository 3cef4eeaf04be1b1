package io.onehop.node.pool;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.leg.LegStatus;
import io.onehop.node.pool.PoolEffect.Order;
import io.onehop.node.pool.PoolEffect.Propose;
import io.onehop.node.pool.PoolEffect.Send;
import io.onehop.node.pool.RegisterEffect.Outcome;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides the view changes of one pool on one node. Deterministic: what it does follows from the
 * events, the leg's status, the time given and the seed. The rules themselves are its {@link
 * Decider}s, asked in a fixed order whenever no proposal is under way; each decides from the newest
 * known chosen view, so one that lost its compare-and-set is decided anew (rule 1.3). Not
 * thread-safe.
 */
public final class PoolMachine {
  private static final long REREAD_NANOS = 2_000_000_000L;
  private static final long RETRY_NANOS = 400_000_000L;

  private final Knowledge k;
  private final RandomGenerator random;
  private final SessionEnd ends = new SessionEnd();
  private final Admission admission = new Admission(ends);
  private final Eviction eviction = new Eviction();
  private final Reconciliation reconciliation = new Reconciliation();
  private final Promotion promotion = new Promotion();
  private final ColdStart coldStart = new ColdStart();
  private final SettingsChange settings = new SettingsChange();
  private final Replacement replacement = new Replacement();
  private final ForcedPromotion forced;
  private final Leases leases = new Leases();
  private final Reporting reporting = new Reporting();
  private final List<Decider> deciders =
      List.of(
          ends,
          admission::takeover,
          reconciliation,
          coldStart,
          eviction,
          promotion,
          admission,
          new Returning(),
          settings,
          replacement);

  private boolean busy;
  private boolean registered;
  private boolean mustRead = true;
  private boolean stopped;

  /** The newest view has no place for this disk (rule 1.2): nothing is decided here. */
  private boolean outside;

  private @Nullable PoolView keptOut;
  private boolean needed;
  private long nextReadAt;
  private long lastReadAt = Long.MIN_VALUE;
  private @Nullable Proposal inFlight;
  private String noMajority = "";
  private long proposals;
  private long chosen;
  private long conflicts;
  private long unknown;
  private long reads;
  private long refused;

  /**
   * @param self this member's index
   * @param own the leg's status now
   * @param now loop clock
   */
  public PoolMachine(
      UUID pool, int self, ControlRules rules, RandomGenerator random, LegStatus own, long now) {
    this.k = new Knowledge(pool, self, rules, random.nextLong(), own, now);
    this.random = random;
    this.forced = new ForcedPromotion(random);
    this.nextReadAt = now;
  }

  /**
   * One event.
   *
   * @param own the leg's status now
   * @param accepted the view that the own acceptor accepted last; null if it does not vote now
   * @param now loop clock, nanoseconds
   * @param wallMillis wall clock, shown to operators only
   * @return what is to be done, in order
   */
  public List<PoolEffect> step(
      PoolEvent event, LegStatus own, @Nullable PoolView accepted, long now, long wallMillis) {
    List<PoolEffect> out = new ArrayList<>();
    k.observe(own, now, wallMillis);
    k.accepted = accepted;
    PoolView by = k.keptOut;
    if (by != null && !by.equals(keptOut)) {
      out.add(new Order(new LegOrder.KeepOut(by, KeptOut.text(by, k.self))));
    }
    keptOut = by;
    switch (event) {
      case PoolEvent.Tick t -> {
        admission.waiting(waiting());
        leases.tick(k, out);
        admission.expire(k, out);
        settings.expire(k, waiting(), out);
        replacement.expire(k, waiting(), out);
        if (forced.tick(k, coldStart.stuck(k), out)) {
          nextReadAt = k.now; // a read carries it to those whom it names
        }
      }
      case PoolEvent.Edge e -> edge(e.edge(), out);
      case PoolEvent.Message m -> message(m.message(), out);
      case PoolEvent.Registered r -> registered(r.outcome(), out);
      case PoolEvent.Reconciled r -> reconciliation.reconciled(r.generation());
      case PoolEvent.ChangePolicies c -> count(settings.asked(c, k, out));
      case PoolEvent.Force f -> count(forced.asked(f, k, out));
      case PoolEvent.Replace r -> count(replacement.asked(r, k, out));
      case PoolEvent.Stop s -> stopped = true;
    }
    go(out);
    reporting.tick(k, out);
    return out;
  }

  private void edge(LegEdge edge, List<PoolEffect> out) {
    switch (edge) {
      case LegEdge.Suspected s -> {
        eviction.suspected(s, k.now);
        PoolView view = k.view();
        if (view != null && s.generation() > view.generation()) {
          readSoon(); // the client knows a newer view than this node
        }
      }
      case LegEdge.AttachAsked a -> {
        PoolView view = k.view();
        if (view != null && a.heldEpoch() > view.epoch()) {
          readSoon(); // the client knows a newer view than this node
        }
        count(admission.asked(a, k, out));
      }
      case LegEdge.DetachAsked d -> count(ends.detachAsked(d, k, out));
      case LegEdge.LeaseAsked l -> count(leases.asked(l, k, out));
      case LegEdge.Healed h -> promotion.healed(h.generation(), k, out);
      case LegEdge.PromotionRecorded p -> promotion.recorded(p.generation());
      case LegEdge.DiskFailed f -> k.failure = "its disk failed: " + f.reason();
      case LegEdge.Stopped s -> k.failure = "stopped";
      case LegEdge.Adopted a -> {
        PoolView view = k.view();
        if (view != null && a.generation() > view.generation()) {
          readSoon(); // a client brought the leg a view that this node has not heard of
        }
      }
      case LegEdge.MapsArrived m -> {}
      case LegEdge.UnionGathered u -> {}
      case LegEdge.UnionRecorded u -> {}
      case LegEdge.UnionCopied u -> {}
      case LegEdge.Verified v -> {}
    }
  }

  private void message(PoolMessage message, List<PoolEffect> out) {
    switch (message) {
      case PoolMessage.Chosen c -> {
        if (registered) {
          learn(c.view(), out);
        } else {
          readSoon(); // rule 2.5: the first view after a start is never gossip
        }
      }
      case PoolMessage.Report r -> {
        k.heard(r);
        PoolView view = k.view();
        if (view != null && r.adoptedGeneration() > view.generation()) {
          readSoon();
        } else if (view != null && registered && r.adoptedGeneration() < view.generation()) {
          out.add(new Send(r.from(), new PoolMessage.Chosen(k.pool, k.self, view)));
        }
      }
      case PoolMessage.HeardQuery q -> out.add(new Send(q.from(), SessionEnd.answer(q, k)));
      case PoolMessage.Heard h -> ends.heard(h, k);
      case PoolMessage.LeaseQuery q -> {
        boolean grants = Leases.grants(k, q.epoch(), q.voters());
        out.add(
            new Send(q.from(), new PoolMessage.LeaseAnswer(k.pool, k.self, q.request(), grants)));
      }
      case PoolMessage.LeaseAnswer a -> leases.answered(a, k, out);
      case PoolMessage.Vote v -> {
        forced.heard(v);
        replacement.heard(v, k.now);
      }
      case PoolMessage.Query _,
          PoolMessage.Prepare _,
          PoolMessage.Accept _,
          PoolMessage.Bound _,
          PoolMessage.Notice _ -> {}
    }
  }

  private void registered(Outcome outcome, List<PoolEffect> out) {
    Proposal was = inFlight;
    busy = false;
    inFlight = null;
    switch (outcome) {
      case Outcome.Chosen c -> {
        chosen++;
        settledBy(c.view(), out);
        broadcast(c.view(), out);
      }
      case Outcome.Current c -> settledBy(c.view(), out);
      case Outcome.Conflict c -> {
        conflicts++;
        settledBy(c.view(), out);
        if (!k.rules.exactGeneration() && was != null) {
          propose(new Proposal(c.view(), was.change(), was.why()), out); // †18: not decided anew
        }
      }
      case Outcome.Unknown u -> {
        unknown++;
        mustRead |= was != null; // rule 1.1: it may have been chosen
        nextReadAt = k.now + jitter(RETRY_NANOS);
        if (u.silent() != 0) {
          String names = k.names(u.silent());
          noMajority =
              "no majority of voters" + (names.isEmpty() ? "" : ": " + names + " do not answer");
        }
      }
    }
  }

  private void settledBy(PoolView view, List<PoolEffect> out) {
    registered = true;
    mustRead = false;
    noMajority = "";
    learn(view, out);
  }

  private void learn(PoolView view, List<PoolEffect> out) {
    outside = !k.names(view);
    if (!outside && k.learn(view)) {
      out.add(new Order(new LegOrder.Adopt(view)));
      out.add(new PoolEffect.Learned(view));
    }
  }

  private void broadcast(PoolView view, List<PoolEffect> out) {
    for (int i = 0; i < view.members().size(); i++) {
      if (i != k.self) {
        out.add(new Send(i, new PoolMessage.Chosen(k.pool, k.self, view)));
      }
    }
  }

  /** Reads if that is due, else asks the rules what the newest view needs. */
  private void go(List<PoolEffect> out) {
    if (busy || k.keptOut != null) {
      return;
    }
    if (k.now - nextReadAt >= 0) {
      busy = true;
      reads++;
      lastReadAt = k.now;
      nextReadAt = k.now + jitter(REREAD_NANOS);
      out.add(new PoolEffect.Read());
      return;
    }
    if (mustRead || !registered || stopped || outside || forced.busy()) {
      return;
    }
    eviction.attachWaits(admission.waits(k));
    for (Decider d : deciders) {
      Proposal p = d.decide(k, out);
      if (p != null) {
        propose(p, out);
        return;
      }
    }
    needed = false;
  }

  private void propose(Proposal p, List<PoolEffect> out) {
    needed = true;
    busy = true;
    inFlight = p;
    proposals++;
    out.add(new Propose(p.base().generation(), p.next(), p.why()));
  }

  private void readSoon() {
    long soonest = lastReadAt == Long.MIN_VALUE ? k.now : lastReadAt + RETRY_NANOS / 2;
    nextReadAt = Math.min(nextReadAt, Math.max(k.now, soonest));
  }

  private long jitter(long nanos) {
    return nanos * 3 / 4 + (long) (random.nextDouble() * nanos / 2);
  }

  private void count(boolean hadRoom) {
    refused += hadRoom ? 0 : 1;
  }

  /**
   * Before each step.
   *
   * @param problem why this member does not vote now, or empty
   * @param by what leaves its lineage behind; null, unless nothing is to be decided here (rule 8.6)
   * @param heardFrom members heard of in this run (mask)
   */
  void votes(String problem, @Nullable PoolView by, int heardFrom) {
    k.voteProblem = problem;
    k.keptOut = by;
    k.heardFrom = heardFrom;
  }

  /** No client is admitted for ten seconds: the pool's deletion is being agreed. */
  void fence(long now) {
    admission.fence(now);
  }

  /** Whether a majority answers and its newest view has a place for this disk. */
  boolean inside() {
    return registered && !outside && noMajority.isEmpty();
  }

  /** From now on {@code bar} says why a member is not listened to. */
  void bars(IntFunction<String> bar) {
    k.bar = bar;
  }

  /** The newest chosen view known. */
  public @Nullable PoolView view() {
    return k.view();
  }

  /** What a needed view change, the start or an old request waits for; null if nothing does. */
  public @Nullable String waiting() {
    PoolView by = k.keptOut;
    if (by != null) {
      return KeptOut.text(by, k.self);
    }
    if ((!registered || needed) && !noMajority.isEmpty()) {
      return noMajority;
    }
    if (!registered) {
      return "reads the register";
    }
    if (!coldStart.waiting().isEmpty()) {
      return coldStart.waiting();
    }
    String waits = reconciliation.waiting(k);
    waits = waits.isEmpty() ? WriteWait.of(k, eviction) : waits;
    if (!waits.isEmpty()) {
      return waits;
    }
    return k.own.oldestRequestNanos() > k.policies().deadlineNanos()
        ? "a request is "
            + k.own.oldestRequestNanos() / 1_000_000
            + " ms old at "
            + (k.view() == null ? "this leg" : k.member(k.self).node())
        : null;
  }

  /** A snapshot for the API. */
  PoolStatus status(long now, String voteProblem) {
    PoolView view = k.view();
    List<PoolStatus.MemberStatus> members = new ArrayList<>();
    for (int i = 0; view != null && i < view.members().size(); i++) {
      boolean mine = i == k.self;
      PoolMessage.Report r = mine ? Reporting.of(k, 0) : k.report(i);
      boolean fresh = mine || k.freshReport(i) != null;
      long age = mine ? 0 : r == null ? -1 : now - k.reportAt(i);
      members.add(
          new PoolStatus.MemberStatus(
              i, k.member(i).node(), fresh, age, r, Reasons.of(k, view, i)));
    }
    return new PoolStatus(
        k.self,
        view,
        k.own,
        members,
        waiting(),
        voteProblem,
        new PoolStatus.Counters(proposals, chosen, conflicts, unknown, reads, refused));
  }
}
