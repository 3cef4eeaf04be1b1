package io.onehop.node.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * A leg's disk as its data thread sees it. Everything but the completions of {@link #sync} happens
 * on that thread. Metadata (superblock, log, sets) survives the death of the process as soon as the
 * call returns (rule 3.2); what survives losing power is said per method. The simulator has its own
 * disk behind this port.
 */
public interface LegDisk extends AutoCloseable {
  /**
   * Outcome of a data operation, delivered on the leg's thread, possibly before the call returns.
   */
  interface Done {
    /**
     * The operation has ended.
     *
     * @param status {@link io.onehop.transport.Status} OK, IO_ERROR or NO_SPACE; INVALID, without
     *     having done anything, for a range that is not whole blocks inside of the leg
     */
    void done(int status);
  }

  /** Number of 4 KiB blocks. */
  long blocks();

  /** The superblock last saved. */
  Superblock superblock();

  /** Saves it, durably (also against power loss) before the return. */
  void save(Superblock superblock) throws IOException;

  /** The unconfirmed log of the present or last session. */
  UnconfirmedLog unconfirmed();

  /** Blocks unconfirmed for other reasons than a write admitted here (rules 6.6, 7.2). */
  BlockSet carried();

  /** Blocks that this leg knows that it misses itself (rule 6.2). */
  BlockSet ownMissing();

  /**
   * Blocks that the medium could not give back (rule 4.3). They count while they are in {@link
   * #ownMissing}, too; a stray one means nothing.
   */
  BlockSet unreadable();

  /** Blocks that the member with this id misses; created empty at the first call. */
  BlockSet missMap(UUID member);

  /** Whether something of the metadata could not be read whole, and why; empty if all was well. */
  String damage();

  /** Writes whole blocks; {@code from}'s remaining bytes are consumed before the return. */
  void write(long offset, ByteBuffer from, Done done);

  /** Makes whole blocks read as zeroes; {@code punch} gives leave to make a hole. */
  void zero(long offset, long length, boolean punch, Done done);

  /** Fills {@code into}'s remaining bytes. */
  void read(long offset, ByteBuffer into, Done done);

  /**
   * Everything whose {@code done} came before this call becomes durable. Runs beside the leg's
   * thread; calls made while one runs are joined into the next one.
   */
  void sync(Done done);

  /** Delivers completions of {@link #sync}; called once per turn of the loop. Returns how many. */
  int poll();

  /** Releases the lock and the files; no sync. */
  @Override
  void close();
}
