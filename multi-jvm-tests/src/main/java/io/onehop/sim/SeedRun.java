package io.onehop.sim;

import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.BufPool;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One plan from the first start to quiet. */
final class SeedRun {
  /** How long the pool may take to become quiet once faults are over, virtual ns. */
  private static final long QUIET_NANOS = 200_000_000_000L;

  private static final long LOOK_NANOS = 20_000_000L;
  private static final long MOST_EVENTS = 400_000;

  /**
   * How it went.
   *
   * @param violation what was broken, or null
   * @param events turns of processes and completions of disks
   * @param faults faults that struck
   */
  record Result(
      Plan plan,
      @Nullable Violation violation,
      long events,
      long frames,
      int faults,
      long acknowledged,
      long readBlocks,
      Map<Situation, Long> situations) {}

  private final Plan plan;
  private final World world;
  private final FaultDriver faults;

  private SeedRun(Plan plan, Rules rules, BufPool bufs, @Nullable List<String> story) {
    this.plan = plan;
    this.world = new World(plan.seed(), plan.mix(), rules, bufs, story);
    this.faults = new FaultDriver(world);
  }

  /** Runs {@code plan}; {@code story} gets one line per event if it is not null. */
  static Result run(Plan plan, Rules rules, BufPool bufs, @Nullable List<String> story) {
    SeedRun run = new SeedRun(plan, rules, bufs, story);
    Violation violation = null;
    try {
      run.live();
    } catch (Violation v) {
      violation = v;
    } catch (RuntimeException e) {
      violation = new Violation(e.getClass().getSimpleName(), String.valueOf(e.getMessage()));
      violation.initCause(e);
    }
    World w = run.world;
    if (violation != null) {
      w.say("VIOLATION " + violation.getMessage());
    }
    return new Result(
        plan,
        violation,
        w.scheduler.ran(),
        w.frames,
        run.faults.done,
        w.total(h -> h.acks),
        w.total(h -> h.reads),
        w.situations.counts());
  }

  private void live() {
    world.begin();
    faults.schedule(plan.faults());
    long last = Math.max(plan.mix().faultNanos(), Fault.end(plan.faults()));
    until(world.scheduler.now() + last + 1_000_000_000L);
    faults.end();
    becomeQuiet();
    readBack();
    world.judge.quiet();
  }

  private void until(long end) {
    while (world.step(end)) {
      bounded();
    }
  }

  private void bounded() {
    if (world.scheduler.ran() > MOST_EVENTS) {
      throw new Violation("endless", "more than " + MOST_EVENTS + " events");
    }
  }

  private void becomeQuiet() {
    long end = world.scheduler.now() + QUIET_NANOS;
    while (!quiet().isEmpty()) {
      rewriteWhatIsLost();
      if (world.scheduler.now() >= end) {
        throw new Violation("not-quiet", quiet());
      }
      until(world.scheduler.now() + LOOK_NANOS);
    }
  }

  /**
   * A block whose last good copy cannot be read is lost; who uses the device writes it anew. What
   * another leg in sync can read has to heal by itself.
   */
  private void rewriteWhatIsLost() {
    SimClient c = world.clients.present();
    PoolView v = world.chosen.newest();
    if (!world.mediaFaults || c == null || !c.idle()) {
      return;
    }
    for (int b = 0; b < world.mix.blocks(); b++) {
      boolean lost = false;
      boolean readable = false;
      for (int i = 0; i < world.shape.legs(); i++) {
        if (v.members().get(i).state() == LegState.IN_SYNC) {
          boolean missing = world.nodes[i].platter.own.set.get(b);
          lost |= missing;
          readable |= !missing;
        }
      }
      if (lost && !readable) {
        c.write(b);
      }
    }
  }

  private void readBack() {
    SimClient c = null;
    long end = world.scheduler.now() + QUIET_NANOS;
    while (c == null || !c.hasReadBack()) {
      SimClient present = world.clients.present();
      if (present != c && present != null && present.attached()) {
        c = present;
        c.readBackAll();
      }
      if (world.scheduler.now() >= end) {
        throw new Violation("not-quiet", "the client cannot read back");
      }
      until(world.scheduler.now() + LOOK_NANOS);
    }
    becomeQuiet();
  }

  /** What the pool still does, or empty. */
  private String quiet() {
    PoolView v = world.chosen.newest();
    SimClient c = world.clients.present();
    if (c == null || !c.idle()) {
      return "client "
          + (c == null ? "missing" : c.process.name + (c.attached() ? " busy" : " not attached"))
          + "; "
          + Story.of(v);
    }
    for (SimNode n : world.nodes) {
      PoolView known = n.knownView();
      if (!v.equals(known)) {
        return n.name + " does not know " + Story.of(v);
      }
    }
    if (v.voters() < world.nodes.length
        || !v.ready()
        || v.writer() == null
        || v.writer().epoch() != c.epoch()) {
      return Story.of(v);
    }
    for (int i = 0; i < world.shape.legs(); i++) {
      Member m = v.members().get(i);
      SimPlatter p = world.nodes[i].platter;
      if (!m.id().equals(p.id)
          || m.state() != LegState.IN_SYNC
          || m.incarnation() != p.superblock.incarnation()) {
        return Story.of(v);
      }
      if (p.superblock.adoptedGeneration() != v.generation()) {
        return m.node() + " has adopted " + p.superblock.adoptedGeneration() + " of " + Story.of(v);
      }
      if (!p.own.set.isEmpty() || !p.log.entries.isEmpty() || !p.carried.set.isEmpty()) {
        return "%s still has own-missing %s, carried %s, unconfirmed %s"
            .formatted(m.node(), p.own.set, p.carried.set, p.log.entries);
      }
    }
    return "";
  }
}
