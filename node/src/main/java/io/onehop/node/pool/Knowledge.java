package io.onehop.node.pool;

import io.onehop.node.leg.LegStatus;
import io.onehop.node.pool.PoolMessage.Report;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What this node knows of its pool: the newest chosen view, its own leg, the others' reports, and
 * since when. The rules that decide view changes read it; only {@link PoolMachine} writes it.
 */
final class Knowledge {
  /** A leg in sync for this long is forgiven its evictions (PROTOCOL §10). */
  private static final long FORGIVEN_NANOS = 60_000_000_000L;

  private static final long BACK_OFF_NANOS = 1_000_000_000L;
  private static final int MAX_DOUBLINGS = 5;
  private static final long MAX_BACK_OFF_NANOS = 30_000_000_000L;
  private static final int REMEMBERED_RUNS = 8;
  private static final long NEVER = Long.MIN_VALUE;

  /** No message is later than this. */
  private static final long LATE_NANOS = 10_000_000_000L;

  final UUID pool;
  final int self;
  final ControlRules rules;
  final long startedAt;
  long now;
  long wallMillis;
  LegStatus own;

  /** Epoch of the view that the own acceptor accepted last; -1 if it does not vote (rule 5.4). */
  long acceptedEpoch = -1;

  /** Why the own leg's incarnation has ended while its process runs; empty if it has not. */
  String failure = "";

  /** Why this member does not vote now; empty if it does. */
  String voteProblem = "";

  private @Nullable PoolView view;
  private final @Nullable Report[] reports = new @Nullable Report[PoolView.MAX_MEMBERS];
  private final long[] reportAt = new long[PoolView.MAX_MEMBERS];
  private final long[] linkAt = new long[PoolView.MAX_MEMBERS];
  private final long[][] endedRuns = new long[PoolView.MAX_MEMBERS][REMEMBERED_RUNS];
  private final long[][] endedAt = new long[PoolView.MAX_MEMBERS][REMEMBERED_RUNS];
  private final long[] lastRun = new long[PoolView.MAX_MEMBERS];
  private final int[] endedCount = new int[PoolView.MAX_MEMBERS];
  private final int[] evictions = new int[PoolView.MAX_MEMBERS];
  private final long[] evictedAt = new long[PoolView.MAX_MEMBERS];
  private final long[] inSyncAt = new long[PoolView.MAX_MEMBERS];
  private long writerGeneration;
  private long writerAdoptedAt = NEVER;
  private long endLearnedAt;
  private long longerLeaseUntil = NEVER;

  Knowledge(UUID pool, int self, ControlRules rules, LegStatus own, long now) {
    this.pool = pool;
    this.self = self;
    this.rules = rules;
    this.own = own;
    this.now = now;
    this.startedAt = now;
    java.util.Arrays.fill(reportAt, now);
    java.util.Arrays.fill(linkAt, now);
    java.util.Arrays.fill(inSyncAt, now);
  }

  /** The newest chosen view; null before the first register round. */
  @Nullable PoolView view() {
    return view;
  }

  /** Takes over time and the own leg's state. */
  void observe(LegStatus status, long time, long wall) {
    now = time;
    wallMillis = wall;
    own = status;
    for (int i = 0; i < linkAt.length; i++) {
      if ((status.peerLinks() & 1 << i) != 0) {
        linkAt[i] = time;
      }
    }
    adoptedWriter();
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
    for (int i = 0; i < v.members().size(); i++) {
      count(old, v, i);
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

  private void count(@Nullable PoolView old, PoolView v, int i) {
    if (old == null || i >= old.members().size()) {
      return;
    }
    LegState was = old.members().get(i).state();
    LegState is = v.members().get(i).state();
    if (is == LegState.IN_SYNC && was != LegState.IN_SYNC) {
      inSyncAt[i] = now;
    }
    // A cold start, which counts the epoch up, evicts nobody for its own fault.
    if (was.inWriteSet() && is == LegState.STALE && old.epoch() == v.epoch()) {
      boolean forgiven = was == LegState.IN_SYNC && now - inSyncAt[i] >= FORGIVEN_NANOS;
      evictions[i] = forgiven ? 1 : evictions[i] + 1;
      evictedAt[i] = now;
    }
  }

  /** Takes over a report, unless it is a late one of a run that has ended. */
  void heard(Report r) {
    int i = r.from();
    if (i < 0 || i >= reports.length || i == self || ended(i, r.incarnation())) {
      return;
    }
    // A report without a run may be a late one of the predecessor: it ends nothing.
    if (r.incarnation() != 0) {
      if (lastRun[i] != 0 && lastRun[i] != r.incarnation()) {
        int slot = endedCount[i]++ % REMEMBERED_RUNS;
        endedRuns[i][slot] = lastRun[i];
        endedAt[i][slot] = now;
      }
      lastRun[i] = r.incarnation();
    }
    reports[i] = r;
    reportAt[i] = now;
  }

  private boolean ended(int i, long incarnation) {
    for (int slot = 0; slot < REMEMBERED_RUNS; slot++) {
      // Not for ever: reports that overtook each other must not shut a living run out.
      if (endedRuns[i][slot] == incarnation
          && incarnation != 0
          && now - endedAt[i][slot] < LATE_NANOS) {
        return true;
      }
    }
    return false;
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
    return java.util.Objects.requireNonNull(view).members().get(i);
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

  /** The leg that makes routine changes: the first in sync that is known to live; -1 if none. */
  int routineProposer() {
    if (view != null) {
      for (int i = 0; i < view.members().size(); i++) {
        if (member(i).state() == LegState.IN_SYNC && lives(i)) {
          return i;
        }
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

  /** Whether a leg evicted n times in a row has waited 1 s × 2^(n-1), at most 30 s (rule 1.5). */
  boolean backedOff(int i) {
    if (evictions[i] == 0) {
      return true;
    }
    long wait = BACK_OFF_NANOS << Math.min(evictions[i] - 1, MAX_DOUBLINGS);
    return now - evictedAt[i] >= Math.min(wait, MAX_BACK_OFF_NANOS);
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
