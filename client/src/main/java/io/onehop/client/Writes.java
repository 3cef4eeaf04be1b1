package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import org.jspecify.annotations.Nullable;

/**
 * The in-flight table of write sequence numbers (rules 3.3, 3.6, 3.7): dense from 1, slot =
 * sequence mod window, flat arrays and member masks. Everything in it is driven to every leg of the
 * write set until complete or until the session ends.
 */
final class Writes {
  // A leg may have to write them one by one, and must not fall silent for it.
  private static final long MAX_ZEROES = 64L << 20;

  // What a leg that stands still can make its connection queue.
  private static final long MAX_BYTES = 64L << 20;

  // A store that is full or broken is not asked all the time.
  private static final long STORE_RETRY = 500_000_000L;

  private final VolumeEngine e;
  private int window = 16;
  private int mask = 15;

  /** Sequence in the slot; 0 = done. */
  private long[] sequence = new long[window];

  private long[] offset = new long[window];
  private long[] length = new long[window];
  private long[] started = new long[window];
  private int[] at = new int[window];
  private int[] sent = new int[window];
  private int[] acked = new int[window];
  private @Nullable Buf[] data = new Buf[window];
  private @Nullable Op[] ops = new Op[window];

  private long bytes;
  private long oldest = 1;
  private long next = 1;
  private final Feed feed;
  private boolean pumping;

  Writes(VolumeEngine e) {
    this.e = e;
    feed = new Feed(e);
  }

  /** The window is that of the view of the attach; the legs' logs have as many entries. */
  void start(int newWindow) {
    window = newWindow;
    mask = newWindow - 1;
    sequence = new long[newWindow];
    offset = new long[newWindow];
    length = new long[newWindow];
    started = new long[newWindow];
    at = new int[newWindow];
    sent = new int[newWindow];
    acked = new int[newWindow];
    data = new Buf[newWindow];
    ops = new Op[newWindow];
  }

  int inFlight() {
    return (int) (next - oldest);
  }

  /** Rule 3.6: everything up to it is complete on every leg of the write set. */
  long watermark() {
    if (e.rules.watermarkOverWriteSet()) {
      return oldest - 1;
    }
    long s = oldest;
    while (s < next && (sequence[slot(s)] == 0 || lacks(slot(s), e.views.inSync) == 0)) {
      s++;
    }
    return s - 1;
  }

  /** Takes a locked op whose edge blocks are there; sends as the window allows, in order. */
  void submit(Op op) {
    op.fed = op.from;
    feed.add(op);
    pump();
  }

  /** Rule 3.6: nothing is admitted beyond the window, in numbers or bytes. */
  void pump() {
    if (pumping) {
      return;
    }
    pumping = true;
    for (Op op = feed.peek();
        op != null && next - oldest < window && bytes < MAX_BYTES;
        op = feed.peek()) {
      chunk(op);
      if (op.fed == op.to) {
        feed.poll();
      }
    }
    pumping = false;
  }

  private void chunk(Op op) {
    long from = op.fed;
    long edge = PoolView.BLOCK_SIZE;
    int s = slot(next);
    Buf b = op.buf;
    int bufAt = 0;
    long end;
    if (op.head != null && from == op.from) {
      b = op.head;
      end = from + edge;
    } else if (op.tail != null && from == op.to - edge) {
      b = op.tail;
      end = op.to;
    } else {
      long limit = op.kind == Op.ZERO ? MAX_ZEROES : FrameHeader.MAX_PAYLOAD;
      end = Math.min(from + limit, op.tail != null ? op.to - edge : op.to);
      bufAt = op.kind == Op.ZERO ? 0 : (int) (op.at + (from - op.offset));
    }
    sequence[s] = next++;
    offset[s] = from;
    length[s] = end - from;
    started[s] = e.loop.now();
    at[s] = bufAt;
    sent[s] = 0;
    acked[s] = 0;
    data[s] = b;
    ops[s] = op;
    bytes += cost(s);
    op.fed = end;
    op.pending++;
    for (int m = e.links.usable; m != 0; m &= m - 1) {
      send(s, e.links.at(Integer.numberOfTrailingZeros(m)));
    }
  }

