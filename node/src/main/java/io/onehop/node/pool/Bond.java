package io.onehop.node.pool;

import io.onehop.node.pool.PoolMessage.Bound;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Binds what members say to each other to disk, lineage and run. What comes from another lineage
 * (rule 8.6) or from a disk that is no member goes no further; votes of a disk that forgot what it
 * promised in an earlier run do not count (rule 1.2). Not thread-safe.
 */
final class Bond {
  /** Lineage of a sender that has no vote to be of any: it only says what is wrong with it. */
  static final UUID NO_LINEAGE = new UUID(0, 0);

  /** Stands for {@link Bound#voted} of a disk that knows that it has forgotten something. */
  static final long FORGOT = -1;

  private static final long NOTICE_NANOS = 1_000_000_000L;
  private static final long PROOF_NANOS = 200_000_000L;
  private static final long FRESH_NANOS = 5_000_000_000L;
  private static final int REMEMBERED_RUNS = 8;

  /** What is remembered of the disk in a member's place. */
  private static final class Neighbour {
    @Nullable UUID disk;
    @Nullable UUID lineage;
    long run;
    long voted;
    long votedBefore;
    boolean forgetful;
    final Deque<Long> ended = new ArrayDeque<>();
    String bar = "";
    long barredAt;
    long noticedAt = Long.MIN_VALUE / 2;
    long provedAt = Long.MIN_VALUE / 2;
  }

  private final UUID pool;
  private final int self;
  private final UUID disk;
  private final long run;
  private final ControlRules rules;
  private final PoolMember.Messenger messenger;
  private @Nullable PoolView vote;
  private long voted;
  private final Neighbour[] neighbours = new Neighbour[PoolView.MAX_MEMBERS];
  private @Nullable PoolView elsewhere;
  private final KeptOut keptOut = new KeptOut();
  private boolean leftBehind;
  private int heardFrom;
  private boolean forgetful;
  private String notice = "";
  private long noticeAt;

  /**
   * @param disk of this member
   * @param run random id of this run, not 0
   */
  Bond(
      UUID pool,
      int self,
      UUID disk,
      long run,
      ControlRules rules,
      PoolMember.Messenger messenger) {
    this.pool = pool;
    this.self = self;
    this.disk = disk;
    this.run = run;
    this.rules = rules;
    this.messenger = messenger;
    for (int i = 0; i < neighbours.length; i++) {
      neighbours[i] = new Neighbour();
    }
  }

  /**
   * What is durable on this disk: what was accepted last and how far its votes have come, see
   * {@link Bound#voted}.
   */
  void voted(PoolView accepted, long number) {
    vote = accepted;
    voted = number;
  }

  /** Sends to another member. */
  void send(int to, PoolMessage body) {
    PoolView v = vote;
    if (v != null) {
      messenger.send(
          to, new Bound(pool, self, disk, v.lineage(), run, forgetful() ? FORGOT : voted, body));
    }
  }

  /**
   * A message that came: what is in it, or null if it goes no further.
   *
   * @param known the newest chosen view known, or null
   */
  @Nullable PoolMessage open(PoolMessage sealed, @Nullable PoolView known, long now) {
    PoolView accepted = vote;
    if (!(sealed instanceof Bound m)
        || accepted == null
        || m.body().from() != m.from()
        || !m.body().pool().equals(pool)) {
      return null;
    }
    Neighbour n = neighbours[m.from()];
    if (m.body() instanceof PoolMessage.Chosen c && c.view().leavesBehind(accepted.lineage())) {
      heardFrom |= 1 << m.from();
      leftBehind |= rules.keptOutStays() && keptOut.heard(c.view(), accepted);
      return null;
    }
    if (m.body() instanceof PoolMessage.Notice told) {
      heard(told, accepted, now);
      return null;
    }
    PoolView mine = known != null && known.lineage().equals(accepted.lineage()) ? known : accepted;
    boolean other = !m.lineage().equals(accepted.lineage()) && !m.lineage().equals(NO_LINEAGE);
    if (rules.lineageBinds() && other && !invites(m, accepted, known)) {
      prove(m, keptOut() == null ? known : keptOut(), now);
      return barred(m, now, mine, anotherLineage(mine, m.from()), refusal(mine, m), false);
    }
    heardFrom |= 1 << m.from();
    if (keptOut() != null && !other) {
      prove(m, keptOut(), now);
      return KeptOut.listensTo(m.body()) ? m.body() : null;
    }
    boolean member =
        m.from() < mine.members().size() && mine.members().get(m.from()).id().equals(m.sender());
    if (!member && !(m.body() instanceof PoolMessage.Accept) && rules.sameVoterOnly()) {
      if (m.body() instanceof PoolMessage.Vote) {
        return m.body(); // a disk that is being put in
      }
      barred(m, now, mine, "another disk is in its place (rule 1.2)", stranger(mine, m), false);
      return m.body() instanceof PoolMessage.Query ? m.body() : null; // it may ask who is a member
    }
    remember(n, m);
    if (!n.forgetful || !rules.sameVoterOnly()) {
      n.bar = "";
      return m.body();
    }
    String node = mine.members().get(m.from()).node();
    String bar = "its disk is older than what it voted before (rule 1.2)";
    String cure = ": " + replace(mine, node);
    barred(m, now, mine, bar, bar + cure, true);
    // Its content heals like any other's (rule 6.1).
    return rests(m, n.votedBefore / 2) ? null : m.body();
  }

