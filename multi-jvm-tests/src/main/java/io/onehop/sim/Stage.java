package io.onehop.sim;

import io.onehop.node.leg.LegEdge;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.BufPool;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.Status;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A small world on which a {@link Scenario} plays: mostly two legs a and b, a witness, a client; no
 * chance.
 */
final class Stage {
  static final int A = 0;
  static final int B = 1;
  static final int W = 2;

  private static final long MS = 1_000_000L;
  private static final long PATIENCE_MS = 150_000;

  final World world;

  /**
   * @param policies settings of the pool
   */
  Stage(Rules rules, Policies policies, BufPool bufs, @Nullable List<String> story) {
    this(Shape.SMALL, rules, policies, bufs, story);
  }

  /**
   * @param shape legs and witnesses
   * @param policies settings of the pool
   */
  Stage(Shape shape, Rules rules, Policies policies, BufPool bufs, @Nullable List<String> story) {
    Mix mix = new Mix(shape, 8, 0, 0, 8, MS, 0, MS, 100_000, 0, 0, 0, policies);
    world = new World(1, mix, rules, bufs, story);
    world.begin();
    until("all legs are in sync", this::allInSync);
    until("the client is attached", () -> client().attached());
    run(500);
  }

  /**
   * Settings in units of 200 ms: how long connections live in silence, requests and sessions may
   * take, leases last.
   */
  static Policies policies(int failure, int deadline, int dead, int lease) {
    long beat = 200 * MS;
    return new Policies(
        false,
        false,
        3_000 * MS,
        1 << 20,
        0,
        beat,
        failure * beat,
        deadline * beat,
        dead * beat,
        lease * beat,
        16);
  }

  /** Goes on for so many milliseconds. */
  void run(long millis) {
    long end = world.scheduler.now() + millis * MS;
    while (world.step(end)) {
      // every event is judged in step
    }
  }

  /** Goes on until {@code what} is so; a scenario that does not get there proves nothing. */
  void until(String what, BooleanSupplier condition) {
    long end = world.scheduler.now() + PATIENCE_MS * MS;
    while (!condition.getAsBoolean()) {
      if (!world.step(end)) {
        throw new Violation("scenario", "it did not come to this: " + what);
      }
    }
  }

  SimNode node(int party) {
    return world.nodes[party];
  }

  /** The client that came last. */
  SimClient client() {
    List<SimClient> living = world.clients.living();
    if (living.isEmpty()) {
      throw new Violation("scenario", "there is no client");
    }
    return living.getLast();
  }

  /** Another client tries to attach. */
  SimClient secondClient() {
    return world.clients.spawn(false);
  }

  Member member(int leg) {
    return world.chosen.newest().members().get(leg);
  }

  boolean inSync(int leg) {
    return member(leg).state() == LegState.IN_SYNC
        && member(leg).incarnation() != 0
        && member(leg).incarnation() == node(leg).platter.superblock.incarnation();
  }

  private boolean allInSync() {
    for (int i = 0; i < world.shape.legs(); i++) {
      if (!inSync(i)) {
        return false;
      }
    }
    return true;
  }

  /** Whether the node knows the newest chosen view. */
  boolean knows(int party) {
    PoolView known = node(party).knownView();
    return world.chosen.newest().equals(known);
  }

  boolean newerThan(long generation) {
    return world.chosen.newest().generation() > generation;
  }

  /** How often this client's session was admitted. */
  long admissions(SimClient c) {
    return world.chosen.lineage().writers().stream()
        .filter(w -> w.session().equals(c.session()))
        .count();
  }

  boolean dead(int party) {
    return !node(party).alive();
  }

  boolean is(int leg, LegState state) {
    return member(leg).state() == state;
  }

  /** A write that must succeed. */
  void write(SimClient c, int block) {
    SimClient.Request r = c.write(block);
    until("the write of block " + block + " ends", () -> r.status >= 0);
    if (r.status != Status.OK) {
      throw new Violation("scenario", "a write ended with " + Status.name(r.status));
    }
  }

  void kill(int party) {
    node(party).kill();
  }

  void start(int party) {
    node(party).start();
  }

  /** Frames from one machine to the other wait from now on. */
  void cut(int from, int to) {
    world.network.cut(from, to);
  }

  void heal(int from, int to) {
    world.network.heal(from, to);
  }

  /** All connections between client and node break; the client reports the leg. */
  void disconnect(SimClient c, int party) {
    SimProcess p = node(party).process();
    if (p != null) {
      world.network.disconnect(c.process, p);
    }
  }

  /** Once, when {@code party} gets a frame of this type. */
  void whenGets(int party, int type, Runnable what) {
    whenGets(party, type, _ -> what.run());
  }

  /** As {@link #whenGets(int, int, Runnable)}, with the frame's header. */
  void whenGets(int party, int type, Consumer<FrameHeader> what) {
    world.trap(
        new World.Trap() {
          @Override
          public void delivered(SimProcess to, FrameHeader h) {
            if (to.party == party && h.type == type) {
              world.untrap(this);
              what.accept(h);
            }
          }
        });
  }

  /** Once, when this leg tells an edge of this kind. */
  void whenTells(int leg, Class<? extends LegEdge> kind, Runnable what) {
    world.trap(
        new World.Trap() {
          @Override
          public void edge(SimNode n, LegEdge e) {
            if (n.index == leg && kind.isInstance(e)) {
              world.untrap(this);
              what.run();
            }
          }
        });
  }

  /** Once, when this leg tells that it has adopted this generation. */
  void whenAdopts(int leg, long generation, Runnable what) {
    world.trap(
        new World.Trap() {
          @Override
          public void edge(SimNode n, LegEdge e) {
            if (n.index == leg && e instanceof LegEdge.Adopted(long g) && g == generation) {
              world.untrap(this);
              what.run();
            }
          }
        });
  }

  /** Everything is well again; all legs come to be in sync and equal. */
  void settle() {
    world.network.healAll();
    world.untrapAll();
    for (SimNode n : world.nodes) {
      n.start();
    }
    until("all legs are in sync again", this::allInSync);
    run(3_000);
    world.judge.quiet();
  }
}
