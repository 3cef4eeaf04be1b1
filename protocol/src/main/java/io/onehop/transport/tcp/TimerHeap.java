package io.onehop.transport.tcp;

import io.onehop.transport.Loop;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Scheduled tasks by time, then by order of scheduling. On the loop only. */
final class TimerHeap {
  private Entry[] heap = new Entry[64];
  private int size;
  private long scheduled;

  /** One task; allocated per schedule, which periodic work does a few times per second. */
  private final class Entry implements Loop.Timer {
    private final long at;
    private final long order;
    private final Runnable task;
    private int index;

    Entry(long at, long order, Runnable task) {
      this.at = at;
      this.order = order;
      this.task = task;
    }

    private boolean before(Entry o) {
      return at != o.at ? at < o.at : order < o.order;
    }

    @Override
    public void cancel() {
      if (index >= 0) {
        remove(this);
      }
    }
  }

  Loop.Timer add(long at, Runnable task) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, size * 2);
    }
    Entry e = new Entry(at, scheduled++, task);
    up(size++, e);
    return e;
  }

  /** When the first task is due, or Long.MAX_VALUE. */
  long next() {
    return size == 0 ? Long.MAX_VALUE : heap[0].at;
  }

  /** Takes the first task if it is due at {@code now}. */
  @Nullable Runnable pollDue(long now) {
    if (size == 0 || heap[0].at > now) {
      return null;
    }
    Entry first = heap[0];
    remove(first);
    return first.task;
  }

  private void remove(Entry e) {
    int hole = e.index;
    e.index = -1;
    Entry last = heap[--size];
    clear(size);
    if (last == e) {
      return;
    }
    down(hole, last);
    if (last.index == hole) {
      up(hole, last);
    }
  }

  // The slots beyond size are never read; emptied so that finished tasks can be collected.
  @SuppressWarnings("NullAway")
  private void clear(int slot) {
    heap[slot] = null;
  }

  private void up(int from, Entry e) {
    int i = from;
    while (i > 0) {
      int parent = (i - 1) >>> 1;
      if (!e.before(heap[parent])) {
        break;
      }
      put(i, heap[parent]);
      i = parent;
    }
    put(i, e);
  }

  private void down(int from, Entry e) {
    int i = from;
    while (2 * i + 1 < size) {
      int child = 2 * i + 1;
      if (child + 1 < size && heap[child + 1].before(heap[child])) {
        child++;
      }
      if (!heap[child].before(e)) {
        break;
      }
      put(i, heap[child]);
      i = child;
    }
    put(i, e);
  }

  private void put(int i, Entry e) {
    heap[i] = e;
    e.index = i;
  }
}
