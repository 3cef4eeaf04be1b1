package io.onehop.sim;

import java.util.ArrayList;
import java.util.List;

/** One run of a program on one machine: its loop and its kill switch. */
final class SimProcess {
  final String name;

  /** The machine, as the network cuts it: nodes from 0, clients behind them. */
  final int party;

  final KillSwitch kill = new KillSwitch();
  final SimLoop loop;
  private final List<Runnable> epitaphs = new ArrayList<>();
  private final World world;

  SimProcess(World world, String name, int party, long clockOffset) {
    this.world = world;
    this.name = name;
    this.party = party;
    this.loop = new SimLoop(world.scheduler, clockOffset, this::die);
  }

  boolean alive() {
    return loop.alive();
  }

  /** What is to be done when it is dead; the disk is settled there. */
  void onDeath(Runnable epitaph) {
    epitaphs.add(epitaph);
  }

  /** SIGKILL, or the end of {@link SimKilled}'s way up. */
  void die() {
    if (!loop.alive()) {
      return;
    }
    kill.die();
    loop.die();
    world.say(name + " is dead");
    List.copyOf(epitaphs).forEach(Runnable::run);
  }
}
