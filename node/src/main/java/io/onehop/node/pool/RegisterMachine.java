package io.onehop.node.pool;

import io.onehop.node.pool.PoolMessage.Accept;
import io.onehop.node.pool.PoolMessage.Prepare;
import io.onehop.node.pool.PoolMessage.Query;
import io.onehop.node.pool.PoolMessage.Vote;
import io.onehop.node.pool.RegisterEffect.Done;
import io.onehop.node.pool.RegisterEffect.Outcome;
import io.onehop.node.pool.RegisterEffect.Send;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One member's part of the view register: CASPaxos, acceptor and proposer (rules 1.1 to 1.3). Pure:
 * time comes in, effects go out, nothing is read or written here. One request at a time, one more
 * read may wait. Not thread-safe.
 *
 * <p>A ballot is (round &lt;&lt; 8) | member. The own acceptor promises, durably, before anyone
 * else is asked: so a restarted proposer starts above every ballot that it ever used.
 */
public final class RegisterMachine {
  /** Rounds that one request may take before it ends as unknown. */
  static final int MAX_ROUNDS = 6;

  private enum Step {
    IDLE,
    QUERY,
    PREPARE,
    ACCEPT,
    BACK_OFF
  }

  private final UUID pool;
  private final int self;
  private final UUID id;
  private final ControlRules rules;
  private final RandomGenerator random;
  private final Acceptor acceptor;
  private final Ballots votes;
  private Step step = Step.IDLE;
  private long request;
  private long ballot;
  private long highestBallot;
  private long roundEnd;
  private int rounds;
  private boolean readWaits;
  private boolean mute;
  private long expected;
  private @Nullable PoolView proposal;
  private @Nullable PoolView writing;

  /**
   * @param self this member's index
   * @param accepted the vote on disk; null for an empty disk, which neither votes nor proposes
   * @param random source of request numbers and of the jitter of back-offs
   * @param rules {@link ControlRules#ALL} but in the simulator
   */
  public RegisterMachine(
      UUID pool,
      int self,
      long promised,
      long acceptedBallot,
      @Nullable PoolView accepted,
      RandomGenerator random,
      ControlRules rules) {
    this.pool = pool;
    this.self = self;
    this.id = accepted == null ? PoolView.NOBODY : accepted.members().get(self).id();
    this.rules = rules;
    this.votes = new Ballots(rules.sameVoterOnly());
    this.random = random;
    this.acceptor = new Acceptor(pool, self, id, promised, acceptedBallot, accepted);
    if (accepted != null) {
      votes.follow(accepted);
    }
    // A restarted process must not take answers to its predecessor's requests for its own.
    this.request = random.nextLong() & (Long.MAX_VALUE >> 8);
  }

  /** The own disk was rolled back (rule 1.2): from now on its votes do not count here either. */
  void muted() {
    mute = true;
    votes.drop(self);
  }

  /** This view was chosen: its voters are asked from now on. */
  void learned(PoolView chosen) {
    votes.follow(chosen);
  }

  /** Its lineage was left behind (rule 8.6): no request goes on. What it voted is saved again. */
  List<RegisterEffect> leftBehind(long now) {
    List<RegisterEffect> out = new ArrayList<>(acceptor.saveAgain());
    readWaits = false;
    if (busy()) {
      finish(new Outcome.Unknown(0), now, out);
    }
    return out;
  }

  /** Whether a request is under way. */
  public boolean busy() {
    return step != Step.IDLE;
  }

  /** Grows with every vote of the acceptor: twice its promise, one more once that is accepted. */
  long voted() {
    return acceptor.promised() * 2 + (acceptor.acceptedBallot() == acceptor.promised() ? 1 : 0);
  }

  /** What the acceptor accepted last: a vote, no view (rule 1.1). */
  public @Nullable PoolView accepted() {
    return acceptor.accepted();
  }

  /** Finds the chosen view. If a request is under way the read follows it; one waits at most. */
  public List<RegisterEffect> read(long now) {
    List<RegisterEffect> out = new ArrayList<>();
    if (acceptor.blank()) {
      out.add(new Done(new Outcome.Unknown(0)));
    } else if (busy()) {
      readWaits = true;
    } else {
      votes.follow(Objects.requireNonNull(acceptor.accepted()));
      proposal = null;
      rounds = 0;
      query(now, out);
    }
    return out;
  }

