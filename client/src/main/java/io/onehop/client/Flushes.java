package io.onehop.client;

import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import org.jspecify.annotations.Nullable;

/**
 * Flushes (rule 3.8): complete when every leg of the write set has made everything durable and has
 * adopted the client's view; begun again on a new view.
 */
final class Flushes {
  private static final int SLOTS = 16;

  // A store may take its time to sync; a leg is not slow for that as soon as for one write.
  private static final int PATIENCE = 4;

  private final VolumeEngine e;
  private final @Nullable Op[] ops = new Op[SLOTS];
  private final long[] id = new long[SLOTS];
  private final long[] started = new long[SLOTS];
  private final int[] sent = new int[SLOTS];
  private final int[] acked = new int[SLOTS];
  private final Op.Queue feed = new Op.Queue();
  private long ids;
  private int used;

  Flushes(VolumeEngine e) {
    this.e = e;
  }

  void submit(Op op) {
    feed.add(op);
    pump();
  }

  private void pump() {
    while (used < SLOTS) {
      Op op = feed.poll();
      if (op == null) {
        return;
      }
      int s = 0;
      while (ops[s] != null) {
        s++;
      }
      used++;
      ops[s] = op;
      begin(s);
      sendRest(s);
    }
  }

  private int legs() {
    return e.rules.flushWriteSet() ? e.views.writeSet : e.views.inSync;
  }

  private void begin(int s) {
    id[s] = ++ids;
    started[s] = e.loop.now();
    sent[s] = 0;
    acked[s] = 0;
  }

  private void sendRest(int s) {
    int to = e.session.attached() ? legs() & e.links.usable & ~sent[s] : 0;
    for (int m = to; m != 0; m &= m - 1) {
      send(s, e.links.at(Integer.numberOfTrailingZeros(m)));
    }
  }

  private void send(int s, Link l) {
    if (!l.credits.mayFlush()) {
      sent[s] &= ~l.bit();
      l.credits.flushWaits = true;
      e.links.deny(l.bit());
      return;
    }
    FrameHeader h = l.head(FrameType.FLUSH);
    h.sequence = id[s];
    sent[s] |= l.bit();
    l.credits.sentWrite();
    l.send(h);
  }

  /** To a leg that is connected again, or that refused. */
  void resend(Link l) {
    for (int s = 0; s < SLOTS; s++) {
      if (ops[s] != null && (legs() & l.bit() & ~acked[s]) != 0) {
        e.tally.resends++;
        send(s, l);
      }
    }
  }

  /** Requests were answered: what {@code l} had no credit for is sent now. */
  void creditsCame(Link l) {
    l.credits.flushWaits = false;
    for (int s = 0; s < SLOTS; s++) {
      if (ops[s] != null && (sent[s] & l.bit()) == 0) {
        sendRest(s);
      }
    }
  }

  /** {@code op} is no more. */
  void forget(Op op) {
    for (int s = 0; s < SLOTS; s++) {
      if (ops[s] == op) {
        ops[s] = null;
        used--;
      }
    }
    feed.remove(op);
    pump();
  }

  /** All begin again: no answer of an older view or epoch counts any more. */
  void beginAgain() {
    for (int s = 0; s < SLOTS; s++) {
      if (ops[s] != null) {
        begin(s);
      }
    }
  }

  /** To the legs that have not got it since. */
  void sendRest() {
    for (int s = 0; s < SLOTS; s++) {
      if (ops[s] != null) {
        sendRest(s);
      }
    }
  }

  void answer(Link l, FrameHeader h) {
    for (int s = 0; s < SLOTS; s++) {
      if (ops[s] != null && id[s] == h.sequence) {
        answer(s, l, h);
        return;
      }
    }
  }

  private void answer(int s, Link l, FrameHeader h) {
    switch (h.status) {
      case Status.OK -> {
        if ((h.epoch != e.session.epoch && e.rules.oldEpochAnswersDropped())
            || h.generation < e.views.since[l.index]
            || l.incarnation != e.views.incarnation[l.index]) {
          e.tally.voidAnswers++;
          return;
        }
        acked[s] |= l.bit();
        if (finished(s)) {
          finish(s, Status.OK);
        }
      }
      case Status.STALE_VIEW, Status.NO_VIEW, Status.AGAIN, Status.FENCED, Status.NOT_IN_SYNC ->
          l.againLater = true;
      default -> {
        if (e.views.lastInSync(l.index)) {
          finish(s, Status.IO_ERROR);
        } else {
          e.suspects.raise(l.index, Suspects.STORE, "its store answered " + Status.name(h.status));
        }
      }
    }
  }

  private boolean finished(int s) {
    return (legs() & ~acked[s]) == 0 && (e.views.allAdopted || !e.rules.flushWriteSet());
  }

  void completeAll() {
    for (int s = 0; s < SLOTS; s++) {
      if (ops[s] != null && finished(s)) {
        finish(s, Status.OK);
      }
    }
  }

  private void finish(int s, int status) {
    Op op = ops[s];
    ops[s] = null;
    used--;
    if (op != null) {
      e.requests.finish(op, status);
    }
    pump();
  }

  void tick(long now) {
    long limit = PATIENCE * e.views.policies.deadlineNanos();
    for (int s = 0; s < SLOTS; s++) {
      Op op = ops[s];
      if (op == null || now - started[s] <= limit) {
        continue;
      }
      boolean waitsForView = false;
      for (int m = legs() & ~acked[s]; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        if ((e.links.usable & 1 << i) != 0
            && now - Math.max(started[s], Math.max(e.links.at(i).freshSince, e.graceFrom))
                > limit) {
          e.suspects.raise(i, Suspects.SLOW, "a flush is unanswered for too long");
        }
        long since = e.suspects.since(i);
        waitsForView |= since != Long.MAX_VALUE && now - since > e.views.policies.deadlineNanos();
      }
      if (waitsForView && e.views.policies.errorOnNoQuorum()) {
        finish(s, Status.IO_ERROR);
      }
    }
  }

  /** Members that the first unfinished flush lacks, as a mask. */
  int lacking() {
    for (int s = 0; s < SLOTS; s++) {
      if (ops[s] != null) {
        return legs() & ~acked[s];
      }
    }
    return 0;
  }

  /** The session ended; the ops are answered by their owner. */
  void clear() {
    feed.clear();
    used = 0;
    for (int s = 0; s < SLOTS; s++) {
      ops[s] = null;
    }
  }
}
