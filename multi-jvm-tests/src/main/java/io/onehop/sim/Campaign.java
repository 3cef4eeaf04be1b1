package io.onehop.sim;

import io.onehop.transport.BufPool;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Many seeds on several threads; stops at the first violation. */
final class Campaign {
  private static final long KEEP_BYTES = 32L << 20;

  private final Rules rules;
  private final long from;
  private final long seeds;
  private final AtomicLong next = new AtomicLong();
  private final Map<Situation, Long> situations = new EnumMap<>(Situation.class);
  private SeedRun.@Nullable Result failure;
  private long runs;
  private long events;
  private long frames;
  private long fewestEvents = Long.MAX_VALUE;
  private long faults;
  private long acknowledged;
  private long readBlocks;

  Campaign(Rules rules, long from, long seeds) {
    this.rules = rules;
    this.from = from;
    this.seeds = seeds;
  }

  /** Buffers for all processes of one thread's worlds. */
  static BufPool buffers() {
    return new BufPool(KEEP_BYTES);
  }

  /** Runs the seeds. */
  Campaign run(int threads) {
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      workers.add(Thread.ofPlatform().name("simulate-" + i).start(this::work));
    }
    try {
      for (Thread t : workers) {
        t.join();
      }
    } catch (InterruptedException e) {
      next.set(seeds);
      Thread.currentThread().interrupt();
    }
    return this;
  }

  private void work() {
    BufPool bufs = buffers();
    for (long i = next.getAndIncrement(); i < seeds; i = next.getAndIncrement()) {
      SeedRun.Result r = SeedRun.run(Plan.draw(from + i), rules, bufs, null);
      add(r);
      if (r.violation() != null) {
        next.set(seeds);
      }
    }
  }

  private synchronized void add(SeedRun.Result r) {
    runs++;
    events += r.events();
    frames += r.frames();
    fewestEvents = Math.min(fewestEvents, r.events());
    faults += r.faults();
    acknowledged += r.acknowledged();
    readBlocks += r.readBlocks();
    r.situations().forEach((s, n) -> situations.merge(s, n, Long::sum));
    if (r.violation() != null && (failure == null || r.plan().seed() < failure.plan().seed())) {
      failure = r;
    }
  }

  /** The failing run with the smallest seed, or null. */
  SeedRun.@Nullable Result failure() {
    return failure;
  }

  /** How often {@code s} was met. */
  long met(Situation s) {
    return situations.getOrDefault(s, 0L);
  }

  long runs() {
    return runs;
  }

  long fewestEvents() {
    return fewestEvents;
  }

  double meanFaults() {
    return runs == 0 ? 0 : (double) faults / runs;
  }

  /** Totals in a few lines. */
  String summary(long nanos) {
    StringBuilder s = new StringBuilder();
    s.append(
        "%d seeds from %d in %.1f s: %d events (%d a seed, at least %d), %d frames, %.1f faults a seed,%n"
            .formatted(
                runs,
                from,
                nanos / 1e9,
                events,
                runs == 0 ? 0 : events / runs,
                runs == 0 ? 0 : fewestEvents,
                frames,
                meanFaults()));
    s.append(
        "%d blocks acknowledged, %d blocks read and judged; situations met:%n"
            .formatted(acknowledged, readBlocks));
    for (Situation each : Situation.values()) {
      s.append("  %8d  %s%n".formatted(met(each), each.text()));
    }
    return s.toString();
  }
}