  /**
   * Proposes {@code next} on exactly the chosen generation {@code expectedGeneration} (rule 1.3).
   *
   * @throws IllegalStateException if a request is under way
   */
  public List<RegisterEffect> propose(long expectedGeneration, PoolView next, long now) {
    if (busy()) {
      throw new IllegalStateException("one proposal at a time");
    }
    List<RegisterEffect> out = new ArrayList<>();
    if (acceptor.blank()) {
      out.add(new Done(new Outcome.Unknown(0)));
      return out;
    }
    votes.follow(Objects.requireNonNull(acceptor.accepted()));
    expected = expectedGeneration;
    proposal = next;
    rounds = 0;
    prepare(now, out);
    return out;
  }

  /**
   * The first view of a new lineage, decided here (rule 8.6). The own acceptor takes it, whatever
   * it promised before; the request under way ends unknown. The next read carries it to the other
   * voters that it names.
   */
  public List<RegisterEffect> fork(PoolView first, long now) {
    List<RegisterEffect> out = new ArrayList<>();
    long round = (Math.max(highestBallot, acceptor.promised()) >> 8) + 1;
    ballot = round << 8 | self;
    highestBallot = ballot;
    acceptor.accept(0, ballot, first, out);
    moved(first, now, out);
    return out;
  }

  /** The own acceptor is of another lineage now: nothing of the old one goes on. */
  private void moved(PoolView first, long now, List<RegisterEffect> out) {
    votes.restart(first);
    if (busy()) {
      finish(new Outcome.Unknown(0), now, out);
    }
  }

  /** A message of another member. */
  public List<RegisterEffect> onMessage(PoolMessage message, long now) {
    List<RegisterEffect> out = new ArrayList<>();
    highestBallot = Math.max(highestBallot, Acceptor.ballot(message));
    PoolView was = acceptor.accepted();
    Vote mine = acceptor.answer(message, out);
    if (mine != null) {
      out.add(new Send(message.from(), mine));
    }
    PoolView is = acceptor.accepted();
    if (was != null && is != null && !was.lineage().equals(is.lineage())) {
      moved(is, now, out);
    }
    if (message instanceof Vote v) {
      vote(v, now, out);
    }
    return out;
  }

  /** Lets time pass: rounds that got no majority are begun again, with a bound. */
  public List<RegisterEffect> onTick(long now) {
    List<RegisterEffect> out = new ArrayList<>();
    if (step == Step.IDLE || now - roundEnd < 0) {
      return out;
    }
    switch (step) {
      case IDLE -> {}
      case BACK_OFF -> prepare(now, out);
      case QUERY -> {
        if (votes.majority(votes.voters())) {
          prepare(now, out); // a majority answered and does not agree: settle it
        } else {
          again(now, out);
        }
      }
      case PREPARE, ACCEPT -> again(now, out);
    }
    return out;
  }

  private void again(long now, List<RegisterEffect> out) {
    if (++rounds >= MAX_ROUNDS) {
      finish(new Outcome.Unknown(Ballots.everyone(votes.voters()) & ~votes.answered()), now, out);
    } else if (step == Step.QUERY) {
      query(now, out);
    } else {
      prepare(now, out);
    }
  }

  private void query(long now, List<RegisterEffect> out) {
    begin(Step.QUERY, now);
    PoolView first = acceptor.accepted();
    if (first != null && first.forked()) {
      // Who is named but has not heard of the new lineage cannot answer in it. The ballot is of its
      // only proposal: this never undoes what came after. Answers to request 0 are lost.
      broadcast(i -> new Accept(pool, self, 0, acceptor.acceptedBallot(), first), out);
    }
    broadcast(i -> new Query(pool, self, request), out);
    own(acceptor.query(request), now, out);
  }

  private void prepare(long now, List<RegisterEffect> out) {
    if (!votes.names(self, id) || acceptor.acceptedBallot() == 0) {
      finish(new Outcome.Unknown(0), now, out); // whom the list does not name settles nothing
      return;
    }
    begin(Step.PREPARE, now);
    long round = (Math.max(highestBallot, acceptor.promised()) >> 8) + 1;
    ballot = round << 8 | self;
    highestBallot = ballot;
    Vote mine = acceptor.prepare(request, ballot, out); // durable before the others are asked
    broadcast(i -> new Prepare(pool, self, request, ballot), out);
    own(mine, now, out);
  }