  /** Its part of {@link #MAX_BYTES}: zeroes fill no queue but keep the legs busy. */
  private long cost(int s) {
    return data[s] == null ? length[s] / 4 : length[s];
  }

  private void send(int s, Link l) {
    Op op = ops[s];
    if (op == null) {
      return;
    }
    Buf b = data[s];
    FrameHeader h = l.head(b == null ? FrameType.WRITE_ZEROES : FrameType.WRITE);
    h.flags =
        (op.fua ? FrameType.FLAG_FUA : 0) | (b == null && op.punch ? FrameType.FLAG_PUNCH : 0);
    h.sequence = sequence[s];
    h.offset = offset[s];
    h.length = length[s];
    sent[s] |= l.bit();
    l.send(h, b, at[s], b == null ? 0 : (int) length[s]);
  }

  void answer(Link l, FrameHeader h) {
    int s = slot(h.sequence);
    if (sequence[s] != h.sequence || h.sequence == 0) {
      return;
    }
    if (e.rules.voidOldAnswers() && h.epoch != e.session.epoch) {
      e.tally.voidAnswers++;
      return;
    }
    switch (h.status) {
      case Status.OK -> {
        if (e.rules.voidOldAnswers() && !l.counts(h)) {
          e.tally.voidAnswers++;
          if (h.generation > e.views.generation) {
            sent[s] &= ~l.bit();
            l.againLater = true;
          }
          return;
        }
        acked[s] |= l.bit();
        if (finished(s)) {
          finish(s, Status.OK);
          e.requests.runReady();
          pump();
        }
      }
      case Status.STALE_VIEW -> {
        sent[s] &= ~l.bit();
        // A leg that is still adopting says when it has; one that is ahead sends its view.
        if (h.generation == e.views.generation) {
          l.againNow = true;
        } else {
          l.againLater = true;
        }
      }
      case Status.NO_VIEW, Status.AGAIN, Status.FENCED, Status.NOT_IN_SYNC -> {
        sent[s] &= ~l.bit();
        l.againLater = true;
      }
      default -> storeFailed(s, l, h.status);
    }
  }

  private void storeFailed(int s, Link l, int status) {
    sent[s] &= ~l.bit();
    l.againLater = true;
    l.againFrom = e.loop.now() + STORE_RETRY;
    if (e.views.lastInSync(l.index)) {
      fail(s, status == Status.NO_SPACE ? status : Status.IO_ERROR);
    } else {
      e.suspects.raise(l.index, Suspects.STORE, "its store answered " + Status.name(status));
    }
  }

  /** Rule 3.7: the application gets its error; the write stays and is driven on. */
  private void fail(int s, int status) {
    Op op = ops[s];
    if (op == null) {
      return;
    }
    if (e.rules.holdFailedWrites()) {
      e.requests.report(op, status);
      return;
    }
    op.status = status;
    finish(s, status);
    e.requests.runReady();
    pump();
  }

  private int lacks(int s, int legs) {
    return legs & ~acked[s];
  }

  private boolean finished(int s) {
    return lacks(s, e.views.writeSet) == 0 && (e.views.allAdopted || !e.rules.countAfterAdoption());
  }

  private void finish(int s, int status) {
    Op op = ops[s];
    bytes -= cost(s);
    sequence[s] = 0;
    data[s] = null;
    ops[s] = null;
    while (oldest < next && sequence[slot(oldest)] == 0) {
      oldest++;
    }
    if (op != null) {
      op.pending--;
      if (status != Status.OK && op.status == Status.OK) {
        op.status = status;
      }
      if (op.pending == 0 && op.fed == op.to) {
        e.requests.finish(op, op.status);
      }
    }
  }

