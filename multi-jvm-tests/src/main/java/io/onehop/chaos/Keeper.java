package io.onehop.chaos;

import io.onehop.nbd.client.NbdClient;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a client attached and the loads running on it: what an operator's script would do. A client
 * may end, or answer errors, only if it was killed or its session was taken over.
 */
final class Keeper {
  /** Client names come again: each is a party of the network. */
  private static final int NAMES = 8;

  private static final int REST_SECONDS = 90;
  private static final long GONE_NANOS = 20_000_000_000L;
  private static final long LOOK_MILLIS = 10;
  private static final long GIVE_UP_MILLIS = 10_000;
  private static final long REFUSED_MILLIS = 200;

  private final Cluster cluster;
  private final List<RecordedLoad> loads;
  private final Tally tally;
  private final Thread thread;
  private @Nullable Attached current;
  private @Nullable Attached doomed;
  private @Nullable Attached threatened;
  private boolean takeover;
  private boolean stopping;
  private boolean held;
  private int started;
  private long serving;
  private String lastRefusal = "";
  private long endedAt;
  private long longestAbsence;

  /** What serves now. */
  record Serving(long number, String uri) {}

  Keeper(Cluster cluster, List<RecordedLoad> loads, Tally tally) {
    this.cluster = cluster;
    this.loads = loads;
    this.tally = tally;
    this.thread = new Thread(this::run, "chaos-keeper");
    thread.setDaemon(true);
  }

  void begin() {
    thread.start();
  }

  /** What serves now; null while nothing does. */
  synchronized @Nullable Serving serving() {
    Attached c = current;
    return c == null || c.equals(doomed) ? null : new Serving(serving, c.uri());
  }

  /** Whether that client has been neither killed nor replaced since. */
  synchronized boolean still(Serving s) {
    return serving() != null && s.number == serving && !Objects.equals(threatened, current);
  }

  /** The client's process; null while there is none, or it is about to end. */
  synchronized @Nullable Attached client() {
    return current == null || current.equals(doomed) ? null : current;
  }

  /** SIGKILL; the next one is attached when {@link #release} is called. */
  void kill(Attached client) {
    synchronized (this) {
      doomed = client;
      held = true;
      endedAt = System.nanoTime();
    }
    Launch.kill(client.process());
  }

  /** A new client may be attached. */
  synchronized void release() {
    held = false;
  }

  private synchronized boolean held() {
    return held;
  }

  /** Another client is to take the session over. */
  synchronized void takeOver() {
    takeover = true;
    threatened = current;
  }

  /** All is well: from now on no earlier attempt to take over excuses the client's end. */
  synchronized void settled() {
    threatened = takeover ? threatened : null;
  }

  synchronized boolean takingOver() {
    return takeover;
  }

  /** Why the last attach was refused. */
  synchronized String lastRefusal() {
    return lastRefusal;
  }

  /** Longest time from a client's end until the next one served, in nanoseconds. */
  synchronized long longestAbsence() {
    return longestAbsence;
  }

  private void run() {
    try {
      while (true) {
        Attached c;
        boolean take;
        synchronized (this) {
          if (stopping) {
            return;
          }
          c = current;
          take = takeover;
        }
        if (c == null) {
          attach(false);
        } else if (!c.process().isAlive() || broken()) {
          ended(c);
        } else if (take) {
          attach(true);
        } else {
          Thread.sleep(LOOK_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      tally.violation("the keeper of the client failed: " + e);
    }
  }

  private boolean broken() {
    return loads.stream().anyMatch(l -> l.errors() > 0 || l.endedBecause() != null);
  }

  private void attach(boolean over) throws InterruptedException, IOException {
    if (!over && held()) {
      Thread.sleep(LOOK_MILLIS);
      return;
    }
    Attached old;
    synchronized (this) {
      old = current;
    }
    Attached next;
    try {
      next = Attached.start(cluster, 1 + started++ % NAMES, over);
    } catch (ChaosException e) {
      synchronized (this) {
        lastRefusal = String.valueOf(e.getMessage());
        takeover = false; // the one that is there goes on, or has ended by it
      }
      tally.work("attaches refused", 1);
      Thread.sleep(REFUSED_MILLIS);
      return;
    }
    if (over && old != null) {
      synchronized (this) {
        doomed = old;
      }
      awaitEnd(old);
      leave(old);
    }
    synchronized (this) {
      current = next;
      doomed = null;
      threatened = null;
      longestAbsence = Math.max(longestAbsence, endedAt == 0 ? 0 : System.nanoTime() - endedAt);
      endedAt = 0;
      serving++;
      takeover = false;
      lastRefusal = "";
    }
    tally.say(next.name() + " serves");
    for (RecordedLoad l : loads) {
      try {
        l.start(next.uri());
      } catch (IOException e) {
        tally.say("cannot connect to " + next.name() + ": " + e.getMessage());
      }
    }
  }

  /** A client that lost its session must end by itself. */
  private void awaitEnd(Attached old) throws InterruptedException {
    long end = System.nanoTime() + GONE_NANOS;
    while (old.process().isAlive() && System.nanoTime() < end) {
      Thread.sleep(LOOK_MILLIS);
    }
    if (old.process().isAlive()) {
      tally.violation(old.name() + " still runs 20 s after its session was taken over");
    }
  }

  private void ended(Attached c) throws InterruptedException, IOException {
    boolean expected;
    synchronized (this) {
      // An attempt to take over may have ended the session and then have failed.
      expected = c.equals(doomed) || c.equals(threatened);
    }
    if (!expected) {
      StringBuilder why = new StringBuilder();
      for (RecordedLoad l : loads) {
        if (l.errors() > 0) {
          why.append("; ").append(l.errors()).append(" errors, first ").append(l.firstError());
        } else if (l.endedBecause() != null) {
          why.append("; its connection ended: ").append(l.endedBecause());
        }
      }
      tally.violation(
          "%s was neither killed nor taken over, but%s%s; it said: %s"
              .formatted(
                  c.name(), c.process().isAlive() ? "" : " ended", why, c.lastWord(cluster)));
    }
    leave(c);
  }

  /** The client's end, whatever led to it: nothing of its session is to come. */
  private void leave(Attached c) throws InterruptedException {
    synchronized (this) {
      endedAt = c.equals(doomed) && endedAt != 0 ? endedAt : System.nanoTime();
      doomed = c;
    }
    Launch.kill(c.process());
    for (RecordedLoad l : loads) {
      if (l.running()) {
        NbdClient nbd = l.rest(REST_SECONDS);
        if (nbd == null) {
          tally.violation(l.inFlight() + " requests have no end after their client's");
          l.abandon().close();
        } else {
          nbd.close();
        }
      }
      l.sessionOver();
    }
    synchronized (this) {
      current = null;
    }
  }

  /** Breaks off whatever it does; no other client is attached from now on. */
  void giveUp() throws InterruptedException {
    synchronized (this) {
      stopping = true;
    }
    thread.interrupt();
    thread.join(GIVE_UP_MILLIS);
  }

  /** Leaves the client that serves alone from now on; null if none does. */
  @Nullable Attached stop() throws InterruptedException {
    synchronized (this) {
      stopping = true;
    }
    thread.join();
    return client();
  }
}
