package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads (rules 4.1, 4.2, 5.4): each part goes to the in-sync leg with the fewest outstanding that
 * is not too slow, to the next one on error or deadline; to a syncing leg only when no in-sync one
 * can be reached, or all of them have lost the block (rule 4.3). Its answer is accepted only under
 * the lease, the view's generation and incarnation, else it is read again.
 */
final class Reads {
  private static final int BLOCK = PoolView.BLOCK_SIZE;

  private final VolumeEngine e;
  private final ReadParts parts = new ReadParts();
  private int parked;
  private int turn;
  private long ids;
  private final Op.Queue feed = new Op.Queue();
  private boolean pumping;

  Reads(VolumeEngine e) {
    this.e = e;
  }

  /** A read, or a write whose edge blocks have to be read first. */
  void submit(Op op) {
    op.fed = op.from;
    feed.add(op);
    pump();
  }

  private void pump() {
    if (pumping) {
      return;
    }
    pumping = true;
    for (Op op = feed.peek(); op != null && room(); op = feed.peek()) {
      if (op.kind == Op.READ) {
        ReadPart p = parts.take(op, op.fed, op.to - op.fed);
        p.wantedFrom = Math.max(op.offset, p.offset);
        p.wantedTo = Math.min(op.offset + op.length, p.end);
        p.into = op.buf;
        p.at = (int) (op.at + (p.wantedFrom - op.offset));
        op.fed += p.length;
        op.pending++;
        if (op.fed == op.to) {
          feed.poll();
        }
        issue(p);
      } else {
        feed.poll();
        int edges = op.edges;
        if ((edges & 1) != 0) {
          edge(op, op.from, op.head);
        }
        if ((edges & 2) != 0) {
          edge(op, op.to - BLOCK, op.tail);
        }
      }
    }
    pumping = false;
  }

  private void edge(Op op, long offset, @Nullable Buf into) {
    ReadPart p = parts.take(op, offset, BLOCK);
    p.edge = true;
    p.into = into;
    op.pending++;
    issue(p);
  }

  /** Whether another read may be begun; what frees room comes back to {@link #pump}. */
  private boolean room() {
    if (!parts.room()) {
      return false;
    }
    int legs = readable(0);
    boolean credit = legs == 0;
    for (int m = legs; m != 0 && !credit; m &= m - 1) {
      credit = e.links.at(Integer.numberOfTrailingZeros(m)).credits.mayRead();
    }
    if (!credit) {
      e.links.deny(legs);
    }
    return credit;
  }

  /** Legs that may be read now, but for {@code failed}: those in sync, else whoever heals (4.2). */
  private int readable(int failed) {
    int inSync = e.views.inSync & e.links.usable & ~failed;
    return inSync != 0 ? inSync : e.links.usable & ~failed;
  }

  private void issue(ReadPart p) {
    p.id = (++ids << 10) | p.index;
    if (!e.session.attached() || !e.lease.valid()) {
      park(p);
      return;
    }
    if ((e.views.inSync & ~p.failed) != 0) {
      p.lostSince = Long.MAX_VALUE;
    } else if (p.length > BLOCK) {
      // Each leg in sync has lost some of it, not necessarily the same (rule 4.3).
      p.halve();
    } else if (nobodyHas(p)) {
      finish(p, Status.IO_ERROR);
      return;
    }
    int can = readable(p.failed) & ~p.tried;
    if (can == 0) {
      park(p);
      return;
    }
    int swift = can & ~e.suspects.slow();
    can = swift == 0 ? can : swift;
    Link best = null;
    int start = turn++ & 31;
    for (int m = Integer.rotateRight(can, start); m != 0; m &= m - 1) {
      Link l = e.links.at((Integer.numberOfTrailingZeros(m) + start) & 31);
      if (l.credits.mayRead() && (best == null || l.reads < best.reads)) {
        best = l;
      }
    }
    if (best == null) {
      e.links.deny(can);
      park(p);
      return;
    }
    p.leg = best.index;
    p.waiting = false;
    p.sentAt = e.loop.now();
    best.reads++;
    FrameHeader h = best.head(FrameType.READ);
    h.sequence = p.id;
    h.offset = p.offset;
    h.length = p.length;
    best.credits.sentRead();
    best.send(h);
  }

  /**
   * Every leg in sync has lost the block. One that heals may have it, as far as rule 4.2 lets it
   * serve: what it holds clean is what they held. It is given a deadline to be able to.
   */
  private boolean nobodyHas(ReadPart p) {
    p.lostSince = Math.min(p.lostSince, e.loop.now());
    return (e.views.writeSet & ~p.failed) == 0 || lostFor(p) > e.views.policies.deadlineNanos();
  }

  private long lostFor(ReadPart p) {
    long from = Math.max(p.lostSince, e.graceFrom);
    return from == Long.MAX_VALUE ? 0 : e.loop.now() - from;
  }

  private void park(ReadPart p) {
    p.leg = -1;
    if (!p.waiting) {
      p.parkedAt = e.loop.now();
    }
    p.waiting = true;
    parked++;
  }

  /** Something that reads wait for may be there: lease, connection, view. */
  void unpark() {
    if (parked == 0) {
      return;
    }
    parked = 0;
    for (ReadPart p : parts.all) {
      if (p.op != null && p.waiting && p.leg < 0) {
        p.tried = p.failed;
        issue(p);
      }
    }
  }

