package io.onehop.client;

import io.onehop.transport.Buf;
import org.jspecify.annotations.Nullable;

/**
 * The in-flight table itself: write sequence numbers, dense from 1, slot = sequence mod window;
 * flat arrays and member masks.
 */
final class InFlight {
  private int window = 16;
  private int mask = 15;

  /** Sequence in the slot; 0 = done. */
  long[] sequence = new long[window];

  long[] offset = new long[window];
  long[] length = new long[window];
  long[] started = new long[window];
  int[] at = new int[window];
  int[] sent = new int[window];
  int[] acked = new int[window];

  /** Legs that had no credit for it, of those not in {@link #sent}. */
  int[] denied = new int[window];

  @Nullable Buf[] data = new Buf[window];
  @Nullable Op[] ops = new Op[window];

  /** What is in it, by {@link #cost}. */
  long bytes;

  /** First number that is not complete; the first that was never given. */
  long oldest = 1;

  long next = 1;

  /** As many slots as the legs' logs have entries. */
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
    denied = new int[newWindow];
    data = new Buf[newWindow];
    ops = new Op[newWindow];
  }

  int slot(long q) {
    return (int) q & mask;
  }

  boolean full() {
    return next - oldest >= window;
  }

  boolean isEmpty() {
    return oldest == next;
  }

  /** Whether {@code q} is given and not complete. */
  boolean holds(long q) {
    return q != 0 && sequence[slot(q)] == q;
  }

  /** Its part of the bound on bytes: zeroes fill no queue but keep the legs busy. */
  private long cost(int s) {
    return data[s] == null ? length[s] / 4 : length[s];
  }

  /** Gives the next number to {@code [from, to)} of {@code op}. */
  int add(Op op, long from, long to, @Nullable Buf b, int bufAt, long now) {
    int s = slot(next);
    sequence[s] = next++;
    offset[s] = from;
    length[s] = to - from;
    started[s] = now;
    at[s] = bufAt;
    sent[s] = 0;
    acked[s] = 0;
    denied[s] = 0;
    data[s] = b;
    ops[s] = op;
    bytes += cost(s);
    return s;
  }

  /** The same again under the next number. */
  int copy(int s) {
    int n = slot(next);
    sequence[n] = next++;
    offset[n] = offset[s];
    length[n] = length[s];
    started[n] = started[s];
    at[n] = at[s];
    sent[n] = sent[s];
    acked[n] = acked[s];
    denied[n] = denied[s];
    data[n] = data[s];
    ops[n] = ops[s];
    bytes += cost(n);
    return n;
  }

  /** Frees the slot; {@link #advance} has to follow. */
  void drop(int s) {
    bytes -= cost(s);
    sequence[s] = 0;
    data[s] = null;
    ops[s] = null;
  }

  void advance() {
    while (oldest < next && sequence[slot(oldest)] == 0) {
      oldest++;
    }
  }

  void clear() {
    for (int s = 0; s < window; s++) {
      sequence[s] = 0;
      data[s] = null;
      ops[s] = null;
    }
    oldest = next;
    bytes = 0;
  }
}
