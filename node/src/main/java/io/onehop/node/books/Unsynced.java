package io.onehop.node.books;

import io.onehop.node.store.LegDisk;
import io.onehop.node.store.Superblock;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * Which 4 MiB extents were stored to since the last good store sync. After a failed one nobody
 * knows which of them the kernel still has, so they are suspect together with the unconfirmed set
 * (rule 3.10). In memory: a process that dies loses nothing of the page cache; so until the first
 * good sync of a run everything counts, for what the run before left there. On the leg's thread; no
 * allocation after the start.
 */
public final class Unsynced implements LegDisk.Done {
  /** Bytes of an extent. */
  static final long EXTENT = 4L << 20;

  private final LegBooks books;

  /** Stored to since the tracked sync began; and before it, since the good one before. */
  private final long[] since;

  private final long[] covered;
  private LegDisk.@Nullable Done waiting;

  Unsynced(LegBooks books) {
    this.books = books;
    long extents = (books.disk.blocks() * PoolView.BLOCK_SIZE + EXTENT - 1) / EXTENT;
    this.since = new long[Math.toIntExact((extents + 63) >>> 6)];
    this.covered = new long[since.length];
    java.util.Arrays.fill(covered, -1L);
  }

  /** Bytes [offset, offset + length) are about to be stored. */
  void storing(long offset, long length) {
    for (long e = offset / EXTENT; e <= (offset + length - 1) / EXTENT; e++) {
      since[(int) (e >>> 6)] |= 1L << e;
    }
  }

  /** See {@link LegBooks#sync}. One at a time moves the books; others only wait. */
  void sync(LegDisk.Done done) {
    if (waiting != null) {
      books.disk.sync(done);
      return;
    }
    waiting = done;
    for (int i = 0; i < since.length; i++) {
      covered[i] |= since[i];
      since[i] = 0;
    }
    books.disk.sync(this);
  }

  @Override
  public void done(int status) {
    LegDisk.Done then = java.util.Objects.requireNonNull(waiting);
    waiting = null;
    if (status == Status.OK) {
      java.util.Arrays.fill(covered, 0);
    }
    then.done(status);
  }

  /**
   * A store sync failed: what may be lost is suspect, durably if that can be had at all. The run
   * must end; the next one finds it in own-missing, where it stays until it has healed.
   *
   * @return what to tell of it
   */
  String failed(String what) {
    String why = "a store sync failed (" + what + ")";
    try {
      long blocks = EXTENT / PoolView.BLOCK_SIZE;
      for (long e = 0; e * blocks < books.disk.blocks(); e++) {
        int i = (int) (e >>> 6);
        if (((since[i] | covered[i]) & 1L << e) != 0) {
          books.disk.ownMissing().add(e * blocks, Math.min((e + 1) * blocks, books.disk.blocks()));
        }
      }
      books.addUnconfirmed(books.disk.ownMissing());
      books.disk.ownMissing().force();
      // As after losing power: acknowledged, unflushed writes may be gone (rule 8.5).
      Superblock sb = books.disk.superblock();
      books.disk.save(sb.run(sb.incarnation(), sb.bootId(), false, true, sb.missesEverything()));
    } catch (IOException | UncheckedIOException e) {
      return why + ", and that could not be recorded: " + e.getMessage();
    }
    return why;
  }
}