  void answer(Link l, FrameHeader h, ByteBuffer payload) {
    ReadPart p = parts.of(h.sequence);
    if (p.id != h.sequence || p.op == null || p.leg != l.index) {
      return;
    }
    l.reads--;
    p.leg = -1;
    switch (h.status) {
      case Status.OK -> accept(p, l, h, payload);
      case Status.STALE_VIEW -> {
        if (h.generation == e.views.generation) {
          issue(p);
        } else {
          park(p);
        }
      }
      case Status.NO_VIEW, Status.AGAIN, Status.FENCED, Status.NOT_IN_SYNC -> {
        p.tried |= l.bit();
        issue(p);
      }
      // MISSING, too: this leg's copy is lost to a media error until it has healed (rule 4.3).
      default -> {
        p.failed |= l.bit();
        issue(p);
      }
    }
  }

  private void again(ReadPart p, FrameHeader h) {
    if (h.generation <= e.views.generation) {
      issue(p);
    } else {
      park(p);
    }
  }

  private void accept(ReadPart p, Link l, FrameHeader h, ByteBuffer payload) {
    int i = l.index;
    if (h.epoch != e.session.epoch
        || h.generation != e.views.generation
        || l.incarnation != e.views.incarnation[i]
        || (e.views.writeSet & l.bit()) == 0) {
      e.tally.voidAnswers++;
      again(p, h);
      return;
    }
    if (!e.lease.valid()) {
      e.tally.leaseLosses++;
      park(p);
      return;
    }
    boolean hole = (h.flags & FrameType.FLAG_HOLE) != 0;
    if (!hole && payload.remaining() != p.length) {
      p.failed |= l.bit();
      issue(p);
      return;
    }
    p.take(hole ? null : payload);
    if (p.advance()) {
      issue(p);
    } else {
      finish(p, Status.OK);
    }
  }

  private void finish(ReadPart p, int status) {
    Op op = p.op;
    boolean edge = p.edge;
    parts.free(p);
    if (op != null) {
      op.pending--;
      if (status != Status.OK) {
        op.status = status;
      }
      if (op.pending == 0) {
        if (edge) {
          e.requests.edgesRead(op);
        } else if (op.fed == op.to) {
          e.requests.finish(op, op.status);
        }
        e.requests.runReady();
      }
    }
    pump();
  }

  /** The connection to {@code leg} broke: what it owed is read elsewhere. */
  void lost(int leg) {
    for (ReadPart p : parts.all) {
      if (p.op != null && p.leg == leg) {
        p.leg = -1;
        p.tried |= 1 << leg;
        issue(p);
      }
    }
  }

  /**
   * Reads of legs that may not be read any more go elsewhere; others are judged by their answers.
   */
  void onView(int voided) {
    for (ReadPart p : parts.all) {
      p.failed &= ~voided;
      if (p.op != null && p.leg >= 0 && (readable(p.failed) & 1 << p.leg) == 0) {
        takeBack(p);
        issue(p);
      }
    }
    unpark();
  }

  /** The leg's answer, if it still comes, is not listened to. */
  private void takeBack(ReadPart p) {
    Link l = e.links.at(p.leg);
    l.reads = Math.max(0, l.reads - 1);
    p.leg = -1;
  }

  /** Rule 5.3: nothing read under this epoch counts any more; all wait for the next one. */
  void epochOver() {
    for (ReadPart p : parts.all) {
      if (p.op == null) {
        continue;
      }
      if (p.leg >= 0) {
        takeBack(p);
        park(p);
      }
      p.failed = 0;
      p.tried = 0;
    }
  }

  /** {@code op} is no more. */
  void forget(Op op) {
    feed.remove(op);
    for (ReadPart p : parts.all) {
      if (p.op == op) {
        if (p.leg >= 0) {
          takeBack(p);
        } else if (p.waiting) {
          parked--;
        }
        op.pending--;
        parts.free(p);
      }
    }
    pump();
  }

  void tick(long now) {
    long deadline = e.views.policies.deadlineNanos();
    for (ReadPart p : parts.all) {
      if (p.op == null) {
        continue;
      }
      if (p.leg >= 0) {
        int bit = 1 << p.leg;
        boolean late = now - Math.max(p.sentAt, e.graceFrom) > deadline;
        // One that heals may have to fetch first, from a leg that is as slow for it as for us.
        if (late && (e.views.inSync & bit) != 0) {
          e.suspects.raise(p.leg, Suspects.SLOW, "a read is unanswered for too long");
        }
        // Who waits at a leg that made another one wait too long does not wait as long himself.
        if ((late || (e.suspects.slow() & bit) != 0)
            && (readable(p.failed) & ~e.suspects.slow() & ~bit) != 0) {
          takeBack(p);
          p.tried |= bit;
          issue(p);
        } else if (lostFor(p) > 2 * deadline) {
          takeBack(p);
          finish(p, Status.IO_ERROR);
        }
      } else if (p.waiting
          && e.views.policies.errorOnNoQuorum()
          && now - Math.max(p.parkedAt, e.graceFrom) > deadline) {
        parked--;
        finish(p, Status.IO_ERROR);
      }
    }
    unpark();
    pump();
  }

  /** A leg that turned reads away for want of credits has answered some requests. */
  void creditsCame() {
    unpark();
    pump();
  }

  /** Whether a read waits for its lease, a leg or a view. */
  boolean anyWaiting() {
    return parked > 0;
  }

  /** The session ended; the ops are answered by their owner. */
  void clear() {
    feed.clear();
    parked = 0;
    parts.clear();
  }
}
