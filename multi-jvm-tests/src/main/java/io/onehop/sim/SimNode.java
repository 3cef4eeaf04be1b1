package io.onehop.sim;

import io.onehop.node.leg.LegDataPlane;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.leg.LegStatus;
import io.onehop.node.pool.PoolMember;
import io.onehop.node.pool.PoolMessage;
import io.onehop.node.serve.DataDoor;
import io.onehop.node.serve.LegEngine;
import io.onehop.node.serve.PoolPort;
import io.onehop.node.serve.WitnessEngine;
import io.onehop.node.store.fault.Faults;
import io.onehop.node.store.fault.FaultyDisk;
import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Transport;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A storage node of the pool: its disk, and the process that runs on it now, if any. */
final class SimNode {
  private static final long TICK_NANOS = 100_000_000L;
  private static final long REOPEN_NANOS = 1_000_000_000L;

  final int index;
  final String name;
  final Endpoint endpoint;

  /** The disk that is in it. */
  SimPlatter platter;

  /** What is wrong with its disk, whatever process runs on it. */
  final Faults faults;

  private final World world;
  private final SplittableRandom random;
  private @Nullable SimProcess process;
  private @Nullable PoolMember member;
  private @Nullable SimDisk disk;
  private @Nullable LegDataPlane plane;
  private boolean stopping;

  SimNode(World world, int index, String name, Endpoint endpoint, SimPlatter platter) {
    this.world = world;
    this.index = index;
    this.name = name;
    this.endpoint = endpoint;
    this.platter = platter;
    this.random = world.random.split();
    this.faults = new Faults(random.split());
  }

  /** The running process, or null. */
  @Nullable SimProcess process() {
    return process;
  }

  boolean alive() {
    return process != null;
  }

  boolean stopping() {
    return stopping;
  }

  /** The newest chosen view that this node knows. */
  @Nullable PoolView knownView() {
    PoolMember m = member;
    return m == null ? null : m.view();
  }

  /** What its data plane says of itself. */
  @Nullable LegStatus status() {
    LegDataPlane p = plane;
    return p == null ? null : p.status();
  }

  /** Whether a store operation is under way. */
  boolean storing() {
    SimDisk d = disk;
    return d != null && d.storing();
  }

  /** A new run on the same disk, unless one is running. */
  void start() {
    if (process != null) {
      return;
    }
    world.say(name + " starts");
    SimProcess p = new SimProcess(world, name, index, random.nextLong(1L << 50));
    process = p;
    stopping = false;
    platter.refill();
    p.onDeath(() -> died(p));
    p.loop.execute(() -> run(p));
  }

  private void run(SimProcess p) {
    Transport transport = world.network.join(p);
    Consumer<LegEdge> edges = e -> p.loop.execute(() -> edge(p, e));
    try {
      PoolPort port;
      LegDataPlane engine;
      if (!world.shape.isLeg(index)) {
        WitnessEngine w =
            new WitnessEngine(world.pool, World.NAME, platter.id, p.loop, world.bufs, edges);
        w.start();
        port = w;
        engine = w;
      } else {
        SimDisk d =
            new SimDisk(
                platter,
                p.kill,
                p.loop,
                world.scheduler,
                random.split(),
                world.mix.lateShare(),
                world.mix.lateNanos(),
                !world.rules.leg().marksSurvive());
        disk = d;
        LegEngine e =
            new LegEngine(
                new LegEngine.Setup(
                    world.pool,
                    World.NAME,
                    platter.id,
                    p.loop,
                    transport,
                    world.bufs,
                    new FaultyDisk(d, p.loop, faults),
                    random.nextLong() | 1,
                    World.BOOT,
                    edges,
                    world.rules.leg()));
        e.start();
        port = e;
        engine = e;
      }
      LegDataPlane crossing = crossing(p, engine);
      plane = crossing;
      PoolMember m =
          new PoolMember(
              world.pool,
              platter.id,
              new SimVotes(platter, p.kill, world.scheduler::now),
              crossing,
              (to, message) -> send(p, to, message),
              listener(p),
              random.split(),
              () -> world.scheduler.now() / 1_000_000,
              world.rules.control());
      m.start(p.loop.now());
      member = m;
      DataDoor door = new DataDoor(world.bufs);
      door.add(port);
      transport.listen(endpoint, door::newListener);
      tick(p, m);
    } catch (IOException e) {
      throw new Violation("start", name + " did not start: " + e.getMessage());
    }
  }

