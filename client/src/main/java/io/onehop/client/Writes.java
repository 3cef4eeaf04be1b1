package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;

/**
 * The in-flight table of write sequence numbers (rules 3.3, 3.6, 3.7): dense from 1, slot =
 * sequence mod window, flat arrays and member masks. Everything in it is driven to every leg of the
 * write set until complete or until the session ends. The numbers go on over the epochs of a
 * session (rule 5.3): the legs' books are of one epoch each, and the watermark says from where on
 * they are.
 */
final class Writes {
  // A leg may have to write them one by one, and must not fall silent for it.
  private static final long MAX_ZEROES = 64L << 20;

  // What a leg that stands still can make its connection queue.
  private static final long MAX_BYTES = 64L << 20;

  // A store that is full or broken is not asked all the time.
  private static final long STORE_RETRY = 500_000_000L;

  private final VolumeEngine e;
  private final InFlight t = new InFlight();
  private final Feed feed;
  private boolean pumping;

  Writes(VolumeEngine e) {
    this.e = e;
    feed = new Feed(e);
  }

  /** The window is that of the view of the attach; the legs' logs have as many entries. */
  void start(int window) {
    t.start(window);
  }

  int inFlight() {
    return (int) (t.next - t.oldest);
  }

  /** Rule 3.6: everything up to it is complete on every leg of the write set. */
  long watermark() {
    if (e.rules.watermarkOverWriteSet()) {
      return t.oldest - 1;
    }
    long s = t.oldest;
    while (s < t.next && (t.sequence[t.slot(s)] == 0 || lacks(t.slot(s), e.views.inSync) == 0)) {
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
    if (pumping || !e.session.attached()) {
      return;
    }
    pumping = true;
    for (Op op = feed.peek(); op != null && !t.full() && t.bytes < MAX_BYTES; op = feed.peek()) {
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
    int s = t.add(op, from, end, b, bufAt, e.loop.now());
    op.fed = end;
    op.pending++;
    for (int m = e.links.usable; m != 0; m &= m - 1) {
      send(s, e.links.at(Integer.numberOfTrailingZeros(m)));
    }
  }

  private void send(int s, Link l) {
    Op op = t.ops[s];
    if (op == null) {
      return;
    }
    // Whoever came before and found no credit goes first.
    if (!l.credits.mayWrite() || t.sequence[s] > l.deniedFrom) {
      t.denied[s] |= l.bit();
      l.deniedFrom = Math.min(l.deniedFrom, t.sequence[s]);
      e.links.deny(l.bit());
      return;
    }
    Buf b = t.data[s];
    FrameHeader h = l.head(b == null ? FrameType.WRITE_ZEROES : FrameType.WRITE);
    h.flags =
        (op.fua ? FrameType.FLAG_FUA : 0) | (b == null && op.punch ? FrameType.FLAG_PUNCH : 0);
    h.sequence = t.sequence[s];
    h.offset = t.offset[s];
    h.length = t.length[s];
    t.sent[s] |= l.bit();
    t.denied[s] &= ~l.bit();
    l.credits.sentWrite();
    l.send(h, b, t.at[s], b == null ? 0 : (int) t.length[s]);
  }

  void answer(Link l, FrameHeader h) {
    if (!t.holds(h.sequence)) {
      return;
    }
    int s = t.slot(h.sequence);
    if (e.rules.oldEpochAnswersDropped() && (h.epoch != e.session.epoch || !e.session.attached())) {
      e.tally.voidAnswers++;
      return;
    }
    switch (h.status) {
      case Status.OK -> {
        if (e.rules.voidOldAnswers() && !l.counts(h)) {
          e.tally.voidAnswers++;
          if (h.generation > e.views.generation) {
            t.sent[s] &= ~l.bit();
            l.againLater = true;
          }
          return;
        }
        t.acked[s] |= l.bit();
        if (finished(s)) {
          finish(s, Status.OK);
          e.requests.runReady();
          pump();
        }
      }
      case Status.STALE_VIEW -> {
        t.sent[s] &= ~l.bit();
        // A leg that is still adopting says when it has; one that is ahead sends its view.
        if (h.generation == e.views.generation) {
          l.againNow = true;
        } else {
          l.againLater = true;
        }
      }
      case Status.NO_VIEW, Status.AGAIN, Status.FENCED, Status.NOT_IN_SYNC -> {
        t.sent[s] &= ~l.bit();
        l.againLater = true;
      }
      default -> storeFailed(s, l, h.status);
    }
  }

  private void storeFailed(int s, Link l, int status) {
    t.sent[s] &= ~l.bit();
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
    Op op = t.ops[s];
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
    return legs & ~t.acked[s];
  }

  private boolean finished(int s) {
    return lacks(s, e.views.writeSet) == 0 && (e.views.allAdopted || !e.rules.countAfterAdoption());
  }

  private void finish(int s, int status) {
    Op op = t.ops[s];
    t.drop(s);
    t.advance();
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
    long end = t.next;
    for (long q = t.oldest; q < end; q++) {
      int s = t.slot(q);
      if (t.sequence[s] == q && finished(s)) {
        finish(s, Status.OK);
        any = true;
      }
    }
    if (any) {
      e.requests.runReady();
      pump();
    }
  }

  /**
   * Rule 5.3: the epoch is over. What a leg answered under it may have been undone since; all of it
   * goes to all legs again under the next one.
   */
  void epochOver() {
    for (long q = t.oldest; q < t.next; q++) {
      int s = t.slot(q);
      if (e.rules.resendAllOnResume()) {
        t.acked[s] = 0;
      }
      t.sent[s] = 0;
      t.denied[s] = 0;
    }
  }

  /** {@code op} is no more: whatever of it was applied, it is not sent again. */
  void forget(Op op) {
    feed.remove(op);
    for (long q = t.oldest; q < t.next; q++) {
      int s = t.slot(q);
      if (t.ops[s] == op) {
        op.pending--;
        t.drop(s);
      }
    }
    t.advance();
  }

  /** The data of {@code op} is now in {@code to}, from its beginning on. */
  void moved(Op op, Buf from, Buf to, int shift) {
    for (long q = t.oldest; q < t.next; q++) {
      int s = t.slot(q);
      if (t.ops[s] == op && t.data[s] == from) {
        t.data[s] = to;
        t.at[s] -= shift;
      }
    }
  }

  /** Rule 3.3: answers of legs that left, returned or restarted are void. */
  void onView(int voided) {
    for (long q = t.oldest; q < t.next; q++) {
      int s = t.slot(q);
      if (e.rules.voidOldAnswers()) {
        t.acked[s] &= ~voided;
      }
      t.sent[s] &= ~voided;
      t.denied[s] &= ~voided;
    }
  }

  /** Sends what {@code l} lacks: everything unanswered, or only what it refused. */
  void resend(Link l, boolean everything) {
    int bit = l.bit();
    if ((e.links.usable & bit) == 0 || !e.session.attached()) {
      return;
    }
    l.ensureView();
    l.deniedFrom = everything ? Long.MAX_VALUE : l.deniedFrom;
    long end = t.next;
    for (long q = t.oldest; q < end; q++) {
      int s = t.slot(q);
      if (t.sequence[s] != q
          || (t.acked[s] & bit) != 0
          || (!everything && (t.sent[s] & bit) != 0)) {
        continue;
      }
      e.tally.resends++;
      if (!e.rules.sameSequence() && !t.full()) {
        s = renumber(s);
      }
      send(s, l);
    }
  }

  /** Requests were answered: what {@code l} had no credit for is sent now, in order. */
  void creditsCame(Link l) {
    int bit = l.bit();
    long q = Math.max(l.deniedFrom, t.oldest);
    l.deniedFrom = Long.MAX_VALUE;
    if ((e.links.usable & bit) == 0 || !e.session.attached()) {
      return;
    }
    for (; q < t.next && l.deniedFrom == Long.MAX_VALUE; q++) {
      int s = t.slot(q);
      if (t.sequence[s] == q && (t.denied[s] & bit) != 0) {
        send(s, l);
      }
    }
  }

  /** The naive form of a resend: a new number for the same write. */
  private int renumber(int s) {
    int n = t.copy(s);
    Op op = t.ops[s];
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
    int behind = e.views.notAdopted();
    long end = t.next;
    for (long q = t.oldest; q < end; q++) {
      int s = t.slot(q);
      if (t.sequence[s] != q) {
        continue;
      }
      if (now - t.started[s] <= deadline) {
        break;
      }
      int lacking = lacks(s, e.views.writeSet);
      boolean waitsForView = false;
      for (int m = lacking | behind; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        Link l = e.links.at(i);
        if ((lacking & e.links.usable & l.bit()) != 0
            && now - Math.max(t.started[s], Math.max(l.freshSince, e.graceFrom)) > deadline) {
          e.suspects.raise(i, Suspects.SLOW, "a write is unanswered for too long");
        }
        long suspectSince = e.suspects.since(i);
        waitsForView |= suspectSince != Long.MAX_VALUE && now - suspectSince > deadline;
      }
      if (error && waitsForView) {
        fail(s, Status.IO_ERROR);
      }
    }
    for (int m = behind & e.links.usable; m != 0; m &= m - 1) {
      int i = Integer.numberOfTrailingZeros(m);
      long from = Math.max(e.views.behindSince[i], e.links.at(i).freshSince);
      if (now - Math.max(from, e.graceFrom) > deadline) {
        e.suspects.raise(i, Suspects.SLOW, "does not adopt the view");
      }
    }
    Op first = t.isEmpty() ? null : t.ops[t.slot(t.oldest)];
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
    return t.isEmpty() ? 0 : lacks(t.slot(t.oldest), e.views.writeSet);
  }

  /** The session ended; the ops are answered by their owner. */
  void clear() {
    feed.clear();
    t.clear();
  }
}
