package io.onehop.transport.tcp;

import io.onehop.transport.BootClock;
import io.onehop.transport.Loop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A data thread: one {@link Selector}, tasks, timers. A turn is: tasks and due timers, wait for
 * channels, their handlers, end-of-turn hooks, flushing of connections. An exception that leaves a
 * task, handler or hook is a bug with the data path in an unknown state: the loop closes every
 * channel, ends and reports it, and the process is expected to end too.
 */
public final class DataLoop implements Loop, AutoCloseable {
  /** Looks at the channels this often without waiting before it blocks. */
  public static final int DEFAULT_SPINS = 0;

  private static final int MAX_TASKS_PER_TURN = 4096;

  private final Selector selector;
  private final Thread thread;
  private final int spins;
  private final Consumer<Throwable> fatal;
  private final BootClock clock = new BootClock();
  private final TimerHeap timers = new TimerHeap();
  private final ArrayDeque<Runnable> local = new ArrayDeque<>();
  private final ConcurrentLinkedQueue<Runnable> remote = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean asleep = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final List<Runnable> hooks = new ArrayList<>();
  private final Consumer<SelectionKey> dispatch = this::dispatch;
  private TcpConnection[] dirty = new TcpConnection[16];
  private int dirtyCount;
  private long now;
  private long turns;
  private long sleeps;
  private volatile boolean started;
  private volatile boolean stopping;

  /** A loop with {@link #DEFAULT_SPINS}; see the other constructor. */
  public DataLoop(String name, Consumer<Throwable> fatal) {
    this(name, DEFAULT_SPINS, fatal);
  }

  /**
   * A loop that is not running yet; until {@link #start}, everything may be called by the thread
   * that made it.
   *
   * @param name of its thread
   * @param spins looks without waiting before it blocks; 0 unless there are cores to spare
   * @param fatal called once, on the loop's thread and as its last action, if it ends by an
   *     exception
   */
  public DataLoop(String name, int spins, Consumer<Throwable> fatal) {
    try {
      this.selector = Selector.open();
    } catch (IOException e) {
      throw new UncheckedIOException("no selector", e);
    }
    this.spins = spins;
    this.fatal = fatal;
    this.thread = new Thread(this::run, name);
    this.now = clock.nanos();
  }

  /** Starts the thread. */
  public DataLoop start() {
    started = true;
    thread.start();
    return this;
  }

  @Override
  public long now() {
    return now;
  }

  @Override
  public void execute(Runnable task) {
    if (onLoop()) {
      local.add(task);
      return;
    }
    remote.add(task);
    // Only a thread that really blocks costs a system call to wake up.
    if (asleep.get() && asleep.compareAndSet(true, false)) {
      selector.wakeup();
    }
  }

  /**
   * Runs {@code task} on the loop and waits for its result; for start-up, status and tests.
   *
   * @throws IllegalStateException if the task failed (its cause says how), or the loop ended
   */
  public <T> T call(Callable<T> task) {
    FutureTask<T> future = new FutureTask<>(task);
    if (!started || onLoop()) {
      future.run();
    } else {
      execute(future);
    }
    try {
      while (!future.isDone()) {
        if (ended.await(1, java.util.concurrent.TimeUnit.MILLISECONDS) && !future.isDone()) {
          throw new IllegalStateException("loop " + thread.getName() + " has ended");
        }
      }
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(String.valueOf(e.getCause()), e.getCause());
    }
  }

