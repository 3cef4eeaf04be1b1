package io.onehop.sim;

import io.onehop.client.EngineSettings;
import io.onehop.client.VolumeEngine;
import io.onehop.client.VolumeListener;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.transport.Buf;
import io.onehop.transport.Status;
import io.onehop.transport.Transport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A client process: the real engine and an application that keeps requests in flight. */
final class SimClient {
  private static final int BLOCK = (int) SimDisk.BLOCK;

  final SimProcess process;
  private final World world;
  private final SplittableRandom random;
  private final VolumeEngine engine;
  private final Transport transport;
  private final UUID session;
  private boolean attached;
  private boolean detaching;
  private long epoch;
  private int inFlight;
  private int readingBack = -1;
  private boolean readBack;

  SimClient(World world, String name, int party) {
    this.world = world;
    this.random = world.random.split();
    this.process = new SimProcess(world, name, party, random.nextLong(1L << 50));
    List<io.onehop.protocol.model.Endpoint> servers = new ArrayList<>();
    for (SimNode n : world.nodes) {
      servers.add(n.endpoint);
    }
    this.session = world.uuid();
    this.transport = world.network.join(process);
    EngineSettings settings = new EngineSettings(World.NAME, servers, session, name, party, 0, 64);
    this.engine =
        new VolumeEngine(
            process.loop, process.loop::now, transport, settings, world.rules.client(), new Ears());
    process.loop.execute(engine::start);
  }

