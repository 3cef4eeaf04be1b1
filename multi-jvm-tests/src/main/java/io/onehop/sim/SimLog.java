package io.onehop.sim;

import io.onehop.node.store.UnconfirmedLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The unconfirmed log of a simulated disk. */
final class SimLog implements UnconfirmedLog {
  /** An admitted write. */
  record Entry(long epoch, long sequence, long offset, long length) {}

  /** Hears what is admitted. */
  interface Watcher {
    /** An entry was added. */
    void put(Entry entry);

    /** Coverage of these bytes changed. */
    void changed(long offset, long length);
  }

  /** What outlives the process. */
  static final class Ring {
    final List<Entry> entries = new ArrayList<>();
    final Map<Long, Long> confirmed = new TreeMap<>();
    final Watcher watcher;
    final int window;

    Ring(int window, Watcher watcher) {
      this.window = window;
      this.watcher = watcher;
    }

    boolean covers(long offset, long length) {
      for (int i = 0; i < entries.size(); i++) {
        Entry e = entries.get(i);
        if (e.offset < offset + length && offset < e.offset + e.length) {
          return true;
        }
      }
      return false;
    }
  }

  private final Ring ring;
  private final KillSwitch kill;

  SimLog(Ring ring, KillSwitch kill) {
    this.ring = ring;
    this.kill = kill;
  }

  @Override
  public int window() {
    return ring.window;
  }

  @Override
  public void put(long epoch, long sequence, long offset, long length) {
    kill.point(KillSwitch.LOG);
    if (sequence - confirmed(epoch) > ring.window) {
      throw new IllegalStateException("sequence " + sequence + " is beyond the window");
    }
    ring.entries.removeIf(e -> e.epoch == epoch && e.sequence == sequence);
    for (Entry e : ring.entries) {
      // The real log is a ring: a slot still in use would be lost.
      if (e.sequence % ring.window == sequence % ring.window) {
        throw new IllegalStateException("slot of " + sequence + " still holds " + e);
      }
    }
    Entry entry = new Entry(epoch, sequence, offset, length);
    ring.entries.add(entry);
    ring.watcher.put(entry);
    kill.point(KillSwitch.LOG);
  }

  @Override
  public boolean holds(long epoch, long sequence) {
    for (int i = 0; i < ring.entries.size(); i++) {
      Entry e = ring.entries.get(i);
      if (e.epoch == epoch && e.sequence == sequence) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void confirm(long epoch, long sequence) {
    if (sequence <= confirmed(epoch)) {
      return;
    }
    kill.point(KillSwitch.LOG);
    ring.confirmed.put(epoch, sequence);
    for (int i = ring.entries.size() - 1; i >= 0; i--) {
      Entry e = ring.entries.get(i);
      if (e.epoch == epoch && e.sequence <= sequence) {
        ring.entries.remove(i);
        ring.watcher.changed(e.offset, e.length);
      }
    }
    kill.point(KillSwitch.LOG);
  }

  @Override
  public long confirmed(long epoch) {
    return ring.confirmed.getOrDefault(epoch, 0L);
  }

  @Override
  public long overlapping(long offset, long length) {
    long highest = 0;
    for (int i = 0; i < ring.entries.size(); i++) {
      Entry e = ring.entries.get(i);
      if (e.offset < offset + length && offset < e.offset + e.length) {
        highest = Math.max(highest, e.sequence);
      }
    }
    return highest;
  }

  @Override
  public void visit(Visitor visitor) {
    for (Entry e : List.copyOf(ring.entries)) {
      visitor.entry(e.epoch, e.sequence, e.offset, e.length);
    }
  }

  @Override
  public boolean isEmpty() {
    return ring.entries.isEmpty();
  }

  @Override
  public void clear() {
    kill.point(KillSwitch.LOG);
    List<Entry> old = List.copyOf(ring.entries);
    ring.entries.clear();
    ring.confirmed.clear();
    for (Entry e : old) {
      ring.watcher.changed(e.offset, e.length);
    }
    kill.point(KillSwitch.LOG);
  }
}