  @Override
  public Timer schedule(long delayNanos, Runnable task) {
    checkThread();
    return timers.add(now + Math.max(0, delayNanos), task);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Hooks run in the order of registration and before connections are flushed. One that makes
   * work for an earlier one hands it over by {@link #execute}, which makes another turn.
   */
  @Override
  public Timer atEndOfTurn(Runnable hook) {
    checkThread();
    hooks.add(hook);
    return () -> hooks.remove(hook);
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // a thread is equal to itself only
  public boolean onLoop() {
    return Thread.currentThread() == thread;
  }

  /** Loops done and times it blocked since the start, for tests and status; on the loop only. */
  public long turns() {
    return turns;
  }

  /** Turns in which the loop had to block. */
  public long sleeps() {
    return sleeps;
  }

  /**
   * Has {@code handler} called on the loop whenever {@code channel} is ready for {@code ops}. On
   * the loop only. Change interest with {@link SelectionKey#interestOps(int)}; closing the channel
   * ends it.
   *
   * @param channel in non-blocking mode
   * @param ops of {@link SelectionKey}
   * @throws IOException if the channel is closed
   */
  public SelectionKey register(SelectableChannel channel, int ops, ChannelHandler handler)
      throws IOException {
    checkThread();
    return channel.register(selector, ops, handler);
  }

  /** Flushed at the end of this turn, after all hooks. */
  void markDirty(TcpConnection c) {
    if (dirtyCount == dirty.length) {
      dirty = Arrays.copyOf(dirty, dirtyCount * 2);
    }
    dirty[dirtyCount++] = c;
  }

  private void checkThread() {
    if (started && !onLoop()) {
      throw new IllegalStateException("not on loop " + thread.getName());
    }
  }

  /**
   * Ends the loop after the present turn, closes every channel registered with it and, unless
   * called on the loop itself, waits for the end. Tasks and timers still queued are dropped;
   * idempotent.
   */
  @Override
  public void close() {
    stopping = true;
    if (!started) {
      closeChannels();
      ended.countDown();
      return;
    }
    if (onLoop()) {
      return;
    }
    asleep.set(false);
    selector.wakeup();
    boolean interrupted = false;
    while (true) {
      try {
        ended.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    Throwable bug = null;
    try {
      while (!stopping) {
        turn();
      }
    } catch (Throwable e) {
      bug = e;
    }
    closeChannels();
    ended.countDown();
    if (bug != null) {
      fatal.accept(bug);
    }
  }

  private void turn() throws IOException {
    int did = select();
    now = clock.nanos();
    did += runTimers();
    did += runTasks();
    turns++;
    if (did > 0) {
      for (int i = 0; i < hooks.size(); i++) {
        hooks.get(i).run();
      }
    }
    for (int i = 0; i < dirtyCount; i++) {
      dirty[i].flushAtEndOfTurn();
    }
    dirtyCount = 0;
  }

  private int select() throws IOException {
    if (!local.isEmpty() || !remote.isEmpty()) {
      return selector.selectNow(dispatch);
    }
    for (int i = 0; i < spins; i++) {
      int ready = selector.selectNow(dispatch);
      if (ready > 0 || !remote.isEmpty()) {
        return ready;
      }
      Thread.onSpinWait();
    }
    long wait = timers.next();
    if (wait != Long.MAX_VALUE) {
      // now is of the turn's start; what the turn took makes the wait a little too long, so look
      // again.
      wait -= clock.nanos();
      if (wait <= 0) {
        return selector.selectNow(dispatch);
      }
    }
    asleep.set(true);
    if (!remote.isEmpty() || stopping) {
      asleep.set(false);
      return selector.selectNow(dispatch);
    }
    sleeps++;
    int ready =
        wait == Long.MAX_VALUE
            ? selector.select(dispatch)
            : selector.select(dispatch, (wait + 999_999) / 1_000_000);
    asleep.set(false);
    return ready;
  }

  private void dispatch(SelectionKey key) {
    // An earlier handler of this turn may have closed the channel.
    if (key.isValid()) {
      ((ChannelHandler) key.attachment()).ready(key);
    }
  }

  private int runTimers() {
    int ran = 0;
    for (Runnable task = timers.pollDue(now); task != null; task = timers.pollDue(now)) {
      task.run();
      ran++;
      if (ran == MAX_TASKS_PER_TURN) {
        break;
      }
    }
    return ran;
  }

  /** Only what is queued now: tasks that queue tasks must not keep the channels waiting. */
  private int runTasks() {
    int ran = 0;
    for (int n = local.size(); n > 0; n--) {
      local.remove().run();
      ran++;
    }
    for (int n = MAX_TASKS_PER_TURN; n > 0; n--) {
      Runnable task = remote.poll();
      if (task == null) {
        break;
      }
      task.run();
      ran++;
    }
    return ran;
  }

  private void closeChannels() {
    for (SelectionKey key : new ArrayList<>(selector.keys())) {
      try {
        key.channel().close();
      } catch (IOException e) {
        // It is gone either way.
      }
    }
    try {
      selector.close();
    } catch (IOException e) {
      // As above.
    }
  }
}
