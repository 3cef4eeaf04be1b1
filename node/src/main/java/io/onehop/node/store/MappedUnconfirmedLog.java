package io.onehop.node.store;

import static java.nio.file.StandardOpenOption.READ;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * The unconfirmed set as a ring in a mapped file: slot = sequence mod window. An entry's sequence
 * is stored last, so a killed process leaves an entry whole or absent (rules 3.1, 3.2). One thread.
 */
public final class MappedUnconfirmedLog implements UnconfirmedLog, AutoCloseable {
  static final String MAGIC = "OHUNCONF";

  /** Entries of a window when nothing else is asked for (rule 3.6). */
  public static final int DEFAULT_WINDOW = 4096;

  static final int MAX_WINDOW = 1 << 20;
  static final int ENTRY = 32;

  /**
   * Where things are in the header page, behind the {@link RecordHeader}; its checksum covers the
   * first 64 bytes only, what follows changes.
   */
  enum Field {
    WINDOW(48, 4),
    CONFIRMED_EPOCH(64, 8),
    CONFIRMED_SEQUENCE(72, 8);

    final int offset;
    final int size;

    Field(int offset, int size) {
      this.offset = offset;
      this.size = size;
    }
  }

  /** Where things are in an entry. */
  enum Entry {
    EPOCH(0, 8),
    OFFSET(8, 8),
    LENGTH(16, 8),
    SEQUENCE(24, 8);

    final int offset;
    final int size;

    Entry(int offset, int size) {
      this.offset = offset;
      this.size = size;
    }
  }

  private static final int FIXED = 64;
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG = WORD.varHandle();

  private final MetadataFile file;
  private final MemorySegment memory;
  private final int window;
  private final int mask;
  private final String damage;

  private long confirmedEpoch;
  private long confirmedSequence;

  /**
   * Epoch of the last put, its highest sequence, how many unconfirmed entries it and others have.
   */
  private long epoch;

  private long highest;
  private int live;
  private int liveOfOthers;

  private MappedUnconfirmedLog(MetadataFile file, int window, String damage) {
    this.file = file;
    this.memory = file.memory();
    this.window = window;
    this.mask = window - 1;
    this.damage = damage;
  }

  static ByteBuffer header(UUID pool, UUID leg, int window) {
    ByteBuffer b = RecordHeader.buffer(FIXED);
    RecordHeader.put(b, 0, MAGIC, pool, leg);
    b.putInt(Field.WINDOW.offset, window);
    RecordHeader.seal(b, 0);
    return b;
  }

  static long fileBytes(int window) {
    return MetadataFile.HEADER + (long) window * ENTRY;
  }

  /**
   * Makes an empty log, durably.
   *
   * @param window a power of two, at most {@link #MAX_WINDOW}
   */
  static void create(Path path, UUID pool, UUID leg, int window) throws IOException {
    if (Integer.bitCount(window) != 1 || window < 1 || window > MAX_WINDOW) {
      throw new IllegalArgumentException("window " + window + " is no power of two up to 2^20");
    }
    MetadataFile.create(path, header(pool, leg, window), fileBytes(window));
  }

  /**
   * Opens it; one that cannot be read is replaced by an empty one and {@link #damage} says so.
   *
   * @param suspects done before that: a process killed behind it finds an empty log and no damage
   */
  static MappedUnconfirmedLog open(Path path, UUID pool, UUID leg, MetadataFile.Before suspects)
      throws IOException {
    String damage = "";
    int window = DEFAULT_WINDOW;
    if (!Files.exists(path)) {
      damage = "is missing";
    } else {
      try (FileChannel c = FileChannel.open(path, READ)) {
        ByteBuffer b = FileBytes.some(c, 0, FIXED);
        damage =
            switch (RecordHeader.verify(b, 0, MAGIC)) {
              case OTHER_VERSION -> throw RecordHeader.otherVersion(path, b, 0);
              case EMPTY, FOREIGN -> "is no unconfirmed log";
              case TORN -> "has a damaged header";
              case OK -> "";
            };
        if (damage.isEmpty()) {
          int w = b.getInt(Field.WINDOW.offset);
          if (w < 1 || w > MAX_WINDOW || !b.equals(header(pool, leg, w))) {
            damage = "belongs to another leg";
          } else {
            window = w;
            damage = c.size() != fileBytes(w) ? "has the wrong length" : "";
          }
        }
      }
    }
    if (!damage.isEmpty()) {
      suspects.run();
      create(path, pool, leg, window);
    }
    MappedUnconfirmedLog log = map(path, window, damage.isEmpty() ? "" : name(path) + damage);
    String bad = log.load();
    if (bad.isEmpty()) {
      return log;
    }
    log.close();
    suspects.run();
    create(path, pool, leg, window);
    return map(path, window, name(path) + bad);
  }

  private static String name(Path path) {
    return path.getFileName() + ": ";
  }

  private static MappedUnconfirmedLog map(Path path, int window, String damage) throws IOException {
    return new MappedUnconfirmedLog(MetadataFile.open(path, fileBytes(window)), window, damage);
  }

  /** Why it could not be read whole, or empty. */
  public String damage() {
    return damage;
  }

  private String load() {
    confirmedEpoch = memory.get(WORD, Field.CONFIRMED_EPOCH.offset);
    confirmedSequence = memory.get(WORD, Field.CONFIRMED_SEQUENCE.offset);
    for (int slot = 0; slot < window; slot++) {
      long at = at(slot);
      long sequence = sequence(at);
      if (sequence == 0) {
        continue;
      }
      if ((sequence & mask) != slot || offset(at) < 0 || length(at) <= 0) {
        return "holds an impossible entry";
      }
      if (unconfirmed(at)) {
        epoch = Math.max(epoch, epoch(at));
      }
    }
    recount();
    return "";
  }

