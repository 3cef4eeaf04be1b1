package io.onehop.sim;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.store.fault.Faults;
import io.onehop.node.store.fault.Faults.Kind;
import io.onehop.transport.FrameHeader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Does a seed's faults to its world, and undoes them: here what befalls nodes. */
final class FaultDriver {
  private final World world;
  private final NetworkFaults network;
  private final ClientFaults clients;
  private final Operators operators;
  private boolean over;

  /** Faults done. */
  int done;

  FaultDriver(World world) {
    this.world = world;
    this.network = new NetworkFaults(world, this);
    this.clients = new ClientFaults(world, this);
    this.operators = new Operators(world, this);
  }

  void schedule(List<Fault> faults) {
    long start = world.scheduler.now();
    for (Fault f : faults) {
      world.scheduler.at(start + f.at(), null, () -> begin(f));
    }
  }

  /** All is healed, everything runs, nothing more goes wrong. */
  void end() {
    over = true;
    world.say("faults are over");
    operators.end();
    world.network.healAll();
    world.untrapAll();
    for (SimNode n : world.nodes) {
      SimProcess p = n.process();
      if (p != null) {
        p.kill.disarm();
        resume(p);
      }
      if (n.stopping()) {
        n.kill();
      }
      n.faults.set(List.of());
      n.start();
    }
    for (SimClient c : world.clients.living()) {
      resume(c.process);
    }
    world.clients.enough();
  }

  /** What is under way is called off: everybody reaches everybody and lives on. */
  void calm() {
    world.network.healAll();
    world.untrapAll();
    for (SimNode n : world.nodes) {
      SimProcess p = n.process();
      if (p != null) {
        p.kill.disarm();
        resume(p);
      }
    }
  }

  void resume(SimProcess p) {
    if (p.alive() && p.loop.paused()) {
      p.loop.resume();
    }
  }

  /** Undoes a fault after a while, unless all faults are over. */
  void later(long delay, Runnable undo) {
    world.scheduler.in(
        delay,
        null,
        () -> {
          if (!over) {
            undo.run();
          }
        });
  }

  private void begin(Fault f) {
    if (over || operators.calm()) {
      return;
    }
    if (world.telling()) {
      world.say("FAULT " + f);
    }
    done++;
    SimNode n = world.nodes[f.party()];
    switch (f.kind()) {
      case KILL -> kill(n, f.lasts());
      case KILL_AT_CHANGE -> killAtChange(n, f);
      case KILL_AT_FRAME -> killAtFrame(n, f);
      case KILL_AT_EDGE -> killAtEdge(n, f);
      case KILL_AUTHORITY -> killAuthority(f);
      case KILL_IN_TURN -> killInTurn(f);
      case STALL_DISK -> n.stall(f.lasts());
      case STALL_AT_EDGE -> atEdge(n, f, () -> n.stall(f.lasts()));
      case GRAY -> gray(n, f);
      case MEDIA -> media(n, f);
      case STOP -> stop(n, f.lasts());
      case PAUSE -> pause(n.process(), f.lasts());
      case COLD_START -> coldStart(f);
      case KILL_ALL -> killAll(f);
      case STOP_ALL -> {
        for (SimNode each : world.nodes) {
          stop(each, f.lasts());
        }
      }
      case CUT, CUT_ONE_WAY -> network.cut(f);
      case CUT_AT_FRAME -> atFrame(n, f, () -> network.cutLegs(f));
      case CUT_CLIENT_AT_FRAME -> atFrame(n, f, () -> network.cutAnswers(n, f));
      case CUT_WITNESSES -> network.cutWitnesses(f);
      case PARTITION -> network.partition(f);
      case ISOLATE -> network.isolate(n, f);
      case DISCONNECT -> network.disconnect(f);
      case CUT_CLIENT -> network.cutClient(f);
      case DISCONNECT_CLIENT -> network.disconnectClient(n);
      case KILL_CLIENT_AHEAD,
          KILL_CLIENT_AHEAD_SYNCING,
          KILL_CLIENT_BEHIND_SYNCING,
          KILL_BOTH_AHEAD,
          PAUSE_CLIENT,
          FREEZE_CLIENT,
          KILL_CLIENT,
          KILL_CLIENT_AND_LEG,
          DETACH_CLIENT,
          SECOND_CLIENT,
          TAKEOVER,
          CHANGE_SETTINGS ->
          clients.begin(f);
      case FORCE, REPLACE, ROLL_BACK -> operators.begin(f);
    }
  }

  /** SIGKILL, and a new run after a while. */
  void kill(SimNode n, long restart) {
    if (n.alive()) {
      n.kill();
      later(restart, n::start);
    }
  }

  private void killAll(Fault f) {
    world.situations.count(Situation.ALL_KILLED);
    for (SimNode n : world.nodes) {
      kill(n, f.lasts() / (1 + (n.index + f.party()) % 3));
    }
    if (f.lasts() % 2 == 0) {
      world.clients.kill();
    }
  }

  /** All node processes die under a living client; they come back in some order, one very late. */
  private void coldStart(Fault f) {
    int order = f.other();
    for (SimNode n : world.nodes) {
      long restart = f.lasts() / (1 + ((order >> n.index) & 3));
      boolean late = n.index == f.party() && (order & 1 << 20) != 0;
      kill(n, late ? restart + 6_000_000_000L : restart);
    }
  }

