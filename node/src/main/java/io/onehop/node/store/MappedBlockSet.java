package io.onehop.node.store;

import static java.nio.file.StandardOpenOption.READ;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.UUID;

/**
 * A bitmap in a sparse mapped file, one bit per block. Every store is of one aligned word, so a
 * killed process leaves each word old or new (rule 3.2). Where the words are zero is kept in memory
 * per 4 KiB page, so walking an empty set of a 16 TiB pool is quick. One thread.
 *
 * <p>{@link #add} of a set bigger than 64 MiB (pools above 2 TiB) reserves disk space; a full disk
 * is an {@link UncheckedIOException}: what was to be marked is then not marked, and the leg must
 * stop serving.
 */
public final class MappedBlockSet implements BlockSet, AutoCloseable {
  static final String MAGIC = "OHBLKSET";

  /** What a set is for. */
  enum Kind {
    CARRIED(1),
    OWN_MISSING(2),
    MISS(3),
    UNREADABLE(4);

    final int code;

    Kind(int code) {
      this.code = code;
    }
  }

  /** Where things are in the header page, behind the {@link RecordHeader}. */
  enum Field {
    SUBJECT(48, 16),
    KIND(64, 4),
    BLOCKS(72, 8);

    final int offset;
    final int size;

    Field(int offset, int size) {
      this.offset = offset;
      this.size = size;
    }
  }

  /**
   * Whose set it is; {@code subject} is the member that misses, the leg itself for its own sets.
   */
  record Owner(UUID pool, UUID leg, Kind kind, UUID subject) {}

  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int PAGE_WORDS_SHIFT = 9;
  private static final int PAGE_WORDS = 1 << PAGE_WORDS_SHIFT;

  private final MetadataFile file;
  private final MemorySegment memory;
  private final long blocks;
  private final long words;
  private final long[] summary;
  private final String damage;
  private long size;

  private MappedBlockSet(MetadataFile file, long blocks, String damage) {
    this.file = file;
    this.memory = file.memory();
    this.blocks = blocks;
    this.words = (blocks + 63) >>> 6;
    long pages = (words + PAGE_WORDS - 1) >>> PAGE_WORDS_SHIFT;
    this.summary = new long[Math.toIntExact((pages + 63) >>> 6)];
    this.damage = damage;
  }

  static long fileBytes(long blocks) {
    long pages = ((blocks + 63) / 64 + PAGE_WORDS - 1) / PAGE_WORDS;
    return MetadataFile.HEADER + pages * PAGE_WORDS * 8;
  }

  static ByteBuffer header(Owner owner, long blocks) {
    ByteBuffer b = RecordHeader.buffer(MetadataFile.HEADER);
    RecordHeader.put(b, 0, MAGIC, owner.pool(), owner.leg());
    RecordHeader.putUuid(b, Field.SUBJECT.offset, owner.subject());
    b.putInt(Field.KIND.offset, owner.kind().code);
    b.putLong(Field.BLOCKS.offset, blocks);
    RecordHeader.seal(b, 0);
    return b;
  }

  /** Makes an empty set, durably. */
  static void create(Path path, Owner owner, long blocks) throws IOException {
    MetadataFile.create(path, header(owner, blocks), fileBytes(blocks));
  }

  /**
   * Opens a set. One that is missing or cannot be read whole is replaced by the set of all blocks,
   * durably, before {@link #damage} tells it: a map that cannot be read is everything (rule 8.2).
   */
  static MappedBlockSet open(Path path, Owner owner, long blocks) throws IOException {
    String damage = check(path, owner, blocks);
    if (damage.isEmpty()) {
      MappedBlockSet set = map(path, blocks, "");
      set.count();
      return set;
    }
    // filled under another name: a process killed here finds the damage again
    Path fresh = path.resolveSibling(path.getFileName() + ".all");
    Files.deleteIfExists(fresh);
    create(fresh, owner, blocks);
    MappedBlockSet set = map(fresh, blocks, path.getFileName() + ": " + damage);
    try {
      set.add(0, blocks);
      set.force();
      Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      PosixFile.syncFolderOf(path);
      return set;
    } catch (Throwable t) {
      set.close();
      throw t;
    }
  }

  private static MappedBlockSet map(Path path, long blocks, String damage) throws IOException {
    return new MappedBlockSet(MetadataFile.open(path, fileBytes(blocks)), blocks, damage);
  }

  private static String check(Path path, Owner owner, long blocks) throws IOException {
    if (!Files.exists(path)) {
      return "is missing";
    }
    try (FileChannel c = FileChannel.open(path, READ)) {
      ByteBuffer b = FileBytes.some(c, 0, MetadataFile.HEADER);
      return switch (RecordHeader.verify(b, 0, MAGIC)) {
        case OTHER_VERSION -> throw RecordHeader.otherVersion(path, b, 0);
        case EMPTY, FOREIGN -> "is no block set";
        case TORN -> "has a damaged header";
        case OK ->
            !b.equals(header(owner, blocks))
                ? "belongs to another leg or member"
                : c.size() != fileBytes(blocks) ? "has the wrong length" : "";
      };
    }
  }

  /** Counts the members; only where the file has data, which is not much of a sparse one. */
  private void count() {
    long donePage = 0;
    long pages = (words + PAGE_WORDS - 1) >>> PAGE_WORDS_SHIFT;
    for (long at = file.nextData(MetadataFile.HEADER); donePage < pages; ) {
      long page = Math.max(donePage, (at - MetadataFile.HEADER) >>> (PAGE_WORDS_SHIFT + 3));
      if (page >= pages) {
        return;
      }
      long hole = file.nextHole(at);
      long end = (hole - MetadataFile.HEADER + 4095) >>> (PAGE_WORDS_SHIFT + 3);
      for (; page < end && page < pages; page++) {
        countPage(page);
      }
      donePage = page;
      at = file.nextData(Math.max(hole, at + 1));
    }
  }