  /** Counts again, for the present {@link #epoch}. */
  private void recount() {
    live = 0;
    liveOfOthers = 0;
    highest = confirmed(epoch);
    for (int slot = 0; slot < window; slot++) {
      long at = at(slot);
      if (unconfirmed(at)) {
        if (epoch(at) == epoch) {
          live++;
          highest = Math.max(highest, sequence(at));
        } else {
          liveOfOthers++;
        }
      }
    }
  }

  private long at(long sequence) {
    return MetadataFile.HEADER + (sequence & mask) * ENTRY;
  }

  private long sequence(long at) {
    return memory.get(WORD, at + 24);
  }

  private long epoch(long at) {
    return memory.get(WORD, at);
  }

  private long offset(long at) {
    return memory.get(WORD, at + 8);
  }

  private long length(long at) {
    return memory.get(WORD, at + 16);
  }

  private boolean unconfirmed(long at) {
    long s = sequence(at);
    return s != 0 && (s > confirmedSequence || epoch(at) != confirmedEpoch);
  }

  @Override
  public int window() {
    return window;
  }

  @Override
  public void put(long newEpoch, long sequence, long offset, long length) {
    long at = at(sequence);
    if (sequence <= 0 || sequence - confirmed(newEpoch) > window) {
      throw new IllegalStateException("sequence " + sequence + " is outside of the window");
    }
    if (unconfirmed(at)) {
      if (sequence(at) == sequence
          && epoch(at) == newEpoch
          && offset(at) == offset
          && length(at) == length) {
        return;
      }
      throw new IllegalStateException("slot of sequence " + sequence + " is not confirmed");
    }
    LONG.setRelease(memory, at + 24, 0L);
    VarHandle.storeStoreFence();
    memory.set(WORD, at, newEpoch);
    memory.set(WORD, at + 8, offset);
    memory.set(WORD, at + 16, length);
    LONG.setRelease(memory, at + 24, sequence);
    if (newEpoch != epoch) {
      epoch = newEpoch;
      recount();
    } else if (unconfirmed(at)) {
      live++;
      highest = Math.max(highest, sequence);
    }
  }

  @Override
  public boolean holds(long ofEpoch, long sequence) {
    long at = at(sequence);
    return sequence > 0 && sequence(at) == sequence && epoch(at) == ofEpoch && unconfirmed(at);
  }

  @Override
  public void confirm(long ofEpoch, long sequence) {
    if (ofEpoch != confirmedEpoch) {
      switchConfirmedEpoch(ofEpoch);
    }
    if (sequence <= confirmedSequence) {
      return;
    }
    if (ofEpoch == epoch) {
      long last = Math.min(sequence, highest);
      for (long s = confirmedSequence + 1; s <= last && live > 0; s++) {
        if (holds(ofEpoch, s)) {
          live--;
        }
      }
      highest = Math.max(highest, sequence);
    }
    LONG.setRelease(memory, (long) Field.CONFIRMED_SEQUENCE.offset, sequence);
    confirmedSequence = sequence;
    if (liveOfOthers > 0) {
      recount();
    }
  }

  /**
   * What the former epoch had confirmed must not come back when its confirmation is overwritten.
   */
  private void switchConfirmedEpoch(long next) {
    for (int slot = 0; slot < window; slot++) {
      long at = at(slot);
      if (sequence(at) != 0 && !unconfirmed(at)) {
        LONG.setRelease(memory, at + 24, 0L);
      }
    }
    LONG.setRelease(memory, (long) Field.CONFIRMED_SEQUENCE.offset, 0L);
    LONG.setRelease(memory, (long) Field.CONFIRMED_EPOCH.offset, next);
    confirmedEpoch = next;
    confirmedSequence = 0;
    recount();
  }

  @Override
  public long confirmed(long ofEpoch) {
    return ofEpoch == confirmedEpoch ? confirmedSequence : 0;
  }

  @Override
  public long overlapping(long offset, long length) {
    if (live > 0) {
      long end = offset + length;
      long last = Math.max(confirmed(epoch), highest - window);
      for (long s = highest; s > last; s--) {
        long at = at(s);
        if (sequence(at) == s
            && epoch(at) == epoch
            && offset(at) < end
            && offset < offset(at) + length(at)) {
          return s;
        }
      }
    }
    return liveOfOthers > 0 ? overlappingOthers(offset, length) : 0;
  }

  private long overlappingOthers(long offset, long length) {
    long found = 0;
    for (int slot = 0; slot < window; slot++) {
      long at = at(slot);
      if (unconfirmed(at) && offset(at) < offset + length && offset < offset(at) + length(at)) {
        found = Math.max(found, sequence(at));
      }
    }
    return found;
  }

  @Override
  public void visit(Visitor visitor) {
    if (isEmpty()) {
      return;
    }
    for (int slot = 0; slot < window; slot++) {
      long at = at(slot);
      if (unconfirmed(at)) {
        visitor.entry(epoch(at), sequence(at), offset(at), length(at));
      }
    }
  }

  @Override
  public boolean isEmpty() {
    return live + liveOfOthers == 0;
  }

  @Override
  public void clear() {
    // entries first: while one of them is there, what confirms it is too
    for (int slot = 0; slot < window; slot++) {
      LONG.setRelease(memory, at(slot) + 24, 0L);
    }
    LONG.setRelease(memory, (long) Field.CONFIRMED_SEQUENCE.offset, 0L);
    LONG.setRelease(memory, (long) Field.CONFIRMED_EPOCH.offset, 0L);
    confirmedEpoch = 0;
    confirmedSequence = 0;
    epoch = 0;
    highest = 0;
    live = 0;
    liveOfOthers = 0;
  }

  @Override
  public void close() {
    file.close();
  }
}