  /** An Accept of a lineage that leaves this one behind but takes this disk along. */
  private boolean invites(Bound m, PoolView accepted, @Nullable PoolView known) {
    return m.body() instanceof PoolMessage.Accept a
        && a.view().leavesBehind(accepted.lineage())
        && KeptOut.takesAlong(a.view(), keptOut())
        && a.view().lineage().equals(m.lineage())
        && a.view().indexOf(disk) == self
        && a.view().isVoter(self)
        && a.view().generation() > accepted.generation()
        && (known == null || a.view().generation() > known.generation());
  }

  private void remember(Neighbour n, Bound m) {
    if (!m.sender().equals(n.disk)) {
      n.disk = m.sender();
      n.run = m.run();
      n.voted = 0;
      n.votedBefore = 0;
      n.forgetful = false;
      n.ended.clear();
    } else if (m.run() != n.run) {
      if (n.ended.contains(m.run())) {
        return; // late
      }
      n.ended.addLast(n.run);
      if (n.ended.size() > REMEMBERED_RUNS) {
        n.ended.removeFirst();
      }
      n.run = m.run();
      n.votedBefore = n.voted; // a disk that forgot once is not trusted again
      n.noticedAt = Long.MIN_VALUE / 2; // told before its first question is answered
    }
    if (!m.lineage().equals(NO_LINEAGE)) {
      if (!m.lineage().equals(n.lineage)) { // promises are of their lineage
        n.lineage = m.lineage();
        n.voted = 0;
        n.votedBefore = 0;
      }
      n.forgetful |= m.voted() == FORGOT || m.voted() < n.votedBefore;
      n.voted = Math.max(n.voted, m.voted());
    }
  }

  /**
   * Whether it rests on what a voter that forgot something cannot know. Its rounds may go on with
   * the others' votes, under ballots that it cannot have used before, once it knows that its own
   * votes do not count.
   */
  private static boolean rests(Bound m, long promised) {
    boolean counts = m.voted() != FORGOT;
    return switch (m.body()) {
      case PoolMessage.Vote _, PoolMessage.LeaseAnswer _ -> true;
      case PoolMessage.Prepare p -> counts || p.ballot() <= promised;
      case PoolMessage.Accept a -> counts || a.ballot() <= promised;
      case PoolMessage.Query _,
          PoolMessage.Chosen _,
          PoolMessage.Report _,
          PoolMessage.HeardQuery _,
          PoolMessage.Heard _,
          PoolMessage.LeaseQuery _,
          PoolMessage.Bound _,
          PoolMessage.Notice _ ->
          false;
    };
  }

  private @Nullable PoolMessage barred(
      Bound m, long now, PoolView mine, String bar, String text, boolean forgot) {
    Neighbour n = neighbours[m.from()];
    n.bar = bar;
    n.barredAt = now;
    if (now - n.noticedAt >= NOTICE_NANOS) {
      n.noticedAt = now;
      send(m.from(), new PoolMessage.Notice(pool, self, m.sender(), forgot, mine, text));
    }
    return null;
  }

