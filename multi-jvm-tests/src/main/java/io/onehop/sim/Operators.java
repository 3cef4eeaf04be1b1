package io.onehop.sim;

import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;

/**
 * Operators with their last resorts: they force a leg, put empty disks in, put back old ones. They
 * know what the protocol cannot: never wipe the last good disk.
 */
final class Operators {
  private static final long MS = 1_000_000L;
  private static final long LOOK = 500 * MS;

  private static final long PATIENCE = 20_000 * MS;

  /** Every member says something to every other one in this time. */
  private static final long KNOWN = 3_000 * MS;

  private final World world;
  private final FaultDriver driver;
  private final Mending mending;
  private final List<SimPlatter> retired = new ArrayList<>();
  private long calmUntil;

  /** Whether operators ever did something here; then they go on until the pool is whole. */
  private boolean busy;

  Operators(World world, FaultDriver driver) {
    this.world = world;
    this.driver = driver;
    this.mending = new Mending(world, retired);
  }

  /** Whether nothing else may go wrong now: what an old vote promised must be remembered. */
  boolean calm() {
    return world.scheduler.now() < calmUntil;
  }

  void begin(Fault f) {
    if (f.kind() == Fault.Kind.FORCE) {
      force(f);
    } else if (f.kind() == Fault.Kind.REPLACE) {
      replace(f);
    } else {
      rollBack(f);
    }
  }

  /** The faults are over: the disks that belong in are in. */
  void end() {
    mending.lastResorts();
    calmUntil = 0;
    for (SimPlatter p : retired) {
      SimNode n = world.nodes[p.index];
      SimPlatter fresh = p.successor;
      if (n.platter == p && fresh != null) {
        n.kill();
        n.put(fresh);
      }
    }
    retired.clear();
    if (busy) {
      mending.look();
    }
  }

  // ---- forced promotion

  /** A leg is left without a majority, more or less; then it is forced. */
  private void force(Fault f) {
    busy = true;
    int bits = f.other();
    int legs = world.shape.legs();
    int forced = f.party() % legs;
    boolean dead = (bits & 1) == 0;
    int with = 1 << forced;
    for (int i = 0; i < world.nodes.length; i++) {
      with |= ((bits >> 4) >> (2 * i) & 3) == 0 ? 1 << i : 0;
    }
    int side = with;
    for (SimNode n : world.nodes) {
      if ((side & 1 << n.index) == 0 && dead) {
        driver.kill(n, f.lasts() + 2_000 * MS + (bits >> 8) % (4_000 * MS));
      }
    }
    if (!dead) {
      apart(side, (bits & 2) == 0, f.lasts() + 2_000 * MS + (bits >> 8) % (4_000 * MS));
    }
    long wait = (bits >> 3) % (3_000 * MS);
    for (int i = 0; i < 3; i++) {
      driver.later(wait + i * 2_500L * MS, () -> mending.force(forced));
    }
    if ((bits & 4) == 0) {
      driver.later(wait + f.lasts() + 4_000 * MS, mending::look);
    }
  }

  /** Nodes of one side do not reach the others; clients reach one side. */
  private void apart(int side, boolean clientsWithIt, long lasts) {
    List<int[]> pairs = new ArrayList<>();
    for (int a = 0; a < world.nodes.length; a++) {
      boolean inside = (side & 1 << a) != 0;
      for (int b = 0; b < world.nodes.length; b++) {
        if (inside != ((side & 1 << b) != 0)) {
          pairs.add(new int[] {a, b});
        }
      }
      for (SimClient c : world.clients.living()) {
        if (inside != clientsWithIt) {
          pairs.add(new int[] {a, c.process.party});
          pairs.add(new int[] {c.process.party, a});
        }
      }
    }
    pairs.forEach(p -> world.network.cut(p[0], p[1]));
    driver.later(lasts, () -> pairs.forEach(p -> world.network.heal(p[0], p[1])));
  }

  // ---- other disks

  /** A disk is gone and an empty one is put in; sometimes the old one turns up again. */
  private void replace(Fault f) {
    SimNode n = world.nodes[f.party()];
    if (!mending.mayLose(n)) {
      return;
    }
    busy = true;
    SimPlatter old = n.platter;
    SimPlatter fresh = mending.putEmpty(n);
    driver.later(f.lasts() / 4, n::start);
    for (long t = LOOK; t < PATIENCE; t += LOOK) {
      driver.later(t, mending::mend);
    }
    if ((f.other() & 3) == 0) {
      driver.later(f.lasts() + 6_000 * MS, () -> turnsUp(n, old, fresh, f.lasts()));
    }
  }

  private void turnsUp(SimNode n, SimPlatter old, SimPlatter fresh, long lasts) {
    PoolView v = world.chosen.newest();
    if (n.platter != fresh
        || !v.members().get(n.index).id().equals(fresh.id)
        || !mending.mayLose(n)) {
      return;
    }
    world.say("the old disk is in " + n.name + " again");
    world.situations.count(Situation.OLD_DISK_BACK);
    old.successor = fresh;
    retired.add(old);
    n.kill();
    n.put(old);
    n.start();
    driver.later(
        lasts,
        () -> {
          if (n.platter == old) {
            n.kill();
            n.put(fresh);
            n.start();
          }
        });
  }

  /** An older copy of what a node voted is put back while all the others live and remember. */
  private void rollBack(Fault f) {
    SimNode n = world.nodes[f.party()];
    if (!mending.mayLose(n) || n.platter.oldVotes.isEmpty()) {
      return;
    }
    for (SimNode each : world.nodes) {
      if (!each.alive() || each.stopping()) {
        return;
      }
    }
    busy = true;
    calmUntil = world.scheduler.now() + PATIENCE;
    driver.calm();
    takeBackWhenKnown(n, f.other());
  }

  /** Everybody has heard of its last vote before it is taken back: that is the rule's limit. */
  private void takeBackWhenKnown(SimNode n, int bits) {
    if (!calm()) {
      return;
    }
    if (!mending.mayLose(n)) { // forced in the meantime: nobody else knows its votes any more
      mendUntilWhole();
    } else if (world.scheduler.now() - n.platter.votedAt >= KNOWN) {
      takeBack(n, bits);
    } else {
      driver.later(LOOK, () -> takeBackWhenKnown(n, bits));
    }
  }

  private void takeBack(SimNode n, int bits) {
    int back = 1 + bits % n.platter.oldVotes.size();
    for (int i = 0; i < back; i++) {
      n.platter.vote = n.platter.oldVotes.removeLast();
    }
    n.platter.rolledBack = true;
    world.say("the vote of " + n.name + " is rolled back");
    world.situations.count(Situation.ROLLED_BACK);
    n.kill();
    n.start();
    driver.later(
        3_000 * MS,
        () -> {
          if (mending.mayLose(n)) {
            mending.putEmpty(n);
            n.start();
            mendUntilWhole();
          }
        });
  }

  private void mendUntilWhole() {
    mending.mend();
    boolean whole = true;
    for (SimNode n : world.nodes) {
      whole &= world.chosen.newest().members().get(n.index).id().equals(n.platter.id);
    }
    if (whole) {
      calmUntil = 0;
    } else if (calm()) {
      driver.later(LOOK, this::mendUntilWhole);
    }
  }
}
