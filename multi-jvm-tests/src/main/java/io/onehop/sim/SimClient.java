package io.onehop.sim;

import io.onehop.client.EngineSettings;
import io.onehop.client.VolumeEngine;
import io.onehop.client.VolumeListener;
import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.transport.Status;
import io.onehop.transport.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A client process: the real engine and an application that keeps requests in flight. */
final class SimClient {
  final SimProcess process;

  /** Whether it takes the pool over from whoever holds it. */
  final boolean takeover;

  private final World world;
  private final VolumeEngine engine;
  private final SimApplication application;
  private final Transport transport;
  private final UUID session;
  private boolean attached;
  private boolean detaching;
  private boolean ownWish;
  private long epoch;
  private Lineage lineage;
  private long suspendedAt = -1;
  private @Nullable String ended;

  SimClient(World world, String name, int party, boolean takeover) {
    this.world = world;
    this.takeover = takeover;
    var random = world.random.split();
    this.process = new SimProcess(world, name, party, random.nextLong(1L << 50));
    List<Endpoint> servers = new ArrayList<>();
    for (SimNode n : world.nodes) {
      servers.add(n.endpoint);
    }
    this.session = world.uuid();
    this.lineage = world.chosen.lineage();
    this.transport = world.network.join(process);
    EngineSettings settings =
        new EngineSettings(
            World.NAME,
            servers,
            session,
            name,
            party,
            0,
            64,
            takeover,
            EngineSettings.DEFAULT_RESUME_NANOS);
    this.engine =
        new VolumeEngine(
            process.loop, process.loop::now, transport, settings, world.rules.client(), new Ears());
    this.application = new SimApplication(world, this, engine, random);
    process.loop.execute(engine::start);
  }

  boolean attached() {
    return attached;
  }

  boolean detaching() {
    return detaching;
  }

  /** Why its session ended or did not begin; null as long as it has not. */
  @Nullable String ended() {
    return ended;
  }

  /** What it waits for longer than it should, in words; null if nothing. */
  @Nullable String waiting() {
    return engine.waiting();
  }

  /** The network as this process sees it. */
  Transport transport() {
    return transport;
  }

  UUID session() {
    return session;
  }

  long epoch() {
    return epoch;
  }

  /** The lineage that it is attached in; before that, the newest when it came. */
  Lineage lineage() {
    return lineage;
  }

  /** What was written and read in its lineage. */
  History history() {
    return Objects.requireNonNull(lineage.history());
  }

  /** For how long the session has been ended without having gone on; 0 if it is not. */
  long suspendedNanos() {
    return suspendedAt < 0 ? 0 : world.scheduler.now() - suspendedAt;
  }

  /** How often a read had to wait for the lease. */
  long leaseLosses() {
    return engine.counters().leaseLosses();
  }

  /** Nothing in flight and nothing more to do but what {@link #readBackAll} asks for. */
  boolean idle() {
    return attached && application.inFlight() == 0;
  }

  /** Begins to read every block of the pool. */
  void readBackAll() {
    application.readBackAll();
  }

  /** Whether everything was read back since {@link #readBackAll}. */
  boolean hasReadBack() {
    return application.hasReadBack();
  }

  private final class Ears implements VolumeListener {
    @Override
    public void attached(PoolView view) {
      Writer w = view.writer();
      if (w == null) {
        throw new Violation("attach", "attached without being the writer");
      }
      Lineage l = world.chosen.of(view.lineage());
      if (l == null || l.history() == null) {
        throw new Violation("attach", "attached in a lineage that has no content");
      }
      lineage = l;
      attached = true;
      epoch = w.epoch();
      world.say(process.name + " is attached, epoch " + epoch);
      application.begin();
    }

    @Override
    public void suspended(String reason) {
      suspendedAt = world.scheduler.now();
      world.say(process.name + "'s session is suspended: " + reason);
    }

    @Override
    public void resumed(PoolView view) {
      Writer w = view.writer();
      if (w == null || !w.session().equals(session)) {
        throw new Violation("attach", "goes on without being the writer");
      }
      world.judge.resumed(SimClient.this, epoch, w.epoch());
      suspendedAt = -1;
      epoch = w.epoch();
      world.say(process.name + " goes on, epoch " + epoch);
    }

    @Override
    public void waiting(@Nullable String reason) {
      if (reason != null) {
        world.say(process.name + " waits: " + reason);
      }
    }

    @Override
    public void viewChanged(PoolView view) {
      world.judge.learned(process.name, view);
      if (world.telling()) {
        world.say(process.name + " takes view " + view.generation());
      }
    }

    @Override
    public void detached() {
      world.say(process.name + " is detached");
      over("detached");
    }

    @Override
    public void ended(String reason) {
      world.say(process.name + "'s session ended: " + reason);
      if (!ownWish) {
        world.judge.ended(SimClient.this, reason);
      }
      over(reason);
    }

    private void over(String reason) {
      ended = reason;
      attached = false;
      process.loop.execute(() -> world.clients.ended(SimClient.this));
    }
  }

  /** The application asks to be detached. */
  void detach() {
    if (attached && !detaching) {
      detaching = true;
      process.loop.execute(engine::detach);
    }
  }

  /** It gives up before it was attached. */
  void giveUp() {
    ownWish = true;
    process.loop.execute(engine::detach);
  }

  /** A scenario's own request. */
  static final class Request {
    /** Status once it has ended, -1 before. */
    int status = -1;

    /** What a write wrote: its place in the order, see {@link History}. */
    long place;

    /** What a successful read of one block returned. */
    long value;

    boolean ok() {
      return status == Status.OK;
    }
  }

  /** Writes one block, for a scenario. */
  Request write(int block) {
    return write(block, 1, false);
  }

  /** Writes blocks, for a scenario. */
  Request write(int block, int count, boolean fua) {
    Request r = new Request();
    process.loop.execute(() -> application.write(block, count, fua, r));
    return r;
  }

  /** Writes zeroes to blocks or trims them, for a scenario. */
  Request zero(int block, int count, boolean trim) {
    Request r = new Request();
    process.loop.execute(() -> application.zero(block, count, trim, false, r));
    return r;
  }

  /** Flushes, for a scenario. */
  Request flush() {
    Request r = new Request();
    process.loop.execute(() -> application.flush(r));
    return r;
  }

  /** Reads one block, for a scenario. */
  Request read(int block) {
    Request r = new Request();
    process.loop.execute(() -> application.read(block, 1, r, _ -> {}));
    return r;
  }

  /** The newest view that it knows, or null. */
  @Nullable PoolView view() {
    return engine.view();
  }
}
