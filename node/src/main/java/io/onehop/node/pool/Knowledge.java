package io.onehop.node.pool;

import io.onehop.node.leg.LegStatus;
import io.onehop.node.pool.PoolMessage.Report;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import java.util.Objects;
import java.util.UUID;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What this node knows of its pool: the newest chosen view, its own leg, the others' reports, and
 * since when. The rules that decide view changes read it; only {@link PoolMachine} writes it.
 */
final class Knowledge {
  private static final long NEVER = Long.MIN_VALUE;

  final UUID pool;
  final int self;
  final ControlRules rules;
  final long run;
  final long startedAt;
  long now;
  long wallMillis;
  LegStatus own;

  /** The view that the own acceptor accepted last; null if it does not vote now (rule 5.4). */
  @Nullable PoolView accepted;

  /** The chosen view that leaves the accepted one's lineage behind (rule 8.6), or null. */
  @Nullable PoolView keptOut;

  /** Members that were heard of in this run, so far (mask). */
  int heardFrom;

  /** Why the own leg's incarnation has ended while its process runs; empty if it has not. */
  String failure = "";

  /** Why a member is not listened to (rules 1.2, 8.6); empty if it is. */
  IntFunction<String> bar = _ -> "";

  /** Why this member does not vote now; empty if it does. */
  String voteProblem = "";

  private @Nullable PoolView view;
  private final @Nullable Report[] reports = new @Nullable Report[PoolView.MAX_MEMBERS];
  private final long[] reportAt = new long[PoolView.MAX_MEMBERS];
  private final long[] linkAt = new long[PoolView.MAX_MEMBERS];
  private final long[] reportsSteadyAt = new long[PoolView.MAX_MEMBERS];
  private final ReportOrder order = new ReportOrder();
  private final EvictionMemory memory;
  private long writerGeneration;
  private long writerAdoptedAt = NEVER;
  private long endLearnedAt;
  private long longerLeaseUntil = NEVER;
  private long writerSteadyAt;

  /**
   * @param run random id of this run, which its reports name
   */
  Knowledge(UUID pool, int self, ControlRules rules, long run, LegStatus own, long now) {
    this.pool = pool;
    this.self = self;
    this.rules = rules;
    this.run = run;
    this.own = own;
    this.now = now;
    this.startedAt = now;
    java.util.Arrays.fill(reportAt, now);
    java.util.Arrays.fill(linkAt, now);
    java.util.Arrays.fill(reportsSteadyAt, now);
    this.memory = new EvictionMemory(rules.steadyReturn(), now);
    this.writerSteadyAt = now;
  }

  /** The newest chosen view; null before the first register round. */
  @Nullable PoolView view() {
    return view;
  }

  /** Takes over time and the own leg's state. */
  void observe(LegStatus status, long time, long wall) {
    now = time;
    wallMillis = wall;
    long frame = status.lastWriterFrameNanos();
    if (frame - own.lastWriterFrameNanos() > gap()
        || time - frame > gap()
        || !Objects.equals(status.session(), own.session())) {
      writerSteadyAt = time;
    }
    own = status;
    for (int i = 0; i < linkAt.length; i++) {
      if ((status.peerLinks() & 1 << i) != 0) {
        linkAt[i] = time;
      }
    }
    adoptedWriter();
  }

  /** Why nothing is heard of a member. */
  String absence(int i) {
    String why = bar.apply(i);
    return why.isEmpty() ? "does not answer" : why;
  }

  /** Whether {@code v} has a place for this very disk. */
  boolean names(PoolView v) {
    return accepted == null || v.members().get(self).id().equals(accepted.members().get(self).id());
  }

  /** Takes over a chosen view if it is newer; says whether it was. */
  boolean learn(PoolView v) {
    PoolView old = view;
    if (old != null && v.generation() <= old.generation()) {
      return false;
    }
    view = v;
    if (old != null && v.policies().leaseNanos() < old.policies().leaseNanos()) {
      longerLeaseUntil = Math.max(longerLeaseUntil, now + leaseWait(old));
    }
    Writer w = v.writer();
    if (old == null || old.epoch() != v.epoch()) {
      endLearnedAt = now; // an own restart forgets: the wait of rule 5.4 begins again
      if (w != null) {
        writerGeneration = v.generation();
        writerAdoptedAt = NEVER;
      }
    }
    adoptedWriter();
    if (old != null) {
      memory.learned(old, v, now);
    }
    return true;
  }

