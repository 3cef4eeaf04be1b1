package io.onehop.node.books;

import io.onehop.node.store.BlockSet;
import io.onehop.node.store.LegDisk;
import io.onehop.node.store.Superblock;
import io.onehop.node.store.UnconfirmedLog;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A disk in memory. Each block is a number. Completes in place, or, with {@link #late}, when {@link
 * #completeNext} says so; syncs complete at {@link #poll} once {@link #syncsEnd}.
 */
public final class FakeDisk implements LegDisk {
  /** Bytes of a block. */
  public static final int BLOCK = PoolView.BLOCK_SIZE;

  /** The content: one number per block. */
  public final long[] data;

  /** Whether data operations wait. */
  public boolean late;

  /** Whether syncs end at the next poll. */
  public boolean syncsEnd = true;

  /** Status of every write and zero. */
  public int writeStatus = Status.OK;

  /** Blocks that the medium does not give back until they are written. */
  public final BitSet bad = new BitSet();

  /** Reads asked for. */
  public int reads;

  /** Status of every sync. */
  public int syncStatus = Status.OK;

  /** Metadata cannot be written any more. */
  public boolean metadataFails;

  /** A page of the metadata is gone under its mapping. */
  public boolean metadataFaults;

  /** What {@link #damage} says. */
  public String damage = "";

  /** Syncs asked for. */
  public int syncs;

  /** What happened, for questions of order. */
  public final List<String> trace = new ArrayList<>();

  private final Set carried = new Set("carried");
  private final Set own = new Set("own");
  private final Set unreadable = new Set("unreadable");
  private final Map<UUID, Set> maps = new HashMap<>();
  private final Log log = new Log();
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private final ArrayDeque<Done> unsynced = new ArrayDeque<>();
  private Superblock superblock;

  /** A disk of {@code blocks} blocks for {@code leg}, never run. */
  public FakeDisk(int blocks, UUID pool, UUID leg, UUID lineage, UUID boot) {
    this.data = new long[blocks];
    this.superblock =
        new Superblock(
            pool, "p", leg, lineage, (long) blocks * BLOCK, 0, 1, 0, boot, false, false, "");
  }

  /** The process died and another opens the disk: what was under way is gone. */
  public FakeDisk reopened() {
    waiting.clear();
    unsynced.clear();
    damage = "";
    return this;
  }

  /** Lets the oldest waiting data operation happen; false if there is none. */
  public boolean completeNext() {
    Runnable r = waiting.poll();
    if (r == null) {
      return false;
    }
    r.run();
    return true;
  }

  /** Data operations under way. */
  public int underWay() {
    return waiting.size();
  }

  @Override
  public long blocks() {
    return data.length;
  }

  @Override
  public Superblock superblock() {
    return superblock;
  }

  @Override
  public void save(Superblock next) throws IOException {
    if (metadataFails) {
      throw new IOException("no space for the superblock");
    }
    trace.add("save " + next.adoptedGeneration() + (next.clean() ? " clean" : ""));
    superblock = next;
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
    return maps.computeIfAbsent(member, id -> new Set("map" + id.getLeastSignificantBits()));
  }

  @Override
  public String damage() {
    return damage;
  }

  @Override
  public void write(long offset, ByteBuffer from, Done done) {
    long[] values = new long[from.remaining() / BLOCK];
    for (int i = 0; i < values.length; i++) {
      values[i] = from.getLong(from.position() + i * BLOCK);
    }
    from.position(from.limit());
    run(() -> {
      trace.add("write " + offset / BLOCK);
      if (writeStatus == Status.OK) {
        System.arraycopy(values, 0, data, (int) (offset / BLOCK), values.length);
        bad.clear((int) (offset / BLOCK), (int) (offset / BLOCK) + values.length);
      }
      done.done(writeStatus);
    });
  }

  @Override
  public void zero(long offset, long length, boolean punch, Done done) {
    run(() -> {
      trace.add("zero " + offset / BLOCK);
      if (writeStatus == Status.OK) {
        java.util.Arrays.fill(data, (int) (offset / BLOCK), (int) ((offset + length) / BLOCK), 0L);
        bad.clear((int) (offset / BLOCK), (int) ((offset + length) / BLOCK));
      }
      done.done(writeStatus);
    });
  }

  @Override
  public void read(long offset, ByteBuffer into, Done done) {
    if (offset % BLOCK != 0 || into.remaining() % BLOCK != 0) {
      done.done(Status.INVALID);
      return;
    }
    reads++;
    run(() -> {
      for (int b = (int) (offset / BLOCK); into.hasRemaining(); b++) {
        if (bad.get(b)) {
          done.done(Status.IO_ERROR);
          return;
        }
        int at = into.position();
        for (int i = 0; i < BLOCK; i += Long.BYTES) {
          into.putLong(at + i, 0);
        }
        into.putLong(at, data[b]).position(at + BLOCK);
      }
      done.done(Status.OK);
    });
  }

  private void run(Runnable operation) {
    if (late) {
      waiting.add(operation);
    } else {
      operation.run();
    }
  }

  @Override
  public void sync(Done done) {
    syncs++;
    unsynced.add(done);
  }

  @Override
  public int poll() {
    int n = 0;
    if (syncsEnd) {
      for (Done d = unsynced.poll(); d != null; d = unsynced.poll()) {
        d.done(syncStatus);
        n++;
      }
    }
    return n;
  }

  @Override
  public void close() {}

  private final class Set implements BlockSet {
    private final String name;
    private final BitSet bits = new BitSet();

    Set(String name) {
      this.name = name;
    }

    private void changing() {
      if (metadataFaults) {
        throw new InternalError("a fault occurred in an unsafe memory access operation");
      }
      if (metadataFails) {
        throw new UncheckedIOException(new IOException("no space for " + name));
      }
    }

    @Override
    public void add(long from, long to) {
      changing();
      if (from < 0 || to > data.length || from > to) {
        throw new IndexOutOfBoundsException(name + " [" + from + ", " + to + ")");
      }
      bits.set((int) from, (int) to);
    }

    @Override
    public void remove(long from, long to) {
      bits.clear((int) from, (int) to);
    }

    @Override
    public boolean contains(long block) {
      return bits.get((int) block);
    }

    @Override
    public long next(long from) {
      return bits.nextSetBit((int) from);
    }

    @Override
    public long nextAbsent(long from) {
      return Math.min(data.length, bits.nextClearBit((int) from));
    }

    @Override
    public long size() {
      return bits.cardinality();
    }

    @Override
    public void clear() {
      bits.clear();
    }

    @Override
    public void force() throws IOException {
      if (metadataFails) {
        throw new IOException("no space for " + name);
      }
      trace.add("force " + name);
    }

    @Override
    public String toString() {
      return bits.toString();
    }
  }

  private static final class Log implements UnconfirmedLog {
    private static final int WINDOW = 64;

    private record Entry(long epoch, long sequence, long offset, long length) {}

    private final Map<Long, Entry> slots = new TreeMap<>();
    private long confirmedEpoch;
    private long confirmed;

    @Override
    public int window() {
      return WINDOW;
    }

    private boolean live(Entry e) {
      return e.sequence > confirmed || e.epoch != confirmedEpoch;
    }

    @Override
    public void put(long epoch, long sequence, long offset, long length) {
      Entry next = new Entry(epoch, sequence, offset, length);
      Entry old = slots.get(sequence % WINDOW);
      if (sequence <= 0
          || sequence - confirmed(epoch) > WINDOW
          || (old != null && live(old) && !old.equals(next))) {
        throw new IllegalStateException("slot of " + sequence + " holds " + old);
      }
      slots.put(sequence % WINDOW, next);
    }

    @Override
    public boolean holds(long epoch, long sequence) {
      Entry e = slots.get(sequence % WINDOW);
      return e != null && e.sequence == sequence && e.epoch == epoch && live(e);
    }

    @Override
    public void confirm(long epoch, long sequence) {
      if (epoch != confirmedEpoch) {
        slots.values().removeIf(e -> !live(e));
        confirmedEpoch = epoch;
        confirmed = 0;
      }
      confirmed = Math.max(confirmed, sequence);
    }

    @Override
    public long confirmed(long epoch) {
      return epoch == confirmedEpoch ? confirmed : 0;
    }

    @Override
    public long overlapping(long offset, long length) {
      long most = 0;
      for (Entry e : slots.values()) {
        if (live(e) && e.offset < offset + length && offset < e.offset + e.length) {
          most = Math.max(most, e.sequence);
        }
      }
      return most;
    }

    @Override
    public void visit(Visitor visitor) {
      for (Entry e : slots.values()) {
        if (live(e)) {
          visitor.entry(e.epoch, e.sequence, e.offset, e.length);
        }
      }
    }

    @Override
    public boolean isEmpty() {
      return slots.values().stream().noneMatch(this::live);
    }

    @Override
    public void clear() {
      slots.clear();
      confirmed = 0;
      confirmedEpoch = 0;
    }
  }
}
