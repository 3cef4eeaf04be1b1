package io.onehop.node.store;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.onehop.node.store.RecordHeader.Verdict;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The superblock's file: two slots written alternately, each checksummed, so that a torn write
 * leaves the former one. One thread.
 */
final class SuperblockFile implements AutoCloseable {
  static final String MAGIC = "OHSUPER\n";
  static final int SLOT = 4096;
  static final int CLEAN = 1;
  static final int LOST_POWER = 2;

  /** Where things are in a slot, behind the {@link RecordHeader}. */
  enum Field {
    SEQUENCE(48, 8),
    LINEAGE(56, 16),
    SIZE_BYTES(72, 8),
    ADOPTED_GENERATION(80, 8),
    LAST_IN_SYNC(88, 8),
    INCARNATION(96, 8),
    BOOT_ID(104, 16),
    FLAGS(120, 4),
    NAME_LENGTH(124, 2),
    REASON_LENGTH(126, 2),
    NAME(128, 256),
    REASON(384, 1024);

    final int offset;
    final int size;

    Field(int offset, int size) {
      this.offset = offset;
      this.size = size;
    }
  }

  private final Path path;
  private final FileChannel channel;
  private Superblock current;
  private long sequence;
  private int slot;
  private boolean failed;
  private final String damage;

  private SuperblockFile(
      Path path, FileChannel channel, Superblock current, long sequence, int slot, String damage) {
    this.path = path;
    this.channel = channel;
    this.current = current;
    this.sequence = sequence;
    this.slot = slot;
    this.damage = damage;
  }

  /** Writes both slots of a new file, durably. */
  static void create(Path path, Superblock first) throws IOException {
    try (FileChannel c = FileChannel.open(path, CREATE_NEW, WRITE)) {
      FileBytes.write(c, encode(first, 1), 0);
      FileBytes.write(c, encode(first, 2), SLOT);
      c.force(true);
    }
  }

  /** Opens it at its newest readable slot. */
  static SuperblockFile open(Path path) throws IOException {
    FileChannel c = FileChannel.open(path, READ, WRITE);
    try {
      return read(path, c);
    } catch (Throwable t) {
      c.close();
      throw t;
    }
  }

  private static SuperblockFile read(Path path, FileChannel c) throws IOException {
    @Nullable ByteBuffer best = null;
    int bestSlot = 0;
    int bad = -1;
    for (int i = 0; i < 2; i++) {
      ByteBuffer b = FileBytes.some(c, (long) i * SLOT, SLOT);
      switch (b.limit() < SLOT ? Verdict.TORN : RecordHeader.verify(b, 0, MAGIC)) {
        case OTHER_VERSION -> throw RecordHeader.otherVersion(path, b, 0);
        case EMPTY, FOREIGN, TORN -> bad = i;
        case OK -> {
          if (best == null
              || b.getLong(Field.SEQUENCE.offset) > best.getLong(Field.SEQUENCE.offset)) {
            best = b;
            bestSlot = i;
          }
        }
      }
    }
    if (best == null) {
      throw new StoreException(
          path
              + ": no readable superblock in it (both slots are damaged or of something else):"
              + " remove this leg from the pool and add it again with an empty store");
    }
    String damage = bad < 0 ? "" : path.getFileName() + ": slot " + bad + " cannot be read";
    return new SuperblockFile(
        path, c, decode(best), best.getLong(Field.SEQUENCE.offset), bestSlot, damage);
  }

  Superblock current() {
    return current;
  }

  String damage() {
    return damage;
  }

  /** Durable before the return. After a failure every later call fails too (rule 3.10). */
  void save(Superblock next) throws IOException {
    if (!next.pool().equals(current.pool())
        || !next.leg().equals(current.leg())
        || next.sizeBytes() != current.sizeBytes()) {
      throw new IllegalArgumentException("a superblock of another leg: " + next);
    }
    if (failed) {
      throw new StoreException(path + ": an earlier save failed: restart the node");
    }
    ByteBuffer b = encode(next, sequence + 1);
    // until the save succeeded nobody knows what its slot holds: the other one stays untouched
    failed = true;
    FileBytes.write(channel, b, (long) (1 - slot) * SLOT);
    channel.force(false);
    failed = false;
    slot = 1 - slot;
    sequence++;
    current = next;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  static ByteBuffer encode(Superblock s, long sequence) {
    ByteBuffer b = RecordHeader.buffer(SLOT);
    RecordHeader.put(b, 0, MAGIC, s.pool(), s.leg());
    b.putLong(Field.SEQUENCE.offset, sequence);
    RecordHeader.putUuid(b, Field.LINEAGE.offset, s.lineage());
    b.putLong(Field.SIZE_BYTES.offset, s.sizeBytes());
    b.putLong(Field.ADOPTED_GENERATION.offset, s.adoptedGeneration());
    b.putLong(Field.LAST_IN_SYNC.offset, s.lastInSync());
    b.putLong(Field.INCARNATION.offset, s.incarnation());
    RecordHeader.putUuid(b, Field.BOOT_ID.offset, s.bootId());
    b.putInt(Field.FLAGS.offset, (s.clean() ? CLEAN : 0) | (s.lostPower() ? LOST_POWER : 0));
    byte[] name = s.poolName().getBytes(StandardCharsets.UTF_8);
    if (name.length > Field.NAME.size) {
      throw new IllegalArgumentException("pool name longer than " + Field.NAME.size + " bytes");
    }
    b.putShort(Field.NAME_LENGTH.offset, (short) name.length);
    b.put(Field.NAME.offset, name);
    byte[] reason = utf8Start(s.missesEverything(), Field.REASON.size);
    b.putShort(Field.REASON_LENGTH.offset, (short) reason.length);
    b.put(Field.REASON.offset, reason);
    RecordHeader.seal(b, 0);
    return b;
  }

  static Superblock decode(ByteBuffer b) {
    int flags = b.getInt(Field.FLAGS.offset);
    return new Superblock(
        RecordHeader.pool(b, 0),
        text(b, Field.NAME, b.getShort(Field.NAME_LENGTH.offset)),
        RecordHeader.member(b, 0),
        uuid(b, Field.LINEAGE),
        b.getLong(Field.SIZE_BYTES.offset),
        b.getLong(Field.ADOPTED_GENERATION.offset),
        b.getLong(Field.LAST_IN_SYNC.offset),
        b.getLong(Field.INCARNATION.offset),
        uuid(b, Field.BOOT_ID),
        (flags & CLEAN) != 0,
        (flags & LOST_POWER) != 0,
        text(b, Field.REASON, b.getShort(Field.REASON_LENGTH.offset)));
  }

  private static UUID uuid(ByteBuffer b, Field f) {
    return RecordHeader.uuid(b, f.offset);
  }

  private static String text(ByteBuffer b, Field f, int length) {
    byte[] bytes = new byte[Math.clamp(length, 0, f.size)];
    b.get(f.offset, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** The text is for people: a longer one is cut, at a character. */
  private static byte[] utf8Start(String s, int most) {
    byte[] all = s.getBytes(StandardCharsets.UTF_8);
    if (all.length <= most) {
      return all;
    }
    int end = most;
    while (end > 0 && (all[end] & 0xC0) == 0x80) {
      end--;
    }
    return Arrays.copyOf(all, end);
  }
}
