package io.onehop.client;

import io.onehop.client.BlockDevice.Completion;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import io.onehop.transport.Status;
import org.jspecify.annotations.Nullable;

/** The application's requests: checks, bound, range locks, completion. Ops are pooled. */
final class Requests {
  private static final int BLOCK = PoolView.BLOCK_SIZE;

  // Failing a waiting request looks at all others; a tick shall stay short.
  private static final int MOST_FAILED_PER_TICK = 64;

  private final VolumeEngine e;
  private final RangeLocks locks = new RangeLocks();
  private final Op.Queue free = new Op.Queue();
  private @Nullable Op oldest;
  private @Nullable Op newest;
  private int count;
  private int held;
  private boolean running;

  Requests(VolumeEngine e) {
    this.e = e;
  }

  int count() {
    return count;
  }

  /** Requests that the application still waits for. */
  int unanswered() {
    return count - held;
  }

  @SuppressWarnings("TooManyParameters")
  void submit(
      int kind,
      long offset,
      long length,
      @Nullable Buf buf,
      int at,
      boolean punch,
      boolean fua,
      Completion done) {
    int refusal = refusal(offset, length);
    if (refusal != Status.OK) {
      done.complete(refusal);
      return;
    }
    if (length == 0 && kind != Op.FLUSH) {
      done.complete(Status.OK);
      return;
    }
    enter(kind, offset, length, buf, at, punch, fua, done);
  }

  /** The flush that precedes a detach: nothing else is accepted by then. */
  void lastFlush(Completion done) {
    enter(Op.FLUSH, 0, 0, null, 0, false, false, done);
  }

  private int refusal(long offset, long length) {
    if (e.session.over() || e.session.detaching()) {
      return Status.FENCED;
    }
    if (!e.session.attached() && !e.session.resuming()) {
      return Status.AGAIN;
    }
    if (offset < 0 || length < 0 || offset > e.size - length) {
      return Status.INVALID;
    }
    if (count >= e.settings.maxRequests()) {
      e.tally.refused++;
      return Status.AGAIN;
    }
    return Status.OK;
  }

  private void enter(
      int kind,
      long offset,
      long length,
      @Nullable Buf buf,
      int at,
      boolean punch,
      boolean fua,
      Completion done) {
    Op op = free.poll();
    if (op == null) {
      op = new Op();
    }
    op.kind = kind;
    op.offset = offset;
    op.length = length;
    op.buf = buf == null ? null : buf.retain();
    op.at = at;
    op.punch = punch;
    op.fua = fua;
    op.done = done;
    op.submitted = e.loop.now();
    op.from = offset & -BLOCK;
    op.to = (offset + length + BLOCK - 1) & -BLOCK;
    op.pending = 0;
    op.edges = 0;
    op.status = Status.OK;
    op.reported = false;
    op.started = false;
    op.olderOp = newest;
    op.newerOp = null;
    if (newest == null) {
      oldest = op;
    } else {
      newest.newerOp = op;
    }
    newest = op;
    count++;
    if (kind == Op.FLUSH) {
      e.flushes.submit(op);
    } else if (locks.enter(op)) {
      start(op);
    }
  }

  private void start(Op op) {
    op.started = true;
    if (op.kind == Op.READ) {
      e.reads.submit(op);
      return;
    }
    op.edges = Edges.prepare(op, e.size, e.buffers);
    if (op.edges == 0) {
      Edges.merge(op);
      e.writes.submit(op);
    } else {
      e.reads.submit(op);
    }
  }

  /** The partly covered blocks of a write were read, or could not be. */
  void edgesRead(Op op) {
    if (op.status != Status.OK) {
      finish(op, op.status);
      return;
    }
    Edges.merge(op);
    e.writes.submit(op);
  }

  /** All effects of {@code op} are over; call {@link #runReady} afterwards. */
  void finish(Op op, int status) {
    if (op.inLocks) {
      locks.leave(op);
    }
    Op older = op.olderOp;
    Op newer = op.newerOp;
    if (older == null) {
      oldest = newer;
    } else {
      older.newerOp = newer;
    }
    if (newer == null) {
      newest = older;
    } else {
      newer.olderOp = older;
    }
    op.olderOp = null;
    op.newerOp = null;
    count--;
    held -= op.reported ? 1 : 0;
    account(op, status);
    Completion done = op.done;
    op.done = null;
    op.buf = release(op.buf);
    op.head = release(op.head);
    op.tail = release(op.tail);
    free.add(op);
    if (done != null) {
      done.complete(status);
    }
    if (count == held) {
      e.session.idle();
    }
  }