  private void adoptedWriter() {
    if (view != null
        && view.writer() != null
        && writerAdoptedAt == NEVER
        && own.adoptedGeneration() >= writerGeneration) {
      writerAdoptedAt = now;
    }
  }

  /** Takes over a report, unless a later one of its sender was here, or one of its next run. */
  void heard(Report r) {
    int i = r.from();
    if (i < 0 || i >= reports.length || i == self || !order.isNew(r, now)) {
      return;
    }
    if (now - reportAt[i] > gap()) {
      reportsSteadyAt[i] = now;
    }
    reports[i] = r;
    reportAt[i] = now;
  }

  /** Silence that is no mere delay: longer than heartbeats are apart, shorter than a failure. */
  private long gap() {
    Policies p = policies();
    return Math.max(p.failureNanos() / 2, p.heartbeatNanos() * 3 / 2);
  }

  /** For how long the writer's frames have come to this node without a gap. */
  long writerSteadyNanos() {
    return now - writerSteadyAt;
  }

  /** Members, this one among them, whose reports come (mask). */
  int reaches() {
    int mask = 1 << self;
    for (int i = 0; view != null && i < view.members().size(); i++) {
      mask |= i != self && freshReport(i) != null ? 1 << i : 0;
    }
    return mask;
  }

  /** Members that by this node's memory were evicted too often to return yet (mask). */
  int holdsBack() {
    int mask = 0;
    for (int i = 0; view != null && i < view.members().size(); i++) {
      mask |= member(i).state() == LegState.STALE && memory.holdsBack(i, now) ? 1 << i : 0;
    }
    return mask;
  }

  /** Why stale leg {@code i} has to wait before it returns (rule 1.5); empty if it need not. */
  String heldBack(int i, Report r) {
    int hold = holdsBack();
    for (int j = 0; view != null && j < view.members().size(); j++) {
      Report other = j == self || j == i ? null : freshReport(j);
      hold |= other == null ? 0 : other.holdsBack();
    }
    if ((hold & 1 << i) != 0) {
      return "was evicted again and again; waits before it returns";
    }
    long steady = now - reportsSteadyAt[i];
    if (view != null && view.writer() != null) {
      steady = Math.min(steady, r.steadyNanos());
    }
    return memory.steady(i, r, steady, now, policies())
        ? ""
        : "answered only now and then; waits until it is steady";
  }

  /** Whether the own leg, which returned, has yet to show that it is well again. */
  boolean onTrial() {
    return memory.onTrial(self, now, policies());
  }

  @Nullable Report report(int i) {
    return reports[i];
  }

  long reportAt(int i) {
    return reportAt[i];
  }

  /** The report of another member if it is not older than the failure time. */
  @Nullable Report freshReport(int i) {
    return reports[i] != null && now - reportAt[i] <= policies().failureNanos() ? reports[i] : null;
  }

  /** Whether nothing was heard from this member's control plane for the failure time. */
  boolean unreachable(int i) {
    return i != self && now - reportAt[i] > policies().failureNanos();
  }

  /** Whether no live data connection to this member was seen for the failure time. */
  boolean unlinked(int i) {
    return i != self && now - linkAt[i] > policies().failureNanos();
  }

  Policies policies() {
    return view == null ? Policies.DEFAULT : view.policies();
  }

  /**
   * The own leg's run; 0 if there is none (any more). A leg whose node cannot vote passes for none:
   * else the others would wait for its proposals.
   */
  long ownIncarnation() {
    return trouble().isEmpty() ? own.incarnation() : 0;
  }

  /** Why the own leg takes no part; empty if it does. */
  String trouble() {
    return failure.isEmpty() ? voteProblem : failure;
  }

