package io.onehop.sim;

import io.onehop.node.store.BlockSet;
import io.onehop.node.store.LegDisk;
import io.onehop.node.store.Superblock;
import io.onehop.node.store.UnconfirmedLog;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * One run's handle on a {@link SimPlatter}. Data operations complete in place or later, in any
 * order; a write that is under way at a kill is applied or not, as chance has it.
 */
final class SimDisk implements LegDisk {
  /** Bytes of a block. */
  static final long BLOCK = PoolView.BLOCK_SIZE;

  private static final int TAIL = (int) BLOCK - Long.BYTES;
  private static final byte[] ZEROES = new byte[(int) BLOCK];

  private final SimPlatter platter;
  private final KillSwitch kill;
  private final SimLoop loop;
  private final EventScheduler scheduler;
  private final SplittableRandom random;
  private final int lateShare;
  private final long lateNanos;
  private final boolean forgetfulMaps;
  private final Map<UUID, SimBlockSet> maps = new HashMap<>();
  private final UnconfirmedLog log;
  private final BlockSet carried;
  private final BlockSet own;
  private final BlockSet unreadable;
  private final List<Store> underWay = new ArrayList<>();
  private final List<Done> syncsWaiting = new ArrayList<>();
  private final List<Done> syncsDone = new ArrayList<>();
  private boolean syncing;
  private long stalledUntil;

  /** A write or zero that is not yet applied. */
  private final class Store {
    final long offset;
    final long[] values;
    final boolean client;
    int applied;

    Store(long offset, long[] values, boolean client) {
      this.offset = offset;
      this.values = values;
      this.client = client;
    }

    void apply(int upTo) {
      for (; applied < upTo; applied++) {
        platter.store((int) (offset / BLOCK) + applied, values[applied], client);
      }
    }

    boolean overlaps(long from, long length) {
      return offset < from + length && from < offset + values.length * BLOCK;
    }
  }

  /**
   * @param lateShare of 100 data operations, how many complete after the call
   * @param lateNanos how late at most
   * @param forgetfulMaps rule 3.2 off: maps come back as last forced
   */
  SimDisk(
      SimPlatter platter,
      KillSwitch kill,
      SimLoop loop,
      EventScheduler scheduler,
      SplittableRandom random,
      int lateShare,
      long lateNanos,
      boolean forgetfulMaps) {
    this.platter = platter;
    this.kill = kill;
    this.loop = loop;
    this.scheduler = scheduler;
    this.random = random;
    this.lateShare = lateShare;
    this.lateNanos = lateNanos;
    this.forgetfulMaps = forgetfulMaps;
    this.log = new SimLog(platter.log, kill);
    this.carried =
        new SimBlockSet(platter.carried, kill, KillSwitch.CARRIED, KillSwitch.CARRIED, () -> {});
    this.own =
        new SimBlockSet(platter.own, kill, KillSwitch.OWN_ADD, KillSwitch.OWN_REMOVE, () -> {});
    this.unreadable =
        new SimBlockSet(
            platter.unreadable, kill, KillSwitch.OWN_ADD, KillSwitch.OWN_REMOVE, () -> {});
    platter.unstored.clear();
    if (forgetfulMaps) {
      platter.maps.forEach((id, bits) -> {
        bits.set.clear();
        bits.set.or(platter.forcedMaps.getOrDefault(id, new BitSet()));
        for (int b = 0; b < platter.blocks; b++) {
          bits.changed.accept(b);
        }
      });
    }
  }

  @Override
  public long blocks() {
    return platter.blocks;
  }

  @Override
  public Superblock superblock() {
    return platter.superblock;
  }

  @Override
  public void save(Superblock superblock) {
    kill.point(KillSwitch.SUPERBLOCK);
    Superblock before = platter.superblock;
    platter.superblock = superblock;
    platter.watcher.saved(platter, before, superblock);
    kill.point(KillSwitch.SUPERBLOCK);
  }

  @Override
  public UnconfirmedLog unconfirmed() {
    return log;
  }

  @Override
  public BlockSet carried() {
    return carried;
  }

  @Override
  public BlockSet ownMissing() {
    return own;
  }

  @Override
  public BlockSet unreadable() {
    return unreadable;
  }

  @Override
  public BlockSet missMap(UUID member) {
    return maps.computeIfAbsent(
        member,
        id ->
            new SimBlockSet(
                platter.map(id),
                kill,
                KillSwitch.MISS_MAP,
                KillSwitch.MISS_MAP,
                () -> {
                  if (forgetfulMaps) {
                    platter.forcedMaps.put(id, (BitSet) platter.map(id).set.clone());
                  }
                }));
  }

  @Override
  public String damage() {
    return "";
  }

