package io.onehop.sim;

import io.onehop.node.leg.LegEdge;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameHeader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Does a seed's faults to its world, and undoes them. */
final class FaultDriver {
  private final World world;
  private boolean over;

  /** Faults done. */
  int done;

  FaultDriver(World world) {
    this.world = world;
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
      n.start();
    }
    List<SimClient> living = world.clients.living();
    for (SimClient c : living) {
      resume(c.process);
      if (c != living.getLast()) {
        c.process.die();
      }
    }
    world.clients.enough();
  }

  private static void resume(SimProcess p) {
    if (p.alive() && p.loop.paused()) {
      p.loop.resume();
    }
  }

  private void later(long delay, Runnable undo) {
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
    if (over) {
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
      case STALL_DISK -> n.stall(f.lasts());
      case STALL_AT_EDGE -> atEdge(n, f, () -> n.stall(f.lasts()));
      case CUT_AT_FRAME ->
          atFrame(n, f, () -> cut(n.index, 1 - n.index, f.at() % 2 == 0, f.lasts()));
      case CUT_CLIENT_AT_FRAME -> atFrame(n, f, () -> cutAnswers(n, f));
      case ISOLATE -> isolate(n, f);
      case KILL_CLIENT_AHEAD -> killAhead(n, f, -1, false);
      case KILL_CLIENT_AHEAD_SYNCING -> killAhead(n, f, n.index, false);
      case KILL_CLIENT_BEHIND_SYNCING -> killAhead(n, f, 1 - n.index, false);
      case KILL_BOTH_AHEAD -> killAhead(n, f, -1, true);
      case STOP -> stop(n, f.lasts());
      case PAUSE -> pause(n.process(), f.lasts());
      case CUT -> cut(f.party(), f.other(), true, f.lasts());
      case CUT_ONE_WAY -> cut(f.party(), f.other(), false, f.lasts());
      case DISCONNECT -> disconnect(n.process(), world.nodes[f.other()].process());
      case CUT_CLIENT -> cutClient(f);
      case DISCONNECT_CLIENT -> disconnect(n.process(), client());
      case PAUSE_CLIENT -> {
        pause(client(), f.lasts());
        if (f.lasts() > 2_000_000_000L) {
          world.clients.spawn();
        }
      }
      case KILL_CLIENT -> world.clients.kill();
      case KILL_CLIENT_AND_LEG -> {
        world.clients.kill();
        kill(world.nodes[f.party() % World.WITNESS], f.lasts());
      }
      case DETACH_CLIENT -> {
        SimClient c = world.clients.present();
        if (c != null) {
          c.detach();
        }
      }
      case SECOND_CLIENT -> {
        if (world.clients.living().size() < 3) {
          world.clients.spawn();
        }
      }
      case KILL_ALL -> killAll(f);
      case STOP_ALL -> {
        for (SimNode each : world.nodes) {
          stop(each, f.lasts());
        }
      }
    }
  }

  private @Nullable SimProcess client() {
    SimClient c = world.clients.present();
    return c == null ? null : c.process;
  }

  private void kill(SimNode n, long restart) {
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
            world.scheduler.in(f.at() % 1_000_000, null, p::die);
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

  /** What the node answers to the client is held up from now on. */
  private void cutAnswers(SimNode n, Fault f) {
    SimProcess c = client();
    if (c != null) {
      cut(n.index, c.party, f.at() % 2 == 0, f.lasts());
    }
  }

  /** A leg and the client on one side, everybody else and a new client on the other. */
  private void isolate(SimNode n, Fault f) {
    SimProcess c = client();
    if (c == null) {
      return;
    }
    for (int i = 0; i < 3; i++) {
      if (i != n.index) {
        cut(n.index, i, true, f.lasts());
        cut(c.party, i, true, f.lasts());
      }
    }
    world.clients.spawn();
    cut(Clients.FIRST_PARTY + world.clients.born() - 1, n.index, true, f.lasts());
  }

  /**
   * The client dies when this leg has stored a write, mostly before the other one has.
   *
   * @param syncing the leg that must be syncing then, or -1
   */
  private void killAhead(SimNode n, Fault f, int syncing, boolean legToo) {
    if (syncing >= 0 && f.at() % 4 != 0) {
      kill(world.nodes[syncing], f.lasts() / 10);
    }
    int[] left = {f.count()};
    world.trap(
        new World.Trap() {
          @Override
          public void stored(SimNode node) {
            PoolView v = world.chosen.newest();
            if (node != n
                || (syncing >= 0 && v.members().get(syncing).state() != LegState.SYNCING)
                || --left[0] != 0) {
              return;
            }
            world.untrap(this);
            world.scheduler.in(
                0,
                null,
                () -> {
                  world.clients.kill();
                  if (legToo) {
                    kill(n, f.lasts());
                  }
                });
          }
        });
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

  private void pause(@Nullable SimProcess p, long lasts) {
    if (p == null || p.loop.paused()) {
      return;
    }
    p.loop.pause();
    later(lasts, () -> resume(p));
  }

  private void cut(int a, int b, boolean both, long lasts) {
    world.network.cut(a, b);
    if (both) {
      world.network.cut(b, a);
    }
    later(
        lasts,
        () -> {
          world.network.heal(a, b);
          world.network.heal(b, a);
        });
  }

  private void disconnect(@Nullable SimProcess a, @Nullable SimProcess b) {
    if (a != null && b != null) {
      world.network.disconnect(a, b);
    }
  }

  private void cutClient(Fault f) {
    SimProcess c = client();
    if (c == null) {
      return;
    }
    boolean all = f.at() % 3 == 0;
    for (int i = 0; i < 3; i++) {
      if (all || i == f.party()) {
        cut(c.party, i, f.at() % 2 == 0, f.lasts());
      }
    }
    if (all && f.at() % 4 < 2) {
      world.clients.spawn();
    }
  }
}
