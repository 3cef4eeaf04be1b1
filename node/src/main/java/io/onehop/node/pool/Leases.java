package io.onehop.node.pool;

import io.onehop.node.leg.LegEdge.LeaseAsked;
import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;

/**
 * Relays lease renewals to voters that the client does not reach (rule 5.4). Keeps no lease: what
 * counts is the epoch, and the voter list, of the view that each voter's acceptor has accepted.
 */
final class Leases {
  /** Most renewals under way. */
  static final int MAX_WAITING = 16;

  private static final class Pending {
    final LeaseAsked ask;
    final int voters;
    final long request;
    final long at;
    int answered;
    int granted;

    Pending(LeaseAsked ask, int voters, long request, long at) {
      this.ask = ask;
      this.voters = voters;
      this.request = request;
      this.at = at;
    }
  }

  private final List<Pending> pending = new ArrayList<>();
  private long requests;

  /** The writer asks. Says whether there was room. */
  boolean asked(LeaseAsked ask, Knowledge k, List<PoolEffect> out) {
    if (pending.size() >= MAX_WAITING) {
      out.add(new PoolEffect.Order(new LegOrder.AnswerLease(ask.token(), 0)));
      return false;
    }
    PoolView view = k.view();
    // Bits beyond the member list, and members without a vote, renew nothing.
    int voters = ask.voters() & (view == null ? 0 : view.voterMask());
    Pending p = new Pending(ask, voters, k.startedAt + ++requests, k.now);
    for (int m = voters; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      if (i == k.self) {
        p.answered |= 1 << i;
        p.granted |= grants(k, ask.epoch(), ask.list()) ? 1 << i : 0;
      } else {
        out.add(
            new PoolEffect.Send(
                i, new PoolMessage.LeaseQuery(k.pool, k.self, p.request, ask.epoch(), ask.list())));
      }
    }
    pending.add(p);
    tick(k, out);
    return true;
  }

  /** Whether this voter renews under this epoch and for this voter list. */
  static boolean grants(Knowledge k, long epoch, long voters) {
    PoolView accepted = k.accepted;
    return accepted != null
        && k.keptOut == null
        && accepted.epoch() == epoch
        && (accepted.votersId() == voters || !k.rules.leaseNamesVoters());
  }

  /** A voter's answer. */
  void answered(PoolMessage.LeaseAnswer a, Knowledge k, List<PoolEffect> out) {
    for (Pending p : pending) {
      if (p.request == a.request() && (p.voters & 1 << a.from()) != 0) {
        p.answered |= 1 << a.from();
        p.granted |= a.granted() ? 1 << a.from() : 0;
      }
    }
    tick(k, out);
  }

  /** Answers what is complete or older than a heartbeat: later it is of no use to the client. */
  void tick(Knowledge k, List<PoolEffect> out) {
    pending.removeIf(p -> {
      boolean done = p.answered == p.voters || k.now - p.at >= k.policies().heartbeatNanos();
      if (done) {
        out.add(new PoolEffect.Order(new LegOrder.AnswerLease(p.ask.token(), p.granted)));
      }
      return done;
    });
  }
}