  /** A member of a lineage that was left behind is shown what leaves it behind. */
  private void prove(Bound m, @Nullable PoolView proof, long now) {
    Neighbour n = neighbours[m.from()];
    if (proof != null && proof.leavesBehind(m.lineage()) && now - n.provedAt >= PROOF_NANOS) {
      n.provedAt = now;
      send(m.from(), new PoolMessage.Chosen(pool, self, proof));
    }
  }

  private static String anotherLineage(PoolView mine, int from) {
    String why = from < mine.members().size() ? mine.members().get(from).reason() : "";
    return mine.isVoter(from) || why.isEmpty() ? "another lineage (rule 8.6)" : why;
  }

  private String refusal(PoolView mine, Bound m) {
    if (m.from() >= mine.members().size() || mine.isVoter(m.from())) {
      return "another lineage than " + mine.members().get(self).node() + " (rule 8.6)";
    }
    Member out = mine.members().get(m.from());
    return "kept out, "
        + out.reason()
        + ": `onehop pool rejoin "
        + mine.name()
        + " --leg "
        + out.node()
        + " --i-accept-data-loss` lets it in, without what it alone holds";
  }

  private static String stranger(PoolView mine, Bound m) {
    String node = m.from() < mine.members().size() ? mine.members().get(m.from()).node() : "";
    return "this disk is no member of the pool, or not any more (rule 1.2): put "
        + node
        + "'s own disk back, or "
        + replace(mine, node);
  }

  private static String replace(PoolView view, String node) {
    return "`onehop pool replace " + view.name() + " --leg " + node + "`";
  }

  private void heard(PoolMessage.Notice told, PoolView accepted, long now) {
    if (!told.disk().equals(disk)) {
      return; // late: about the disk that was here before
    }
    PoolView view = told.view();
    boolean foreign = !view.lineage().equals(accepted.lineage());
    boolean named = view.indexOf(disk) == self;
    if (foreign) {
      String why = named ? view.members().get(self).reason() : "";
      Neighbour n = neighbours[told.from()];
      n.bar = why.isEmpty() ? "another lineage (rule 8.6)" : why;
      n.barredAt = now;
    }
    if (!named || view.members().get(self).state() == LegState.OUT) {
      elsewhere = view;
    } else if (foreign || !told.forgot()) {
      return; // about to be asked to come along, or late: let in meanwhile
    } else {
      forgetful = true;
    }
    notice = told.text();
    noticeAt = now;
  }

  /** At the start: what was noted on the disk. */
  void noted(@Nullable PoolView view) {
    keptOut.noted(view);
  }

  /** The chosen view that leaves this disk's lineage behind; null if none is known (rule 8.6). */
  @Nullable PoolView keptOut() {
    return keptOut.by(vote);
  }

  /** Whether that was news, to be made durable; once. */
  boolean leftBehind() {
    boolean was = leftBehind;
    leftBehind = false;
    return was;
  }

  /** Members that said anything in this run that bears on who goes on (mask). */
  int heardFrom() {
    return heardFrom;
  }

  /** What is shown where the others do not let this member in. */
  PoolStatus shown(PoolStatus mine, boolean inside, long now) {
    PoolView by = keptOut();
    if (by != null) {
      String why = KeptOut.text(by, self);
      return mine.keptOut(by, why, why);
    }
    PoolView other = elsewhere(now);
    return other == null || inside ? mine : mine.keptOut(other, notice(now), null);
  }

  /** Whether somebody remembers votes of this disk that it does not know of: it was rolled back. */
  boolean forgetful() {
    return forgetful && rules.sameVoterOnly();
  }

  /** Why member {@code i} is not listened to; empty if it is. */
  String bar(int i, long now) {
    Neighbour n = neighbours[i];
    return now - n.barredAt <= FRESH_NANOS ? n.bar : "";
  }

  /** Why the others do not let this member in, as far as they said so lately; empty if they do. */
  String notice(long now) {
    return now - noticeAt <= FRESH_NANOS ? notice : "";
  }

  /** The others' view that this member is not let into; null if there is none. */
  private @Nullable PoolView elsewhere(long now) {
    return notice(now).isEmpty() ? null : elsewhere;
  }
}
