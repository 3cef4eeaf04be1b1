package io.onehop.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.transport.Loop;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class DataLoopTest {
  private static final long MS = 1_000_000;

  private final CompletableFuture<Throwable> bug = new CompletableFuture<>();
  private final DataLoop loop = new DataLoop("loop-test", bug::complete).start();

  @AfterEach
  void stop() {
    loop.close();
  }

  @Test
  void timersRunInOrderOfTimeThenOfScheduling() throws InterruptedException {
    List<Integer> ran = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(1);
    loop.call(() -> {
      loop.schedule(20 * MS, () -> ran.add(4));
      loop.schedule(5 * MS, () -> ran.add(1));
      loop.schedule(5 * MS, () -> ran.add(2));
      Loop.Timer never = loop.schedule(6 * MS, () -> ran.add(99));
      loop.schedule(10 * MS, () -> ran.add(3));
      loop.schedule(21 * MS, done::countDown);
      never.cancel();
      never.cancel();
      return true;
    });
    assertTrue(done.await(10, TimeUnit.SECONDS));
    assertEquals(List.of(1, 2, 3, 4), ran);
  }

  @Test
  void timerHeapAgainstASortedList() {
    Random random = new Random(16);
    TimerHeap heap = new TimerHeap();
    List<long[]> expected = new ArrayList<>();
    List<Long> ran = new ArrayList<>();
    List<Loop.Timer> timers = new ArrayList<>();
    for (long i = 0; i < 2000; i++) {
      long id = i;
      long at = random.nextInt(300);
      timers.add(heap.add(at, () -> ran.add(id)));
      expected.add(new long[] {at, id});
    }
    for (int i = 1999; i >= 0; i--) {
      if (random.nextInt(3) == 0) {
        timers.get(i).cancel();
        expected.remove(i);
      }
    }
    expected.sort((x, y) -> Long.compare(x[0] * 10_000 + x[1], y[0] * 10_000 + y[1]));
    for (Runnable r = heap.pollDue(1000); r != null; r = heap.pollDue(1000)) {
      r.run();
    }
    assertEquals(expected.stream().map(e -> e[1]).toList(), ran);
    assertEquals(Long.MAX_VALUE, heap.next());
  }

  @Test
  void timersAreNotEarly() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    long[] times = new long[2];
    loop.call(() -> {
      times[0] = loop.now();
      return loop.schedule(
          30 * MS,
          () -> {
            times[1] = loop.now();
            done.countDown();
          });
    });
    assertTrue(done.await(10, TimeUnit.SECONDS));
    assertTrue(times[1] - times[0] >= 30 * MS);
  }

  @Test
  void tasksOfOneThreadKeepTheirOrder() throws InterruptedException {
    int threads = 4;
    int each = 5000;
    int[] last = new int[threads];
    AtomicInteger disorder = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(threads * each);
    List<Thread> all = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int who = t;
      all.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 1; i <= each; i++) {
                  int n = i;
                  loop.execute(() -> {
                    if (last[who] != n - 1 || !loop.onLoop()) {
                      disorder.incrementAndGet();
                    }
                    last[who] = n;
                    done.countDown();
                  });
                }
              }));
    }
    assertTrue(done.await(20, TimeUnit.SECONDS));
    for (Thread t : all) {
      t.join();
    }
    assertEquals(0, disorder.get());
  }

  @Test
  void hooksRunAfterTheTurnsWork() {
    List<String> order = new ArrayList<>();
    loop.call(() -> {
      loop.atEndOfTurn(() -> order.add("hook"));
      order.add("task");
      return true;
    });
    List<String> seen = loop.call(() -> List.copyOf(order));
    assertEquals(List.of("task", "hook"), seen.subList(0, 2));
  }

  @Test
  void anIdleLoopSleeps() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    long before = loop.call(loop::turns);
    loop.call(() -> loop.schedule(200 * MS, done::countDown));
    assertTrue(done.await(10, TimeUnit.SECONDS));
    long turns = loop.call(loop::turns) - before;
    assertTrue(turns < 20, turns + " turns in an idle time");
  }

  @Test
  void aBugEndsTheLoopAndIsReported() throws Exception {
    IllegalStateException thrown = new IllegalStateException("bug");
    loop.execute(() -> {
      throw thrown;
    });
    assertEquals(thrown, bug.get(10, TimeUnit.SECONDS));
    assertThrows(IllegalStateException.class, () -> loop.call(() -> true));
  }

  @Test
  void failuresOfCallsAreTheCallers() {
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () ->
                loop.call(() -> {
                  throw new java.io.IOException("mine");
                }));
    assertNotNull(e.getCause());
    assertEquals("mine", e.getCause().getMessage());
    assertTrue(loop.call(() -> true));
    assertFalse(bug.isDone());
  }

  @Test
  void onlyTheLoopMaySchedule() {
    assertThrows(IllegalStateException.class, () -> loop.schedule(1, () -> {}));
  }

  @Test
  void closingTwiceOrUnstartedIsHarmless() {
    loop.close();
    loop.close();
    new DataLoop("never", bug::complete).close();
    assertFalse(bug.isDone());
  }
}
