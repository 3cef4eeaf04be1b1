package io.onehop.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The clients: usually one; a successor comes when it is gone, sometimes before. */
final class Clients {
  /** Party of the first client. */
  static final int FIRST_PARTY = 8;

  private static final long SUCCESSOR_NANOS = 100_000_000L;

  private final World world;
  private final List<SimClient> living = new ArrayList<>();
  private int born;
  private int operationsLeft;
  private boolean due;
  private boolean last;

  Clients(World world) {
    this.world = world;
    this.operationsLeft = world.mix.operations();
  }

  /** A client process starts and attaches; {@code takeover}: whoever holds the pool. */
  SimClient spawn(boolean takeover) {
    due = false;
    SimClient c = new SimClient(world, "c" + (born + 1), FIRST_PARTY + born, takeover);
    born++;
    world.say(c.process.name + (takeover ? " starts and takes over" : " starts"));
    living.add(c);
    c.process.onDeath(() -> {
      if (c.leaseLosses() > 0) {
        world.situations.count(Situation.LEASE_LOST);
      }
      world.network.killed(c.process);
      living.remove(c);
      successor();
    });
    return c;
  }

  /** As {@link #spawn}, unless as many compete as the world has; then null. */
  @Nullable SimClient compete(boolean takeover) {
    return living.size() < Math.max(2, world.shape.clients()) ? spawn(takeover) : null;
  }

  private void successor() {
    if (living.isEmpty() && !due && !last) {
      due = true;
      world.scheduler.in(
          SUCCESSOR_NANOS,
          null,
          () -> {
            if (living.isEmpty()) {
              spawn(false);
            }
          });
    }
  }

  /** The session of a client is over; the process ends. */
  void ended(SimClient c) {
    c.process.die();
  }

  /** The attached client that is not frozen, else one that is, else the one that came last. */
  @Nullable SimClient present() {
    SimClient attached = null;
    for (SimClient c : living) {
      if (c.attached() && (attached == null || attached.process.loop.paused())) {
        attached = c;
      }
    }
    return attached != null || living.isEmpty() ? attached : living.getLast();
  }

  /** The living client with this session, or null. */
  @Nullable SimClient of(UUID session) {
    for (SimClient c : living) {
      if (c.session().equals(session)) {
        return c;
      }
    }
    return null;
  }

  List<SimClient> living() {
    return List.copyOf(living);
  }

  int born() {
    return born;
  }

  /** SIGKILL for the present client. */
  void kill() {
    SimClient c = present();
    if (c != null) {
      world.situations.clientDied(c.epoch());
      c.process.die();
    }
  }

  /** Nobody comes after the present client. */
  void noSuccessor() {
    last = true;
  }

  /** One more request of the workload, if there is one left. */
  boolean takeOperation() {
    if (operationsLeft <= 0) {
      return false;
    }
    operationsLeft--;
    return true;
  }

  /** No more requests: faults are over and it shall become quiet. */
  void enough() {
    operationsLeft = 0;
  }
}