  /** In words, how the incarnation that the view names has ended. */
  String ending(int i) {
    return note(i).isEmpty() ? "its process ended" : note(i);
  }

  /** What a member without a running leg says of it; empty if it runs or says nothing. */
  String note(int i) {
    Report r = freshReport(i);
    return r != null && r.incarnation() == 0 ? r.note() : "";
  }

  /** Lost power, or cannot vouch for anything: such a leg comes last in a cold start (rule 8.4). */
  boolean ownLost() {
    return own.lostPower() || !own.missesEverything().isEmpty();
  }

  Member member(int i) {
    return Objects.requireNonNull(view).members().get(i);
  }

  /** Whether this member is known to live with the incarnation that the view names. */
  boolean lives(int i) {
    long named = member(i).incarnation();
    if (i == self) {
      return named != 0 && ownIncarnation() == named;
    }
    Report r = freshReport(i);
    return named != 0 && r != null && r.incarnation() == named;
  }

  /** Whether the incarnation that the view names is known to have ended (rule 1.5). */
  boolean ended(int i) {
    if (i == self) {
      return ownIncarnation() != member(i).incarnation();
    }
    Report r = freshReport(i);
    return r != null && r.incarnation() != member(i).incarnation();
  }

  /** Whether the own leg is in sync, with the incarnation that the view names. */
  boolean inSyncHere() {
    return view != null && member(self).state() == LegState.IN_SYNC && lives(self);
  }

  /**
   * Voters that may know a newer lineage and were not heard of yet (mask); none when a failure time
   * has passed since the start.
   */
  int unasked() {
    PoolView v = view;
    boolean late = now - startedAt >= policies().failureNanos();
    return v == null || late || !rules.keptOutStays()
        ? 0
        : v.voterMask() & ~heardFrom & ~(1 << self);
  }

  /** Whether some leg in sync is known to live. */
  boolean someoneLives() {
    return first(-1) >= 0;
  }

  /**
   * The leg that makes routine changes: the first in sync that is known to live and to hear a
   * majority of the voters; -1 if none. One that lives in a corner would be waited for in vain.
   */
  int routineProposer() {
    return first(view == null ? 0 : view.majority());
  }

  private int first(int majority) {
    for (int i = 0; view != null && i < view.members().size(); i++) {
      if (member(i).state() != LegState.IN_SYNC || !lives(i)) {
        continue;
      }
      Report r = freshReport(i);
      int heard = i == self ? reaches() : r == null ? 0 : r.reaches();
      if (Integer.bitCount(heard & view.voterMask()) >= majority) {
        return i;
      }
    }
    return -1;
  }

  /** Whether a frame of the view's writer came within the failure time (rule 1.5). */
  boolean hearsWriter() {
    Writer w = view == null ? null : view.writer();
    return w != null
        && w.session().equals(own.session())
        && now - own.lastWriterFrameNanos() <= policies().failureNanos();
  }

  /**
   * Nanoseconds without a frame of the writer, from its adoption at the earliest; 0 if not adopted.
   */
  long writerSilentNanos() {
    Writer w = view == null ? null : view.writer();
    if (w == null || writerAdoptedAt == NEVER) {
      return 0;
    }
    long last = writerAdoptedAt;
    if (w.session().equals(own.session())) {
      last = Math.max(last, own.lastWriterFrameNanos());
    }
    return Math.max(0, now - last);
  }

  /**
   * Whether an unclosed session's lease may still run (rule 5.4), also one from before a change.
   */
  boolean leaseRuns(PoolView v) {
    return now - endLearnedAt < leaseWait(v) || now < longerLeaseUntil;
  }

  private static long leaseWait(PoolView v) {
    long lease = v.policies().leaseNanos();
    return lease + lease / 100; // 1 % drift
  }

  /** Names of the members in a mask. */
  String names(int mask) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; view != null && i < view.members().size(); i++) {
      if ((mask & 1 << i) != 0) {
        text.append(text.isEmpty() ? "" : ", ").append(member(i).node());
      }
    }
    return text.toString();
  }
}
