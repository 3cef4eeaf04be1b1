package io.onehop.sim;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.store.fault.Faults;
import io.onehop.sim.script.Blocks;
import io.onehop.sim.script.InvariantBroken;
import io.onehop.sim.script.PoolSetup;
import io.onehop.sim.script.ScriptError;
import io.onehop.transport.BufPool;
import io.onehop.transport.FrameHeader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A pool of scenario texts, on a world without chance. */
final class ScenePool extends SceneAnswers {
  private static final long MS = 1_000_000L;
  private static final long PATIENCE = 20_000 * MS;
  private static final long BEFORE = 500 * MS;

  private final long base;

  private ScenePool(World world) {
    super(world, new SceneClients(world));
    world.clients.noSuccessor();
    world.beginNodes();
    begin();
    base = world.scheduler.now();
  }

  private void begin() {
    long end = world.scheduler.now() + PATIENCE;
    while (questions.unrest() != null) {
      if (!world.step(end)) {
        throw new ScriptError("the pool did not start: " + questions.unrest());
      }
    }
    end = world.scheduler.now() + BEFORE;
    while (world.step(end)) {
      // until everybody has heard of everybody
    }
  }

  /**
   * Pools for {@link io.onehop.sim.script.Interpreter}.
   *
   * @param bufs buffers of one thread's worlds
   */
  static Maker maker(BufPool bufs) {
    return (setup, off, story) -> new ScenePool(world(setup, off, bufs, story));
  }

  private static World world(
      PoolSetup setup, @Nullable String off, BufPool bufs, @Nullable List<String> story) {
    Rules rules;
    try {
      rules = off == null ? Rules.ALL : RuleSwitch.named(off).rules();
    } catch (IllegalArgumentException e) {
      throw new ScriptError(String.valueOf(e.getMessage()));
    }
    Shape shape = new Shape(setup.legs().size(), setup.witnesses().size(), 3);
    Mix mix =
        new Mix(
            shape, Blocks.POOL, 0, 0, Blocks.POOL, MS, 0, MS, 100_000, 0, 0, 0, setup.policies());
    return new World(1, mix, rules, bufs, story);
  }

  // ---- time

  @Override
  public long now() {
    return world.scheduler.now() - base;
  }

  @Override
  public boolean step(long until) {
    try {
      return world.step(until + base);
    } catch (Violation v) {
      throw new InvariantBroken(clients.named(v), v);
    } catch (ScriptError e) {
      throw e;
    } catch (RuntimeException e) {
      throw new InvariantBroken(e.toString(), e);
    }
  }

  @Override
  public void when(Moment moment, Runnable what) {
    world.trap(
        switch (moment) {
          case Moment.Gets(String process, String frame) ->
              gets(process, SceneWords.frame(frame), what);
          case Moment.Tells(String leg, String edge) -> tells(leg, SceneWords.edge(edge), what);
          case Moment.Stores(String leg) -> stores(leg, what);
        });
  }

  private World.Trap gets(String process, int type, Runnable what) {
    return new World.Trap() {
      @Override
      public void delivered(SimProcess to, FrameHeader h) {
        if (to.name.equals(process) && h.type == type) {
          world.untrap(this);
          what.run();
        }
      }
    };
  }

  private World.Trap tells(String leg, Class<?> kind, Runnable what) {
    return new World.Trap() {
      @Override
      public void edge(SimNode n, LegEdge e) {
        if (n.name.equals(leg) && kind.isInstance(e)) {
          world.untrap(this);
          what.run();
        }
      }
    };
  }

  private World.Trap stores(String leg, Runnable what) {
    return new World.Trap() {
      @Override
      public void stored(SimNode n) {
        if (n.name.equals(leg)) {
          world.untrap(this);
          what.run();
        }
      }
    };
  }

  // ---- processes

  private SimProcess process(String name) {
    SimProcess p = clients.knows(name) ? clients.named(name).process : node(name).process();
    if (p == null || !p.alive()) {
      throw new ScriptError(name + " does not run");
    }
    return p;
  }

  @Override
  public void kill(String process) {
    SimProcess p = process(process);
    if (p.loop.onLoop()) {
      throw new SimKilled(); // in its own turn: it unwinds
    }
    p.die();
  }