  private void acceptRound(PoolView view, long now, List<RegisterEffect> out) {
    begin(Step.ACCEPT, now);
    writing = view;
    Vote mine = acceptor.accept(request, ballot, view, out);
    broadcast(i -> new Accept(pool, self, request, ballot, view), out);
    own(mine, now, out);
  }

  private void begin(Step next, long now) {
    step = next;
    request++;
    roundEnd = now + acceptor.roundNanos();
    votes.clear();
  }

  private void own(@Nullable Vote mine, long now, List<RegisterEffect> out) {
    if (mine != null && !mute) {
      vote(mine, now, out);
    }
  }

  private void vote(Vote v, long now, List<RegisterEffect> out) {
    highestBallot = Math.max(highestBallot, v.promised());
    if (v.request() != request || v.from() < 0 || v.from() >= votes.voters().size()) {
      return;
    }
    switch (step) {
      case IDLE, BACK_OFF -> {}
      case QUERY -> {
        votes.put(v);
        judgeQuery(now, out);
      }
      case PREPARE -> {
        if (!votes.counts(v, votes.voters())) {
          return; // of a disk that is not, or not any more, in the list (rule 1.2)
        }
        if (!v.granted()) {
          nacked(now, out);
          return;
        }
        votes.put(v);
        if (votes.majority(votes.voters())) {
          promisedByMajority(now, out);
        }
      }
      case ACCEPT -> {
        PoolView value = Objects.requireNonNull(writing);
        List<UUID> own = value.voterIds();
        if (!votes.counts(v, votes.voters()) && !votes.counts(v, own)) {
          return;
        }
        if (!v.granted()) {
          nacked(now, out);
          return;
        }
        votes.put(v);
        // Rule 1.1: the predecessor's voters and, where they are others, its own.
        boolean agreed = votes.majority(own) || !rules.bothMajorities();
        if (agreed && votes.majority(votes.voters())) {
          acceptedByMajority(now, out);
        }
      }
    }
  }

  private void nacked(long now, List<RegisterEffect> out) {
    if (++rounds >= MAX_ROUNDS) {
      finish(new Outcome.Unknown(0), now, out);
      return;
    }
    step = Step.BACK_OFF;
    request++;
    long slot = acceptor.roundNanos() / 8;
    roundEnd = now + 1 + (long) (random.nextDouble() * slot * rounds);
  }

  /** A value that is proven chosen need not be written. */
  private void judgeQuery(long now, List<RegisterEffect> out) {
    PoolView proven = votes.proven();
    if (proven != null) {
      votes.follow(proven);
      finish(new Outcome.Current(proven), now, out);
      return;
    }
    int all = Ballots.everyone(votes.voters());
    if ((votes.answered() & all) == all) {
      prepare(now, out);
    }
  }

  private void promisedByMajority(long now, List<RegisterEffect> out) {
    PoolView current = votes.highest();
    if (current == null) {
      finish(new Outcome.Unknown(0), now, out);
      return;
    }
    if (!current.voterIds().equals(votes.voters())) { // rule 1.1: begun again with that list
      votes.restart(current);
      again(now, out);
      return;
    }
    boolean mine = proposal != null && current.generation() == expected;
    acceptRound(mine ? Objects.requireNonNull(proposal) : current, now, out);
  }

  private void acceptedByMajority(long now, List<RegisterEffect> out) {
    PoolView chosen = Objects.requireNonNull(writing);
    if (proposal == null) {
      finish(new Outcome.Current(chosen), now, out);
    } else if (chosen.equals(proposal)) {
      finish(new Outcome.Chosen(chosen), now, out);
    } else {
      finish(new Outcome.Conflict(chosen), now, out);
    }
  }

  private void finish(Outcome outcome, long now, List<RegisterEffect> out) {
    step = Step.IDLE;
    request++;
    proposal = null;
    writing = null;
    out.add(new Done(outcome));
    if (readWaits) {
      readWaits = false;
      out.addAll(read(now));
    }
  }

  /** To every voter of the round and, of a value that has others, to those. */
  private void broadcast(IntFunction<PoolMessage> message, List<RegisterEffect> out) {
    int all = Ballots.everyone(votes.voters());
    PoolView value = writing;
    if (step == Step.ACCEPT && value != null) {
      all |= value.voterMask();
    }
    for (int i = 0; i < PoolView.MAX_MEMBERS; i++) {
      if (i != self && (all & 1 << i) != 0) {
        out.add(new Send(i, message.apply(i)));
      }
    }
  }
}