  private static @Nullable Buf release(@Nullable Buf b) {
    if (b != null) {
      b.release();
    }
    return null;
  }

  private void account(Op op, int status) {
    e.tally.longestStall = Math.max(e.tally.longestStall, e.loop.now() - op.submitted);
    if (status != Status.OK) {
      e.tally.failed += op.reported ? 0 : 1;
      return;
    }
    switch (op.kind) {
      case Op.READ -> {
        e.tally.reads++;
        e.tally.bytesRead += op.length;
      }
      case Op.FLUSH -> e.tally.flushes++;
      default -> {
        e.tally.writes++;
        e.tally.bytesWritten += op.length;
      }
    }
  }

  /** Rule 3.7: the application gets its error, the write stays, its range locked. */
  void report(Op op, int status) {
    if (op.reported) {
      return;
    }
    op.reported = true;
    held++;
    e.tally.failed++;
    ownPayload(op);
    Completion done = op.done;
    op.done = null;
    if (done != null) {
      done.complete(status);
    }
    e.session.idle();
  }

  /** What stays for long must not keep the caller's much larger buffer with it. */
  private void ownPayload(Op op) {
    Buf lent = op.buf;
    if (op.kind != Op.WRITE || lent == null || lent.capacity() / 2 < op.length) {
      return;
    }
    Buf own = e.buffers.take((int) op.length);
    own.bytes().put(0, lent.bytes(), op.at, (int) op.length);
    e.writes.moved(op, lent, own, op.at);
    op.buf = own;
    op.at = 0;
    lent.release();
  }

  /** Starts what the last releases made free. */
  void runReady() {
    if (running) {
      return;
    }
    running = true;
    for (Op op = locks.ready.poll(); op != null; op = locks.ready.poll()) {
      start(op);
    }
    running = false;
  }

  /** Rule 3.7: who waits behind a failed write fails at his deadline. */
  void tick(long now) {
    if (held == 0) {
      return;
    }
    long deadline = e.views.policies.deadlineNanos();
    for (int i = 0; i < MOST_FAILED_PER_TICK; i++) {
      Op op = oldest;
      while (op != null
          && !(op.inLocks
              && op.blockers > 0
              && now - op.submitted > deadline
              && locks.behindFailed(op))) {
        op = op.newerOp;
      }
      if (op == null) {
        return;
      }
      finish(op, Status.IO_ERROR);
      runReady();
    }
  }

  /** The session waits to go on: by the policy requests fail at their deadline instead. */
  void tickSuspended(long now) {
    if (!e.views.policies.errorOnNoQuorum()) {
      return;
    }
    long deadline = e.views.policies.deadlineNanos();
    for (Op op = oldest; op != null && now - op.submitted > deadline; op = op.newerOp) {
      report(op, Status.IO_ERROR);
    }
  }

  /** Rule 5.3: what was answered with an error leaves with its epoch. */
  void leaveErrored() {
    if (!e.rules.erroredWritesLeaveOnResume()) {
      return;
    }
    for (Op op = held == 0 ? null : oldest; op != null; ) {
      Op newer = op.newerOp;
      if (op.reported) {
        e.writes.forget(op);
        e.reads.forget(op);
        e.flushes.forget(op);
        locks.ready.remove(op);
        finish(op, Status.IO_ERROR);
      }
      op = newer;
    }
    runReady();
  }

  /** The oldest request that the application waits for, or null. */
  @Nullable Op oldest() {
    Op op = oldest;
    while (op != null && op.reported) {
      op = op.newerOp;
    }
    return op;
  }

  /** The session ended: everything fails. */
  void failAll(int status) {
    running = true;
    for (Op op = oldest; op != null; op = oldest) {
      finish(op, status);
      locks.ready.clear();
    }
    running = false;
  }
}