  @Override
  public void write(long offset, ByteBuffer from, Done done) {
    int blocks = (int) (from.remaining() / BLOCK);
    if (from.remaining() % BLOCK != 0 || blocks == 0) {
      platter.watcher.misused(platter, "write of " + from.remaining() + " bytes");
    }
    long[] values = new long[blocks];
    for (int i = 0; i < blocks; i++) {
      int at = from.position() + i * (int) BLOCK;
      values[i] = decode(from, at);
    }
    from.position(from.limit());
    store(offset, values, done);
  }

  @Override
  public void zero(long offset, long length, boolean punch, Done done) {
    store(offset, new long[(int) (length / BLOCK)], done);
  }

  private void store(long offset, long[] values, Done done) {
    kill.point(KillSwitch.WRITE);
    long length = values.length * BLOCK;
    if (offset % BLOCK != 0 || offset < 0 || offset + length > platter.blocks * BLOCK) {
      platter.watcher.misused(platter, "store at " + offset + " of " + length);
    }
    for (Store s : underWay) {
      if (s.overlaps(offset, length)) {
        platter.watcher.misused(platter, "two stores at once at " + offset + " (rule 3.4)");
      }
    }
    Store s = new Store(offset, values, platter.takeAdmitted(offset, length, values[0]));
    long stall = Math.max(0, stalledUntil - scheduler.now());
    if (stall == 0 && random.nextInt(100) >= lateShare) {
      s.apply(values.length);
      kill.point(KillSwitch.WRITE);
      done.done(Status.OK);
      return;
    }
    underWay.add(s);
    long applied = stall + random.nextLong(lateNanos);
    // The kernel goes on while the process is stopped: only the completion is the process's.
    scheduler.in(
        applied,
        null,
        () -> {
          if (!kill.dead() && underWay.contains(s)) {
            s.apply(values.length);
          }
        });
    scheduler.in(
        applied + random.nextLong(lateNanos),
        loop,
        () -> {
          s.apply(values.length);
          underWay.remove(s);
          kill.point(KillSwitch.WRITE);
          done.done(Status.OK);
        });
  }

  /** Writes begun from now on take this long, as on a disk that does not answer. */
  void stall(long nanos) {
    stalledUntil = scheduler.now() + nanos;
  }

  /** Whether a store operation is under way. */
  boolean storing() {
    return !underWay.isEmpty();
  }

  /** The process died: what was under way is applied whole, in part or not at all. */
  void dropped() {
    kill.die();
    for (Store s : underWay) {
      s.apply(random.nextInt(3) == 0 ? random.nextInt(s.values.length + 1) : s.applied);
    }
    underWay.clear();
  }

  @Override
  public void read(long offset, ByteBuffer into, Done done) {
    kill.point(0);
    if (random.nextInt(100) >= lateShare) {
      fill(offset, into);
      done.done(Status.OK);
      return;
    }
    boolean early = random.nextBoolean();
    if (early) {
      fill(offset, into);
    }
    scheduler.in(
        random.nextLong(lateNanos),
        loop,
        () -> {
          if (!early) {
            fill(offset, into);
          }
          done.done(Status.OK);
        });
  }

  private void fill(long offset, ByteBuffer into) {
    int block = (int) (offset / BLOCK);
    while (into.hasRemaining()) {
      encode(platter.data[block++], into);
    }
  }

  @Override
  public void sync(Done done) {
    kill.point(KillSwitch.SYNC);
    syncsWaiting.add(done);
    startSync();
  }

  private void startSync() {
    if (syncing || syncsWaiting.isEmpty()) {
      return;
    }
    syncing = true;
    List<Done> batch = List.copyOf(syncsWaiting);
    syncsWaiting.clear();
    scheduler.in(
        random.nextLong(2 * lateNanos),
        loop,
        () -> {
          syncing = false;
          syncsDone.addAll(batch);
          startSync();
          poll();
        });
  }

  @Override
  public int poll() {
    int n = 0;
    while (!syncsDone.isEmpty()) {
      Done done = syncsDone.removeFirst();
      n++;
      kill.point(KillSwitch.SYNC);
      done.done(Status.OK);
    }
    return n;
  }

  @Override
  public void close() {}

  /** Appends the block that {@code value} stands for. */
  static void encode(long value, ByteBuffer into) {
    int at = into.position();
    into.put(ZEROES);
    if (value != 0) {
      long v = inOrder(value, into);
      into.putLong(at, v);
      into.putLong(at + TAIL, v);
    }
  }

  /** What the block at {@code at} stands for. */
  static long decode(ByteBuffer from, int at) {
    long value = from.getLong(at);
    if (from.getLong(at + TAIL) != value) {
      throw new Violation("torn", "a block with two ends of different writes");
    }
    return inOrder(value, from);
  }

  /** The bytes are the same whatever order the buffer is set to. */
  private static long inOrder(long value, ByteBuffer buffer) {
    return buffer.order() == ByteOrder.LITTLE_ENDIAN ? value : Long.reverseBytes(value);
  }
}