  @Override
  public void start(String node) {
    if (node(node).alive()) {
      throw new ScriptError(node + " runs");
    }
    node(node).start();
  }

  @Override
  public void stop(String node) {
    process(node);
    node(node).stop();
  }

  @Override
  public void pause(String process) {
    SimProcess p = process(process);
    if (p.loop.paused()) {
      throw new ScriptError(process + " is paused");
    }
    p.loop.pause();
  }

  @Override
  public void wake(String process) {
    SimProcess p = process(process);
    if (!p.loop.paused()) {
      throw new ScriptError(process + " is not paused");
    }
    p.loop.resume();
  }

  @Override
  public boolean runs(String process) {
    if (clients.knows(process)) {
      return clients.named(process).process.alive();
    }
    return node(process).alive();
  }

  @Override
  public void dieAt(String node, String change, int nth, boolean before) {
    process(node).kill.arm(SceneWords.change(change), before ? 2 * nth - 1 : 2 * nth);
  }

  @Override
  public List<String> changes() {
    return SceneWords.changeWords();
  }

  @Override
  public void stallDisk(String leg, long nanos) {
    process(leg);
    node(leg).stall(nanos);
  }

  @Override
  public void diskFault(String leg, DiskFault fault, Blocks blocks, long nanos) {
    world.mediaFaults = true;
    Faults.Kind kind =
        switch (fault) {
          case READ_ERROR, STICKY_READ_ERROR -> Faults.Kind.READ_ERROR;
          case WRITE_ERROR -> Faults.Kind.WRITE_ERROR;
          case FULL -> Faults.Kind.NO_SPACE;
          case SYNC_ERROR -> Faults.Kind.SYNC_ERROR;
          case SLOW_READ -> Faults.Kind.SLOW_READ;
          case SLOW_WRITE -> Faults.Kind.SLOW_WRITE;
          case SLOW_SYNC -> Faults.Kind.SLOW_SYNC;
        };
    long end = blocks.first() + (long) blocks.count();
    boolean sticky = fault == DiskFault.STICKY_READ_ERROR;
    node(leg).faults.add(new Faults.Fault(kind, blocks.first(), end, 100, nanos, sticky));
  }

  @Override
  public void diskWell(String leg) {
    node(leg).faults.set(List.of());
  }

  // ---- network

  private int party(String name) {
    return clients.knows(name) ? clients.named(name).process.party : node(name).index;
  }

  @Override
  public void cut(String from, String to) {
    world.network.cut(party(from), party(to));
  }

  @Override
  public void heal(String from, String to) {
    world.network.heal(party(from), party(to));
  }

  @Override
  public void hold(String from, String to) {
    world.network.hold(party(from), party(to));
  }

  @Override
  public void release(String from, String to) {
    world.network.release(party(from), party(to));
  }

  @Override
  public void healAll() {
    world.network.healAll();
  }

  @Override
  public void disconnect(String one, String other) {
    world.network.disconnect(process(one), process(other));
  }

  // ---- clients

  @Override
  public void attach(String client, boolean takeover) {
    clients.attach(client, takeover);
  }

  @Override
  public void detach(String client) {
    clients.named(client).detach();
  }

  @Override
  public @Nullable String session(String client) {
    return clients.session(client);
  }

  @Override
  public String waitsFor(String client) {
    return clients.waitsFor(client);
  }

  @Override
  public Pending write(String client, Blocks blocks, String value, boolean durably) {
    return clients.write(client, blocks, value, durably);
  }

  @Override
  public Pending zero(String client, Blocks blocks, boolean trim) {
    return clients.zero(client, blocks, trim);
  }

  @Override
  public Pending read(String client, Blocks blocks) {
    return clients.read(client, blocks);
  }

  @Override
  public Pending flush(String client) {
    return clients.flush(client);
  }

  @Override
  public Pending repeat(String client, Blocks block, String value, String leg) {
    return clients.repeat(client, value, node(leg));
  }

  @Override
  public void allWell() {
    world.network.healAll();
    world.untrapAll();
    clients.wake();
    for (SimNode n : world.nodes) {
      n.faults.set(List.of());
      SimProcess p = n.process();
      if (p != null) {
        p.kill.disarm();
        if (p.loop.paused()) {
          p.loop.resume();
        }
      }
      if (n.stopping()) {
        n.kill();
      }
      n.start();
    }
  }
}
