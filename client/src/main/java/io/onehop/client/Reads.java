package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads (rules 4.1, 5.4): each part goes to the in-sync leg with the fewest outstanding, to the
 * next one on error or deadline; its answer is accepted only under the lease, the view's generation
 * and incarnation, else it is read again.
 */
final class Reads {
  private static final int PARTS = 1024;
  private static final int BLOCK = PoolView.BLOCK_SIZE;

  private final VolumeEngine e;
  private final Part[] parts = new Part[PARTS];
  private final int[] free = new int[PARTS];
  private int freeCount = PARTS;
  private int parked;
  private int turn;
  private long ids;
  private final Op.Queue feed = new Op.Queue();
  private boolean pumping;

  Reads(VolumeEngine e) {
    this.e = e;
    for (int i = 0; i < PARTS; i++) {
      parts[i] = new Part(i);
      free[i] = PARTS - 1 - i;
    }
  }

  /** One frame's worth of a read. */
  private static final class Part {
    final int index;
    long id;
    @Nullable Op op;
    boolean edge;
    long offset;
    int length;
    int skip;
    int copy;
    @Nullable Buf into;
    int at;
    int leg = -1;
    int tried;
    int failed;
    long sentAt;
    long parkedAt;
    boolean waiting;

    Part(int index) {
      this.index = index;
    }
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
    for (Op op = feed.peek(); op != null && freeCount >= 2; op = feed.peek()) {
      if (op.kind == Op.READ) {
        Part p = take(op, op.fed, (int) Math.min(op.to - op.fed, FrameHeader.MAX_PAYLOAD));
        long from = Math.max(op.offset, p.offset);
        p.skip = (int) (from - p.offset);
        p.copy = (int) (Math.min(op.offset + op.length, p.offset + p.length) - from);
        p.into = op.buf;
        p.at = (int) (op.at + (from - op.offset));
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
    Part p = take(op, offset, BLOCK);
    p.edge = true;
    p.copy = BLOCK;
    p.into = into;
    op.pending++;
    issue(p);
  }

  private Part take(Op op, long offset, int length) {
    Part p = parts[free[--freeCount]];
    p.op = op;
    p.edge = false;
    p.offset = offset;
    p.length = length;
    p.skip = 0;
    p.at = 0;
    p.tried = 0;
    p.failed = 0;
    p.leg = -1;
    p.waiting = false;
    return p;
  }

  private void issue(Part p) {
    p.id = (++ids << 10) | p.index;
    if (!e.lease.valid()) {
      park(p);
      return;
    }
    if ((e.views.inSync & ~p.failed) == 0) {
      finish(p, Status.IO_ERROR);
      return;
    }
    int can = e.views.inSync & e.links.usable & ~p.failed & ~p.tried;
    if (can == 0) {
      park(p);
      return;
    }
    Link best = null;
    int start = turn++ & 31;
    for (int m = Integer.rotateRight(can, start); m != 0; m &= m - 1) {
      Link l = e.links.at((Integer.numberOfTrailingZeros(m) + start) & 31);
      if (best == null || l.reads < best.reads) {
        best = l;
      }
    }
    if (best == null) {
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
    best.send(h);
  }

  private void park(Part p) {
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
    for (Part p : parts) {
      if (p.op != null && p.waiting && p.leg < 0) {
        p.tried = p.failed;
        issue(p);
      }
    }
  }

  void answer(Link l, FrameHeader h, ByteBuffer payload) {
    Part p = parts[(int) h.sequence & PARTS - 1];
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
      case Status.NO_VIEW, Status.AGAIN, Status.FENCED, Status.NOT_IN_SYNC, Status.MISSING -> {
        p.tried |= l.bit();
        issue(p);
      }
      default -> {
        p.failed |= l.bit();
        issue(p);
      }
    }
  }

  private void again(Part p, FrameHeader h) {
    if (h.generation <= e.views.generation) {
      issue(p);
    } else {
      park(p);
    }
  }

  private void accept(Part p, Link l, FrameHeader h, ByteBuffer payload) {
    int i = l.index;
    if (h.epoch != e.session.epoch
        || h.generation != e.views.generation
        || l.incarnation != e.views.incarnation[i]
        || (e.views.inSync & l.bit()) == 0) {
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
    Buf into = p.into;
    if (into != null) {
      if (hole) {
        Edges.zero(into, p.at, p.copy);
      } else {
        into.bytes().put(p.at, payload, payload.position() + p.skip, p.copy);
      }
    }
    finish(p, Status.OK);
  }

  private void finish(Part p, int status) {
    Op op = p.op;
    boolean edge = p.edge;
    p.op = null;
    p.into = null;
    p.leg = -1;
    p.waiting = false;
    free[freeCount++] = p.index;
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
    for (Part p : parts) {
      if (p.op != null && p.leg == leg) {
        p.leg = -1;
        p.tried |= 1 << leg;
        issue(p);
      }
    }
  }

  /**
   * Reads of legs that are not in sync any more go elsewhere; others are judged by their answers.
   */
  void onView() {
    for (Part p : parts) {
      if (p.op != null && p.leg >= 0 && (e.views.inSync & e.links.usable & 1 << p.leg) == 0) {
        Link l = e.links.at(p.leg);
        l.reads = Math.max(0, l.reads - 1);
        p.leg = -1;
        issue(p);
      }
    }
    unpark();
  }

  void tick(long now) {
    long deadline = e.views.policies.deadlineNanos();
    for (Part p : parts) {
      if (p.op == null) {
        continue;
      }
      if (p.leg >= 0) {
        int bit = 1 << p.leg;
        if (now - Math.max(p.sentAt, e.graceFrom) > deadline) {
          e.suspects.raise(p.leg, Suspects.SLOW, "a read is unanswered for too long");
          if ((e.views.inSync & e.links.usable & ~p.failed & ~bit) != 0) {
            Link l = e.links.at(p.leg);
            l.reads = Math.max(0, l.reads - 1);
            p.tried |= bit;
            issue(p);
          }
        }
      } else if (p.waiting
          && e.views.policies.errorOnNoQuorum()
          && now - Math.max(p.parkedAt, e.graceFrom) > deadline) {
        parked--;
        finish(p, Status.IO_ERROR);
      }
    }
    unpark();
  }

  /** Whether a read waits for its lease, a leg or a view. */
  boolean anyWaiting() {
    return parked > 0;
  }

  /** The session ended; the ops are answered by their owner. */
  void clear() {
    feed.clear();
    parked = 0;
    freeCount = 0;
    for (Part p : parts) {
      p.op = null;
      p.into = null;
      p.leg = -1;
      p.waiting = false;
      free[freeCount++] = p.index;
    }
  }
}