  /** The last leg has adopted the view: what all have, is complete. */
  void completeAll() {
    boolean any = false;
    long end = next;
    for (long q = oldest; q < end; q++) {
      int s = slot(q);
      if (sequence[s] == q && finished(s)) {
        finish(s, Status.OK);
        any = true;
      }
    }
    if (any) {
      e.requests.runReady();
      pump();
    }
  }

  /** Rule 3.3: answers of legs that left, returned or restarted are void. */
  void onView(int voided) {
    for (long q = oldest; q < next; q++) {
      int s = slot(q);
      if (e.rules.voidOldAnswers()) {
        acked[s] &= ~voided;
      }
      sent[s] &= ~voided;
    }
  }

  /** Sends what {@code l} lacks: everything unanswered, or only what it refused. */
  void resend(Link l, boolean everything) {
    int bit = l.bit();
    if ((e.links.usable & bit) == 0 || !e.session.attached()) {
      return;
    }
    l.ensureView();
    long end = next;
    for (long q = oldest; q < end; q++) {
      int s = slot(q);
      if (sequence[s] != q || (acked[s] & bit) != 0 || (!everything && (sent[s] & bit) != 0)) {
        continue;
      }
      e.tally.resends++;
      if (!e.rules.sameSequence() && next - oldest < window) {
        s = renumber(s);
      }
      send(s, l);
    }
  }

  /** The naive form of a resend: a new number for the same write. */
  private int renumber(int s) {
    int n = slot(next);
    sequence[n] = next++;
    offset[n] = offset[s];
    length[n] = length[s];
    started[n] = started[s];
    at[n] = at[s];
    sent[n] = sent[s];
    acked[n] = acked[s];
    data[n] = data[s];
    ops[n] = ops[s];
    bytes += cost(n);
    Op op = ops[s];
    if (op != null) {
      op.pending++;
    }
    finish(s, Status.OK);
    return n;
  }

  /** Ages: legs that do not answer become suspect; writes fail if the policy says so. */
  void tick(long now) {
    long deadline = e.views.policies.deadlineNanos();
    boolean error = e.views.policies.errorOnNoQuorum();
    // At a new view much is sent again: nobody is late for what he just got.
    long calm = Math.max(e.viewTakenAt, e.graceFrom);
    int behind = e.views.notAdopted();
    long end = next;
    for (long q = oldest; q < end; q++) {
      int s = slot(q);
      if (sequence[s] != q) {
        continue;
      }
      if (now - started[s] <= deadline) {
        break;
      }
      int lacking = lacks(s, e.views.writeSet);
      boolean waitsForView = false;
      for (int m = lacking | behind; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        Link l = e.links.at(i);
        if ((lacking & e.links.usable & l.bit()) != 0
            && now - Math.max(started[s], Math.max(l.freshSince, calm)) > deadline) {
          e.suspects.raise(i, Suspects.SLOW, "a write is unanswered for too long");
        }
        long suspectSince = e.suspects.since(i);
        waitsForView |= suspectSince != Long.MAX_VALUE && now - suspectSince > deadline;
      }
      if (error && waitsForView) {
        fail(s, Status.IO_ERROR);
      }
    }
    for (int m = now - calm > deadline ? behind & e.links.usable : 0; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      if (now - e.links.at(i).freshSince > deadline) {
        e.suspects.raise(i, Suspects.SLOW, "does not adopt the view");
      }
    }
    Op first = oldest == next ? null : ops[slot(oldest)];
    if (first != null && first.reported && feed.peek() != null) {
      pumping = true;
      feed.failLate(now);
      pumping = false;
      e.requests.runReady();
      pump();
    }
  }

  /** Members that the oldest write lacks, as a mask; 0 if nothing is in flight. */
  int lacking() {
    return oldest == next ? 0 : lacks(slot(oldest), e.views.writeSet);
  }

  /** The session ended; the ops are answered by their owner. */
  void clear() {
    feed.clear();
    for (int s = 0; s < window; s++) {
      sequence[s] = 0;
      data[s] = null;
      ops[s] = null;
    }
    oldest = next;
    bytes = 0;
  }

  private int slot(long q) {
    return (int) q & mask;
  }
}
