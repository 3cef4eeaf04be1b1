package io.onehop.sim;

import io.onehop.client.VolumeEngine;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import io.onehop.transport.Status;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** What an application does with its device: slots that rest, ask for something, rest again. */
final class SimApplication {
  private static final int BLOCK = (int) SimDisk.BLOCK;

  private final World world;
  private final SimClient client;
  private final SimProcess process;
  private final VolumeEngine engine;
  private final SplittableRandom random;
  private int inFlight;
  private int readingBack = -1;
  private boolean readBack;

  SimApplication(World world, SimClient client, VolumeEngine engine, SplittableRandom random) {
    this.world = world;
    this.client = client;
    this.process = client.process;
    this.engine = engine;
    this.random = random;
  }

  int inFlight() {
    return inFlight;
  }

  boolean hasReadBack() {
    return readBack;
  }

  /** The device is there. */
  void begin() {
    for (int i = 0; i < world.mix.depth(); i++) {
      rest(i % 3 == 2);
    }
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
        new SimClient.Request(),
        r -> {
          readingBack = r.ok() ? b + count : b;
          process.loop.schedule(r.ok() ? 1 : 100_000_000L, this::readOn);
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
    if (!client.attached() || client.detaching() || !world.clients.takeOperation()) {
      return;
    }
    int blocks = world.mix.blocks();
    int block =
        random.nextInt(8) == 0 ? random.nextInt(blocks) : random.nextInt(world.mix.hotBlocks());
    int count = Math.min(blocks - block, random.nextInt(4) == 0 ? 1 + random.nextInt(4) : 1);
    int what = readsOnly ? 80 : random.nextInt(100);
    boolean fua = random.nextInt(10) == 0;
    SimClient.Request request = new SimClient.Request();
    if (what < 55) {
      write(block, count, fua, request);
    } else if (what < 65) {
      zero(block, count, what < 60, fua, request);
    } else if (what < 92) {
      read(block, count, request, _ -> rest(readsOnly));
    } else if (what < 96) {
      touch(block);
    } else {
      flush(request);
    }
  }

  void write(int block, int count, boolean fua, SimClient.Request request) {
    long place = client.history().next(client.epoch());
    request.place = place;
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
        s -> ended(block, count, place, s, request));
    buf.release();
  }

  void zero(int block, int count, boolean trim, boolean fua, SimClient.Request request) {
    long place = client.history().next(client.epoch());
    request.place = place;
    begin(block, count, place, true, trim ? "trim" : "zero");
    long offset = (long) block * BLOCK;
    long length = (long) count * BLOCK;
    if (trim) {
      engine.trim(offset, length, fua, s -> ended(block, count, place, s, request));
    } else {
      engine.writeZeroes(
          offset, length, random.nextBoolean(), fua, s -> ended(block, count, place, s, request));
    }
  }

  private void begin(int block, int count, long place, boolean zero, String what) {
    inFlight++;
    client.history().begin(block, count, place, zero);
    if (world.telling()) {
      world.say(
          "%s %ss %s to [%d+%d]".formatted(process.name, what, History.text(place), block, count));
    }
  }

  private void ended(int block, int count, long place, int status, SimClient.Request request) {
    process.kill.point(0);
    inFlight--;
    request.status = status;
    if (world.telling()) {
      world.say(
          "%s: %s is done: %s".formatted(process.name, History.text(place), Status.name(status)));
    }
    if (status == Status.OK) {
      everyoneAdopted(place);
      if (client.lineage() != world.chosen.lineage()) {
        world.situations.count(Situation.BOTH_LINEAGES);
      }
      client.history().acknowledge(block, count, place);
      for (int b = block; b < block + count; b++) {
        world.judge.touched(b);
      }
    } else {
      world.judge.failed(client, "a write", status);
    }
    restIfBusy();
  }

  /** A slot goes on; scenarios, whose depth is 0, ask for everything themselves. */
  private void restIfBusy() {
    if (world.mix.depth() > 0) {
      rest(false);
    }
  }

  /** Rule 3.3: a write is not acknowledged before the write set has adopted the client's view. */
  private void everyoneAdopted(long place) {
    PoolView v = engine.view();
    for (int i = 0; v != null && i < world.shape.legs(); i++) {
      SimPlatter p = world.nodes[i].platter;
      long adopted = p.superblock.adoptedGeneration();
      if (v.members().get(i).state().inWriteSet()
          && v.members().get(i).id().equals(p.id)
          && adopted < v.generation()) {
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
        s -> {
          process.kill.point(0);
          inFlight--;
          world.judge.failed(client, "a write of a part", s);
          restIfBusy();
        });
    buf.release();
  }

  void flush(SimClient.Request request) {
    inFlight++;
    engine.flush(s -> {
      process.kill.point(0);
      inFlight--;
      request.status = s;
      world.judge.failed(client, "a flush", s);
      restIfBusy();
    });
  }

  void read(int block, int count, SimClient.Request request, Consumer<SimClient.Request> end) {
    Buf buf = world.bufs.take(count * BLOCK);
    long[] floors = new long[count];
    Arrays.setAll(floors, i -> client.history().floor(block + i));
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
              client.history().read(block + i, value, floors[i]);
              request.value = value;
            }
          }
          buf.release();
          request.status = status;
          world.judge.failed(client, "a read", status);
          end.accept(request);
        });
  }
}
