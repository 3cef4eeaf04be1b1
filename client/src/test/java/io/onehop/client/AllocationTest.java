package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.onehop.transport.Buf;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** The hot path allocates nothing per I/O, and is fast enough not to be what limits. */
final class AllocationTest {
  private static final int BATCH = 64;

  private long completed;
  private final BlockDevice.Completion count = status -> completed += status == 0 ? 1 : 0;

  @Test
  void writesAndReadsAllocateNothing() {
    FakePool p = new FakePool(2).attached();
    for (FakeLeg l : p.legs) {
      l.logging = false;
    }
    Buf b = p.filled(4096, 1);
    run(p, b, 3_000);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    long begun = System.nanoTime();
    int rounds = 2_000;
    completed = 0;
    run(p, b, rounds);
    long nanos = System.nanoTime() - begun;
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    long requests = 2L * rounds * BATCH;
    assertThat(completed).isEqualTo(requests);
    System.out.printf(
        "%d requests: %d bytes allocated, %d ns each (fake legs included)%n",
        requests, bytes, nanos / requests);
    assertThat(bytes).isLessThan(requests);
  }

  private void run(FakePool p, Buf b, int rounds) {
    for (int r = 0; r < rounds; r++) {
      for (int i = 0; i < BATCH; i++) {
        p.engine.write((i * 37 & 511) * 4096L, 4096, b, 0, false, count);
      }
      for (int i = 0; i < BATCH; i++) {
        p.engine.read((i * 53 & 511) * 4096L, 4096, b, 0, count);
      }
      p.wire.run();
    }
  }
}