  boolean attached() {
    return attached;
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

  /** Nothing in flight and nothing more to do but what {@link #readBackAll} asks for. */
  boolean idle() {
    return attached && inFlight == 0;
  }

  /** Whether everything was read back since {@link #readBackAll}. */
  boolean hasReadBack() {
    return readBack;
  }

  private final class Ears implements VolumeListener {
    @Override
    public void attached(PoolView view) {
      Writer w = view.writer();
      if (w == null) {
        throw new Violation("attach", "attached without being the writer");
      }
      attached = true;
      epoch = w.epoch();
      world.say(process.name + " is attached, epoch " + epoch);
      for (int i = 0; i < world.mix.depth(); i++) {
        rest(i % 3 == 2);
      }
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
      over();
    }

    @Override
    public void ended(String reason) {
      world.say(process.name + "'s session ended: " + reason);
      over();
    }

    private void over() {
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

  /** A scenario's own request. */
  static final class Request {
    /** Status once it has ended, -1 before. */
    int status = -1;
  }

  /** Writes one block, for a scenario. */
  Request write(int block) {
    Request r = new Request();
    process.loop.execute(() -> write(block, 1, false, r));
    return r;
  }

  /** Reads one block, for a scenario. */
  Request read(int block) {
    Request r = new Request();
    process.loop.execute(() -> read(block, 1, ok -> r.status = ok ? Status.OK : Status.IO_ERROR));
    return r;
  }

  /** Begins to read every block of the pool. */
  void readBackAll() {
    readingBack = 0;
    readBack = false;
    process.loop.execute(this::readOn);
  }

  private void readOn() {
    if (readingBack >= world.mix.blocks()) {
      readBack = true;
      return;
    }
    int b = readingBack;
    int count = Math.min(4, world.mix.blocks() - b);
    read(
        b,
        count,
        ok -> {
          readingBack = ok ? b + count : b;
          process.loop.schedule(ok ? 1 : 100_000_000L, this::readOn);
        });
  }

  private void rest(boolean readsOnly) {
    long rest =
        random.nextInt(3) == 0
            ? random.nextLong(1_000_000)
            : random.nextLong(world.mix.restNanos());
    process.loop.schedule(1 + rest, () -> next(readsOnly));
  }

  /** Some slots only read: they go on when writes have to wait. */
  private void next(boolean readsOnly) {
    if (!attached || detaching || !world.clients.takeOperation()) {
      return;
    }
    int blocks = world.mix.blocks();
    int block =
        random.nextInt(8) == 0 ? random.nextInt(blocks) : random.nextInt(world.mix.hotBlocks());
    int count = Math.min(blocks - block, random.nextInt(4) == 0 ? 1 + random.nextInt(4) : 1);
    int what = readsOnly ? 80 : random.nextInt(100);
    boolean fua = random.nextInt(10) == 0;
    if (what < 55) {
      write(block, count, fua, new Request());
    } else if (what < 65) {
      zero(block, count, what < 60, fua);
    } else if (what < 92) {
      read(block, count, _ -> rest(readsOnly));
    } else if (what < 96) {
      touch(block);
    } else {
      flush();
    }
  }

  private void write(int block, int count, boolean fua, Request request) {
    long place = world.history.next(epoch);
    Buf buf = world.bufs.take(count * BLOCK);
    buf.bytes().clear();
    for (int i = 0; i < count; i++) {
      SimDisk.encode(place, buf.bytes());
    }
    begin(block, count, place, false, "write");
    engine.write(
        (long) block * BLOCK,
        count * BLOCK,
        buf,
        0,
        fua,
        s -> {
          request.status = s;
          ended(block, count, place, s);
        });
    buf.release();
  }

  private void zero(int block, int count, boolean trim, boolean fua) {
    long place = world.history.next(epoch);
    begin(block, count, place, true, trim ? "trim" : "zero");
    long offset = (long) block * BLOCK;
    long length = (long) count * BLOCK;
    if (trim) {
      engine.trim(offset, length, fua, s -> ended(block, count, place, s));
    } else {
      engine.writeZeroes(
          offset, length, random.nextBoolean(), fua, s -> ended(block, count, place, s));
    }
  }

  private void begin(int block, int count, long place, boolean zero, String what) {
    inFlight++;
    world.history.begin(block, count, place, zero);
    if (world.telling()) {
      world.say(
          "%s %ss %s to [%d+%d]".formatted(process.name, what, History.text(place), block, count));
    }
  }

  private void ended(int block, int count, long place, int status) {
    process.kill.point(0);
    inFlight--;
    if (world.telling()) {
      world.say(
          "%s: %s is done: %s".formatted(process.name, History.text(place), Status.name(status)));
    }
    if (status == Status.OK) {
      everyoneAdopted(place);
      world.history.acknowledge(block, count, place);
      for (int b = block; b < block + count; b++) {
        world.judge.touched(b);
      }
    }
    rest(false);
  }

  /** Rule 3.3: a write is not acknowledged before the write set has adopted the client's view. */
  private void everyoneAdopted(long place) {
    PoolView v = engine.view();
    for (int i = 0; v != null && i < World.WITNESS; i++) {
      long adopted = world.nodes[i].platter.superblock.adoptedGeneration();
      if (v.members().get(i).state().inWriteSet() && adopted < v.generation()) {
        throw new Violation(
            "acknowledged-early",
            "%s was acknowledged under view %d; leg %s has adopted %d"
                .formatted(History.text(place), v.generation(), world.nodes[i].name, adopted));
      }
    }
  }

  /** Part of a block that holds nothing that counts: read, merged and written by the client. */
  private void touch(int block) {
    Buf buf = world.bufs.take(100);
    inFlight++;
    if (world.telling()) {
      world.say("%s writes a part of block %d".formatted(process.name, block));
    }
    engine.write(
        (long) block * BLOCK + 1000,
        100,
        buf,
        0,
        false,
        _ -> {
          process.kill.point(0);
          inFlight--;
          rest(false);
        });
    buf.release();
  }

  private void flush() {
    inFlight++;
    engine.flush(_ -> {
      process.kill.point(0);
      inFlight--;
      rest(false);
    });
  }

  /** Hears whether a read succeeded. */
  private interface ReadEnd {
    void ended(boolean ok);
  }

  private void read(int block, int count, ReadEnd end) {
    Buf buf = world.bufs.take(count * BLOCK);
    long[] floors = new long[count];
    Arrays.setAll(floors, i -> world.history.floor(block + i));
    inFlight++;
    engine.read(
        (long) block * BLOCK,
        count * BLOCK,
        buf,
        0,
        status -> {
          process.kill.point(0);
          inFlight--;
          if (status == Status.OK) {
            for (int i = 0; i < count; i++) {
              long value = SimDisk.decode(buf.bytes(), i * BLOCK);
              if (world.telling()) {
                world.say(
                    "%s reads %s from block %d"
                        .formatted(process.name, History.text(value), block + i));
              }
              world.history.read(block + i, value, floors[i]);
            }
          }
          buf.release();
          end.ended(status == Status.OK);
        });
  }
}
