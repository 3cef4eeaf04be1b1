package io.onehop.client;

import io.onehop.transport.Status;
import org.jspecify.annotations.Nullable;

/** Writes that hold their range locks and wait for room in the window (rule 3.6), in order. */
final class Feed {
  private final VolumeEngine e;
  private Op.Queue queue = new Op.Queue();

  Feed(VolumeEngine e) {
    this.e = e;
  }

  @Nullable Op peek() {
    return queue.peek();
  }

  void add(Op op) {
    queue.add(op);
  }

  void poll() {
    queue.poll();
  }

  /** {@code op} is no more. */
  void remove(Op op) {
    queue.remove(op);
  }

  void clear() {
    queue.clear();
  }

  /**
   * The window stands behind a failed write: who waits for it fails at his deadline, too (rule
   * 3.7). What was not sent to any leg is over; the rest is driven on like the failed one.
   */
  void failLate(long now) {
    long deadline = e.views.policies.deadlineNanos();
    Op.Queue kept = new Op.Queue();
    for (Op op = queue.poll(); op != null; op = queue.poll()) {
      // What the application submits in answer comes to the end of the queue and is not late.
      if (now - op.submitted <= deadline || op.reported) {
        kept.add(op);
      } else if (op.fed == op.from) {
        e.requests.finish(op, Status.IO_ERROR);
      } else {
        kept.add(op);
        e.requests.report(op, Status.IO_ERROR);
      }
    }
    if (!e.session.over()) {
      queue = kept;
    }
  }
}
