package io.onehop.node.store;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import io.onehop.node.store.RecordHeader.Verdict;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Votes in one small file, replaced as a whole: written beside, synced, renamed, the folder synced
 * (rule 1.2). One thread, not necessarily the leg's.
 */
public final class FileVoteStore implements VoteStore {
  static final String MAGIC = "OHVOTES\n";

  /** More than any encoded view. */
  static final int MAX_BYTES = 1 << 20;

  /** Where things are, behind the {@link RecordHeader}. */
  enum Field {
    PROMISED(48, 8),
    ACCEPTED_BALLOT(56, 8),
    ACCEPTED_LENGTH(64, 4);

    final int offset;
    final int size;

    Field(int offset, int size) {
      this.offset = offset;
      this.size = size;
    }
  }

  static final int FIXED = 68;

  /** Written only where the disk is kept out; format 1 ends with the accepted view. */
  static final int KEPT_OUT_FORMAT = 2;

  private final Path path;
  private final UUID pool;
  private final UUID member;

  /** Votes of {@code member} of {@code pool} in the file {@code path}, which need not exist yet. */
  public FileVoteStore(Path path, UUID pool, UUID member) {
    this.path = path;
    this.pool = pool;
    this.member = member;
  }

  @Override
  public @Nullable Vote load() throws IOException {
    if (!Files.exists(path)) {
      return null;
    }
    ByteBuffer b = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    Verdict verdict = RecordHeader.verify(b, 0, MAGIC, KEPT_OUT_FORMAT);
    if (verdict == Verdict.OTHER_VERSION) {
      throw RecordHeader.otherVersion(path, b, 0);
    }
    int length = b.limit() < FIXED ? 0 : b.getInt(Field.ACCEPTED_LENGTH.offset);
    int end = FIXED + Math.clamp(length, 0, MAX_BYTES);
    boolean more = verdict == Verdict.OK && RecordHeader.version(b, 0) == KEPT_OUT_FORMAT;
    int rest = more && b.limit() >= end + Integer.BYTES ? b.getInt(end) : 0;
    if (verdict != Verdict.OK
        || b.limit() != end + (more ? Integer.BYTES + Math.max(1, rest) : 0)) {
      throw new StoreException(
          path
              + ": the votes cannot be read, and a voter must not forget its votes:"
              + " remove this member from the pool and add it again");
    }
    if (!RecordHeader.pool(b, 0).equals(pool) || !RecordHeader.member(b, 0).equals(member)) {
      throw new StoreException(
          path
              + ": votes of member "
              + RecordHeader.member(b, 0)
              + " of pool "
              + RecordHeader.pool(b, 0)
              + ", not of member "
              + member
              + " of pool "
              + pool
              + ": put the right file back");
    }
    byte @Nullable [] accepted = null;
    if (length >= 0) {
      accepted = new byte[length];
      b.get(FIXED, accepted);
    }
    byte @Nullable [] keptOut = null;
    if (more) {
      keptOut = new byte[rest];
      b.get(end + Integer.BYTES, keptOut);
    }
    return new Vote(
        b.getLong(Field.PROMISED.offset),
        b.getLong(Field.ACCEPTED_BALLOT.offset),
        accepted,
        keptOut);
  }

  @Override
  public void save(Vote vote) throws IOException {
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    try (FileChannel c = FileChannel.open(fresh, CREATE, TRUNCATE_EXISTING, WRITE)) {
      FileBytes.write(c, encode(vote), 0);
      c.force(true);
    }
    Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    PosixFile.syncFolderOf(path);
  }

  ByteBuffer encode(Vote vote) {
    byte @Nullable [] accepted = vote.accepted();
    int length = accepted == null ? 0 : accepted.length;
    if (length > MAX_BYTES) {
      throw new IllegalArgumentException("a view of " + length + " bytes");
    }
    byte @Nullable [] keptOut = vote.keptOut();
    int end = FIXED + length;
    int format = keptOut == null ? RecordHeader.FORMAT : KEPT_OUT_FORMAT;
    ByteBuffer b =
        RecordHeader.buffer(end + (keptOut == null ? 0 : Integer.BYTES + keptOut.length));
    RecordHeader.put(b, 0, MAGIC, format, pool, member);
    b.putLong(Field.PROMISED.offset, vote.promised());
    b.putLong(Field.ACCEPTED_BALLOT.offset, vote.acceptedBallot());
    b.putInt(Field.ACCEPTED_LENGTH.offset, accepted == null ? -1 : length);
    if (accepted != null) {
      b.put(FIXED, accepted);
    }
    if (keptOut != null) {
      b.putInt(end, keptOut.length);
      b.put(end + Integer.BYTES, keptOut);
    }
    RecordHeader.seal(b, 0);
    return b;
  }
}