  private void countPage(long page) {
    long first = page << PAGE_WORDS_SHIFT;
    long last = Math.min(first + PAGE_WORDS, words);
    long n = 0;
    for (long w = first; w < last; w++) {
      n += Long.bitCount(word(w));
    }
    size += n;
    if (n > 0) {
      summary[(int) (page >>> 6)] |= 1L << page;
    }
  }

  /** Why it could not be read whole, or empty. */
  public String damage() {
    return damage;
  }

  private static long at(long word) {
    return MetadataFile.HEADER + (word << 3);
  }

  private long word(long w) {
    return memory.get(WORD, at(w));
  }

  private boolean pageEmpty(long page) {
    return (summary[(int) (page >>> 6)] & (1L << page)) == 0;
  }

  private void check(long from, long to) {
    if (from < 0 || from > to || to > blocks) {
      throw new IndexOutOfBoundsException("blocks [" + from + ", " + to + ") of " + blocks);
    }
  }

  @Override
  public void add(long from, long to) {
    check(from, to);
    if (from == to) {
      return;
    }
    long first = from >>> 6;
    long last = (to - 1) >>> 6;
    try {
      file.touch(at(first), at(last) + 8);
    } catch (StoreException e) {
      throw new UncheckedIOException(e);
    }
    for (long w = first; w <= last; w++) {
      long old = word(w);
      long now = old | mask(w, first, last, from, to);
      if (old != now) {
        memory.set(WORD, at(w), now);
        size += Long.bitCount(now ^ old);
        long page = w >>> PAGE_WORDS_SHIFT;
        summary[(int) (page >>> 6)] |= 1L << page;
      }
    }
  }

  @Override
  public void remove(long from, long to) {
    check(from, to);
    if (from == to) {
      return;
    }
    long first = from >>> 6;
    long last = (to - 1) >>> 6;
    for (long w = first; w <= last; w++) {
      long page = w >>> PAGE_WORDS_SHIFT;
      if (pageEmpty(page)) {
        w = nextPage(page + 1) << PAGE_WORDS_SHIFT;
        w--;
        continue;
      }
      long old = word(w);
      long now = old & ~mask(w, first, last, from, to);
      if (old != now) {
        memory.set(WORD, at(w), now);
        size -= Long.bitCount(now ^ old);
      }
    }
  }

  private static long mask(long w, long first, long last, long from, long to) {
    long mask = -1L;
    if (w == first) {
      mask &= -1L << from;
    }
    if (w == last) {
      mask &= -1L >>> -to;
    }
    return mask;
  }

  @Override
  public boolean contains(long block) {
    return block >= 0
        && block < blocks
        && !pageEmpty(block >>> (PAGE_WORDS_SHIFT + 6))
        && (word(block >>> 6) & (1L << block)) != 0;
  }

  /** The first page at or after {@code page} that may hold members; beyond the last if none. */
  private long nextPage(long page) {
    int i = (int) (page >>> 6);
    if (i >= summary.length) {
      return page;
    }
    long rest = summary[i] & (-1L << page);
    while (rest == 0) {
      if (++i == summary.length) {
        return (long) i << 6;
      }
      rest = summary[i];
    }
    return ((long) i << 6) + Long.numberOfTrailingZeros(rest);
  }

  @Override
  public long next(long from) {
    if (size == 0 || from >= blocks) {
      return -1;
    }
    long start = Math.max(from, 0);
    long w = start >>> 6;
    long mask = -1L << start;
    while (w < words) {
      long page = nextPage(w >>> PAGE_WORDS_SHIFT);
      long first = page << PAGE_WORDS_SHIFT;
      if (first > w) {
        w = first;
        mask = -1L;
      }
      boolean whole = w == first && mask == -1L;
      for (long end = Math.min(first + PAGE_WORDS, words); w < end; w++) {
        long found = word(w) & mask;
        mask = -1L;
        if (found != 0) {
          return (w << 6) + Long.numberOfTrailingZeros(found);
        }
      }
      if (whole && page < (long) summary.length << 6) {
        // emptied since: the next walk skips it
        summary[(int) (page >>> 6)] &= ~(1L << page);
      }
    }
    return -1;
  }

  @Override
  public long nextAbsent(long from) {
    if (from >= blocks) {
      return blocks;
    }
    long start = Math.max(from, 0);
    long w = start >>> 6;
    if (pageEmpty(w >>> PAGE_WORDS_SHIFT)) {
      return start;
    }
    long absent = ~word(w) & (-1L << start);
    while (absent == 0) {
      if (++w >= words) {
        return blocks;
      }
      absent = ~word(w);
    }
    return Math.min(blocks, (w << 6) + Long.numberOfTrailingZeros(absent));
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public void clear() {
    long pages = (words + PAGE_WORDS - 1) >>> PAGE_WORDS_SHIFT;
    for (long p = nextPage(0); p < pages; p = nextPage(p + 1)) {
      memory.asSlice(at(p << PAGE_WORDS_SHIFT), PAGE_WORDS << 3).fill((byte) 0);
    }
    Arrays.fill(summary, 0);
    size = 0;
  }

  @Override
  public void force() throws IOException {
    file.force();
  }

  @Override
  public void close() {
    file.close();
  }
}