  private void tick(SimProcess p, PoolMember m) {
    m.onTick(p.loop.now());
    p.loop.schedule(TICK_NANOS, () -> tick(p, m));
  }

  /** Orders hop to the data loop as they do between threads: never in the caller's turn. */
  private LegDataPlane crossing(SimProcess p, LegDataPlane engine) {
    return new LegDataPlane() {
      @Override
      public void order(LegOrder order) {
        p.kill.point(0);
        p.loop.execute(() -> {
          world.order(SimNode.this, order);
          engine.order(order);
        });
      }

      @Override
      public LegStatus status() {
        return engine.status();
      }

      @Override
      public void accepted(long epoch, long voters) {
        engine.accepted(epoch, voters);
      }
    };
  }

  private void edge(SimProcess p, LegEdge e) {
    world.edge(this, e);
    PoolMember m = member;
    if (m != null) {
      m.onEdge(e, p.loop.now());
    }
    if (e instanceof LegEdge.Stopped) {
      p.die();
    } else if (e instanceof LegEdge.DiskFailed(String reason)) {
      if (!world.mediaFaults) {
        throw new Violation("disk", name + " says that its disk failed: " + reason);
      }
      world.situations.count(Situation.DISK_FAILED);
      reopen(p);
    }
  }

  /** As the node's shell does: the voter goes on, after a while the leg is opened anew. */
  private void reopen(SimProcess p) {
    world.scheduler.in(
        REOPEN_NANOS,
        null,
        () -> {
          if (p.alive()) {
            p.die();
            start();
          }
        });
  }

  private void send(SimProcess p, int to, PoolMessage message) {
    p.kill.point(0);
    SimNode target = world.nodes[to];
    world.messages++;
    world.network.message(
        p,
        target.process,
        () -> {
          PoolMember m = target.member;
          SimProcess t = target.process;
          if (m != null && t != null) {
            world.message(this, target, message);
            m.onMessage(message, t.loop.now());
          }
        });
  }

  private PoolMember.Listener listener(SimProcess p) {
    return new PoolMember.Listener() {
      @Override
      public void viewLearned(PoolView view) {
        p.kill.point(0);
        world.learned(SimNode.this, view);
      }

      @Override
      public void note(String text) {
        if (world.telling()) {
          world.say(name + ": " + text);
        }
      }
    };
  }

  /** Its disk takes this long for the writes that begin now. */
  void stall(long nanos) {
    SimDisk d = disk;
    if (d != null) {
      d.stall(nanos);
    }
  }

  /** SIGKILL. */
  void kill() {
    SimProcess p = process;
    if (p != null) {
      p.die();
    }
  }

  /** An orderly stop; the process ends when it says so. */
  void stop() {
    SimProcess p = process;
    PoolMember m = member;
    if (p != null && m != null && !stopping) {
      stopping = true;
      p.loop.execute(() -> m.stop(p.loop.now()));
    }
  }

  /** Another disk is put in while nothing runs on the node. */
  void put(SimPlatter other) {
    if (process != null) {
      throw new IllegalStateException(name + " runs");
    }
    platter = other;
  }

  /** The operator wants this leg to begin a new lineage (rule 8.6). */
  void force(PoolMember.Answer answer) {
    asked((m, now) -> m.force(true, answer, now));
  }

  /** The operator wants another disk in a member's place (rule 1.2). */
  void replace(int index, UUID disk, PoolMember.Answer answer) {
    asked((m, now) -> m.replace(index, disk, answer, now));
  }

  private void asked(ObjLongConsumer<PoolMember> what) {
    SimProcess p = process;
    PoolMember m = member;
    if (p != null && m != null && !stopping) {
      p.loop.execute(() -> what.accept(m, p.loop.now()));
    }
  }

  /** The operator changes settings here; refused, late or lost like any such request. */
  void changePolicies(UnaryOperator<Policies> change) {
    asked((m, now) ->
        m.changePolicies(
            change,
            (done, text) -> world.say(name + " changed settings: " + done + " " + text),
            now));
  }

  private void died(SimProcess p) {
    if (disk != null) {
      disk.dropped();
    }
    world.network.killed(p);
    process = null;
    member = null;
    disk = null;
    plane = null;
    world.nodeDied(this);
  }
}
