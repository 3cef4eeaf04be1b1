package io.onehop.sim;

import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import java.util.function.UnaryOperator;

/** What befalls clients, and what operators do. */
final class ClientFaults {
  private static final long LONG_PAUSE = 2_000_000_000L;

  private final World world;
  private final FaultDriver driver;

  ClientFaults(World world, FaultDriver driver) {
    this.world = world;
    this.driver = driver;
  }

  void begin(Fault f) {
    SimNode n = world.nodes[f.party()];
    SimClient c = world.clients.present();
    switch (f.kind()) {
      case KILL_CLIENT_AHEAD -> killAhead(n, f, -1, false);
      case KILL_CLIENT_AHEAD_SYNCING -> killAhead(n, f, n.index, false);
      case KILL_CLIENT_BEHIND_SYNCING -> {
        int legs = world.shape.legs();
        if (legs > 1) {
          killAhead(n, f, (n.index + 1 + f.other() % (legs - 1)) % legs, false);
        }
      }
      case KILL_BOTH_AHEAD -> killAhead(n, f, -1, true);
      case PAUSE_CLIENT -> {
        driver.pause(c == null ? null : c.process, f.lasts());
        if (f.lasts() > LONG_PAUSE) {
          world.clients.compete(f.other() % 2 == 0);
        }
      }
      case FREEZE_CLIENT -> {
        driver.pause(c == null ? null : c.process, f.lasts());
        if (f.other() % 4 == 0) {
          driver.later(f.lasts() / 2, () -> world.clients.compete(f.other() % 8 == 0));
        }
      }
      case KILL_CLIENT -> world.clients.kill();
      case KILL_CLIENT_AND_LEG -> {
        world.clients.kill();
        driver.kill(world.nodes[f.party() % world.shape.legs()], f.lasts());
      }
      case DETACH_CLIENT -> {
        if (c != null) {
          c.detach();
        }
      }
      case SECOND_CLIENT -> world.clients.compete(false);
      case TAKEOVER -> world.clients.compete(true);
      case CHANGE_SETTINGS -> n.changePolicies(change(f.other()));
      case KILL,
          KILL_AT_CHANGE,
          KILL_AT_FRAME,
          KILL_AT_EDGE,
          KILL_AUTHORITY,
          KILL_IN_TURN,
          STOP,
          PAUSE,
          STALL_DISK,
          STALL_AT_EDGE,
          GRAY,
          MEDIA,
          CUT,
          CUT_ONE_WAY,
          CUT_AT_FRAME,
          CUT_CLIENT_AT_FRAME,
          CUT_WITNESSES,
          PARTITION,
          ISOLATE,
          DISCONNECT,
          CUT_CLIENT,
          DISCONNECT_CLIENT,
          COLD_START,
          KILL_ALL,
          STOP_ALL,
          FORCE,
          REPLACE,
          ROLL_BACK ->
          throw new IllegalArgumentException("not a client's or an operator's: " + f.kind());
    }
  }

  /** Settings within what {@link Mix} draws. */
  private static UnaryOperator<Policies> change(int bits) {
    return p ->
        new Policies(
            (bits & 1) != 0,
            (bits & 2) != 0 && (bits & 4) != 0,
            p.coldStartGraceNanos(),
            SimDisk.BLOCK << ((bits >> 3) % 8),
            0,
            p.heartbeatNanos(),
            p.heartbeatNanos() * (4 + (bits >> 8) % 5),
            p.heartbeatNanos() * (4 + (bits >> 11) % 5),
            p.heartbeatNanos() * (2 + (bits >> 14) % 4),
            p.heartbeatNanos() * (2 + (bits >> 17) % 5),
            p.window());
  }

  /** The client dies with a write on one leg only, whichever it is. */
  void killWhenAhead(Fault f) {
    killAhead(world.nodes[f.party()], f, -1, false);
  }

  /**
   * The client dies when this leg has stored a write, mostly before the others have.
   *
   * @param syncing the leg that must be syncing then, or -1
   */
  private void killAhead(SimNode n, Fault f, int syncing, boolean legToo) {
    if (syncing >= 0 && f.at() % 4 != 0) {
      driver.kill(world.nodes[syncing], f.lasts() / 10);
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
                    driver.kill(n, f.lasts());
                  }
                });
          }
        });
  }
}