  /** Leg after leg dies and comes back; the next one dies before, while or after it has healed. */
  private void killInTurn(Fault f) {
    long gap = f.lasts() / 2;
    int legs = world.shape.legs();
    for (int i = 0; i < legs + f.count() - 1; i++) {
      SimNode n = world.nodes[(f.party() + i * (1 + f.other() % 2)) % legs];
      long away = ((f.other() >> (4 + i)) & 1) == 0 ? gap / 4 : gap * 2;
      later(gap * i, () -> kill(n, away));
    }
  }

  /** The client dies; whoever then leads the reconciliation dies in the middle of it. */
  private void killAuthority(Fault f) {
    Class<? extends LegEdge> when =
        (f.other() & 1) == 0 ? LegEdge.UnionRecorded.class : LegEdge.UnionGathered.class;
    int[] left = {1};
    world.trap(
        new World.Trap() {
          @Override
          public void edge(SimNode node, LegEdge edge) {
            SimProcess p = node.process();
            if (when.isInstance(edge) && p != null && left[0]-- == 1) {
              world.untrap(this);
              later(
                  f.lasts() % 2_000_000,
                  () -> {
                    if (p.alive()) {
                      kill(node, f.lasts());
                    }
                  });
            }
          }
        });
    if ((f.other() & 2) == 0) {
      world.clients.kill();
    } else {
      clients.killWhenAhead(f);
    }
  }

  private void killAtChange(SimNode n, Fault f) {
    SimProcess p = n.process();
    if (p == null) {
      return;
    }
    p.kill.arm(f.other(), f.count());
    p.onDeath(() -> later(f.lasts(), n::start));
  }

  private void killAtFrame(SimNode n, Fault f) {
    SimProcess p = n.process();
    if (p != null) {
      p.onDeath(() -> later(f.lasts(), n::start));
      atFrame(
          n,
          f,
          () -> {
            throw new SimKilled();
          });
    }
  }

  /** The process dies as it tells something; sometimes when its control plane has heard it. */
  private void killAtEdge(SimNode n, Fault f) {
    SimProcess p = n.process();
    if (p != null) {
      p.onDeath(() -> later(f.lasts(), n::start));
      atEdge(
          n,
          f,
          () -> {
            if (f.at() % 2 == 0) {
              throw new SimKilled();
            }
            later(f.at() % 1_000_000, p::die);
          });
    }
  }

  /** When this run of the node gets such a frame. */
  private void atFrame(SimNode n, Fault f, Runnable what) {
    SimProcess p = n.process();
    int[] left = {f.count()};
    set(
        p,
        new World.Trap() {
          @Override
          public void delivered(SimProcess to, FrameHeader h) {
            if (to == p && h.type == f.other() && --left[0] == 0) {
              what.run();
            }
          }
        });
  }

  /** When this run of the node tells such an edge. */
  private void atEdge(SimNode n, Fault f, Runnable what) {
    SimProcess p = n.process();
    int[] left = {f.count()};
    Class<? extends LegEdge> which = Fault.EDGES.get(f.other());
    set(
        p,
        new World.Trap() {
          @Override
          public void edge(SimNode node, LegEdge edge) {
            if (node == n && which.isInstance(edge) && --left[0] == 0) {
              what.run();
            }
          }
        });
  }

  private void set(@Nullable SimProcess p, World.Trap trap) {
    if (p != null) {
      world.trap(trap);
      p.onDeath(() -> world.untrap(trap));
    }
  }

  /**
   * A leg that answers late now and then: its disk or its network, up to the deadline or beyond.
   */
  private void gray(SimNode n, Fault f) {
    world.situations.count(Situation.GRAY_LEG);
    long period = 200_000_000L + f.other() % 1_000_000_000L;
    long slow = world.mix.policies().deadlineNanos() * (1 + f.other() % 6) / 4;
    int times = 2 * (1 + f.count());
    for (int i = 0; i < times; i++) {
      boolean bad = i % 2 == 0;
      later(
          i * period,
          () -> {
            if (f.other() % 5 < 2) {
              n.stall(bad ? slow : 0);
            } else {
              world.network.slow(n.index, bad ? slow : 0);
            }
          });
    }
  }

  /** A disk that cannot read a block, fails or is full for a while. */
  private void media(SimNode n, Fault f) {
    world.mediaFaults = true;
    int blocks = world.mix.blocks();
    int block = f.other() % blocks;
    switch ((f.other() >> 8) & 7) {
      case 0 -> n.faults.add(Faults.Fault.of(Kind.SYNC_ERROR, 0, blocks));
      case 1 -> n.faults.add(Faults.Fault.of(Kind.WRITE_ERROR, block, block + 1L));
      case 2 -> n.faults.add(Faults.Fault.of(Kind.NO_SPACE, 0, blocks));
      default -> {
        // No two legs lose the same block: that would lose what was in it.
        for (int b = block; b < Math.min(blocks, block + f.count()); b++) {
          if (b % world.shape.legs() == n.index) {
            n.faults.add(new Faults.Fault(Kind.READ_ERROR, b, b + 1L, 100, 0, f.other() % 5 == 0));
          }
        }
      }
    }
    later(f.lasts(), () -> n.faults.set(List.of()));
  }

  private void stop(SimNode n, long restart) {
    SimProcess p = n.process();
    if (p == null) {
      return;
    }
    n.stop();
    p.onDeath(() -> later(restart, n::start));
    // An orderly stop may wait for ever if a peer is gone: then the operator kills.
    later(3_000_000_000L, p::die);
  }

  /** SIGSTOP, and SIGCONT after a while. */
  void pause(@Nullable SimProcess p, long lasts) {
    if (p == null || p.loop.paused()) {
      return;
    }
    p.loop.pause();
    later(lasts, () -> resume(p));
  }
}
