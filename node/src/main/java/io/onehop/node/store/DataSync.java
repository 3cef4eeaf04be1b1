package io.onehop.node.store;

import io.onehop.transport.Status;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Syncs one disk's data on a thread of its own; completions wait for {@link #poll} on the leg's
 * thread. Requests made while a sync runs are joined into the next one. After a failure every later
 * sync fails: the kernel drops dirty pages after reporting an error once, so a second success would
 * mean nothing (rule 3.10).
 */
final class DataSync implements AutoCloseable {
  private final FileChannel channel;
  private final Runnable wakeup;
  private final Thread thread;
  private final Object lock = new Object();

  // guarded by lock
  private final Queue waiting = new Queue();
  private final Queue finished = new Queue();
  private boolean closed;

  /** Of the helper thread. */
  private boolean failed;

  /** Of the leg's thread. */
  private final Queue delivering = new Queue();

  /** So that a poll that finds nothing takes no lock. */
  private volatile boolean any;

  DataSync(FileChannel channel, String name, Runnable wakeup) {
    this.channel = channel;
    this.wakeup = wakeup;
    this.thread = Thread.ofPlatform().daemon().name(name).start(this::run);
  }

  void request(LegDisk.Done done) {
    synchronized (lock) {
      waiting.add(done, Status.OK);
      lock.notifyAll();
    }
  }

  int poll() {
    if (!any) {
      return 0;
    }
    synchronized (lock) {
      any = false;
      finished.moveTo(delivering);
    }
    int n = delivering.count;
    for (int i = 0; i < n; i++) {
      delivering.done(i).done(delivering.status[i]);
    }
    delivering.clear();
    return n;
  }

  private void run() {
    Queue running = new Queue();
    while (await(running)) {
      int status = sync();
      Arrays.fill(running.status, 0, running.count, status);
      synchronized (lock) {
        running.moveTo(finished);
        any = true;
      }
      wakeup.run();
    }
  }

  private boolean await(Queue running) {
    synchronized (lock) {
      while (waiting.count == 0 && !closed) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          // nobody has a reason to interrupt it; close() ends it
        }
      }
      waiting.moveTo(running);
      return !closed;
    }
  }

  private int sync() {
    if (!failed) {
      try {
        channel.force(false);
        return Status.OK;
      } catch (IOException e) {
        failed = true;
      }
    }
    return Status.IO_ERROR;
  }

  /** Waits for a running sync; what was not delivered by then never is. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Requests and outcomes; grows, never shrinks. */
  private static final class Queue {
    private LegDisk.@Nullable Done[] done = new LegDisk.@Nullable Done[16];
    private int[] status = new int[16];
    private int count;

    LegDisk.Done done(int i) {
      LegDisk.Done d = done[i];
      if (d == null) {
        throw new AssertionError("an empty slot");
      }
      return d;
    }

    void add(LegDisk.Done d, int s) {
      if (count == done.length) {
        done = Arrays.copyOf(done, 2 * count);
        status = Arrays.copyOf(status, 2 * count);
      }
      done[count] = d;
      status[count++] = s;
    }

    void moveTo(Queue to) {
      for (int i = 0; i < count; i++) {
        to.add(done(i), status[i]);
      }
      clear();
    }

    void clear() {
      Arrays.fill(done, 0, count, null);
      count = 0;
    }
  }
}
