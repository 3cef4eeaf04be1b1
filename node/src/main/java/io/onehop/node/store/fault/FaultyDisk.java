package io.onehop.node.store.fault;

import io.onehop.node.store.BlockSet;
import io.onehop.node.store.LegDisk;
import io.onehop.node.store.Superblock;
import io.onehop.node.store.UnconfirmedLog;
import io.onehop.node.store.fault.Faults.Kind;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.UUID;

/**
 * A disk whose data operations fail or take long as its {@link Faults} say. Slow ones do not keep
 * the thread: the store has them at once, their completion comes later by the loop. Metadata are
 * the inner disk's own. On the leg's thread.
 */
public final class FaultyDisk implements LegDisk {
  private static final int BLOCK = PoolView.BLOCK_SIZE;

  private final LegDisk inner;
  private final Loop loop;
  private final Faults faults;
  private final ArrayDeque<Done> failedSyncs = new ArrayDeque<>();
  private boolean syncFailed;
  private boolean closed;

  /** Decorates {@code inner}; {@code faults} may change at any time. */
  public FaultyDisk(LegDisk inner, Loop loop, Faults faults) {
    this.inner = inner;
    this.loop = loop;
    this.faults = faults;
  }

  /** Whether it was closed. On the leg's thread. */
  public boolean closed() {
    return closed;
  }

  /** A completion that comes after {@code delay}, and not at all once the disk is closed. */
  private Done late(long delay, Done done) {
    if (delay <= 0) {
      return done;
    }
    return status ->
        loop.schedule(
            delay,
            () -> {
              if (!closed) {
                done.done(status);
              }
            });
  }

  @Override
  public void write(long offset, ByteBuffer from, Done done) {
    long first = offset / BLOCK;
    long length = from.remaining();
    long end = first + length / BLOCK;
    Done then = late(faults.delay(Kind.SLOW_WRITE, first, end), done);
    int failure = failure(first, end);
    if (failure != Status.OK) {
      from.position(from.limit());
      then.done(failure);
    } else if (faults.strikes(Kind.SHORT_WRITE, first, end)) {
      int half = (int) ((end - first) / 2 * BLOCK);
      int limit = from.limit();
      from.limit(from.position() + half);
      inner.write(
          offset,
          from,
          status -> {
            stored(status, first, first + half / BLOCK);
            then.done(status == Status.OK ? Status.NO_SPACE : status);
          });
      from.limit(limit).position(limit);
    } else {
      inner.write(
          offset,
          from,
          status -> {
            stored(status, first, end);
            then.done(status);
          });
    }
  }

  @Override
  public void zero(long offset, long length, boolean punch, Done done) {
    long first = offset / BLOCK;
    long end = first + length / BLOCK;
    Done then = late(faults.delay(Kind.SLOW_WRITE, first, end), done);
    int failure = failure(first, end);
    if (failure != Status.OK) {
      then.done(failure);
      return;
    }
    inner.zero(
        offset,
        length,
        punch,
        status -> {
          stored(status, first, end);
          then.done(status);
        });
  }

  private int failure(long from, long to) {
    if (faults.strikes(Kind.WRITE_ERROR, from, to)) {
      return Status.IO_ERROR;
    }
    return faults.strikes(Kind.NO_SPACE, from, to) ? Status.NO_SPACE : Status.OK;
  }

  private void stored(int status, long from, long to) {
    if (status == Status.OK) {
      faults.stored(from, to);
    }
  }

  @Override
  public void read(long offset, ByteBuffer into, Done done) {
    long first = offset / BLOCK;
    long end = first + into.remaining() / BLOCK;
    Done then = late(faults.delay(Kind.SLOW_READ, first, end), done);
    if (faults.strikes(Kind.READ_ERROR, first, end)) {
      then.done(Status.IO_ERROR);
    } else {
      inner.read(offset, into, then);
    }
  }

  @Override
  public void sync(Done done) {
    Done then = late(faults.delay(Kind.SLOW_SYNC, 0, Long.MAX_VALUE), done);
    syncFailed |= faults.strikes(Kind.SYNC_ERROR, 0, Long.MAX_VALUE);
    if (syncFailed) {
      failedSyncs.add(then);
      loop.execute(() -> {}); // a turn of the loop polls
    } else {
      inner.sync(then);
    }
  }

  @Override
  public int poll() {
    int n = 0;
    for (int waiting = failedSyncs.size(); waiting > 0; waiting--) {
      n++;
      failedSyncs.remove().done(Status.IO_ERROR);
    }
    return n + inner.poll();
  }

  @Override
  public long blocks() {
    return inner.blocks();
  }

  @Override
  public Superblock superblock() {
    return inner.superblock();
  }

  @Override
  public void save(Superblock superblock) throws IOException {
    inner.save(superblock);
  }

  @Override
  public UnconfirmedLog unconfirmed() {
    return inner.unconfirmed();
  }

  @Override
  public BlockSet carried() {
    return inner.carried();
  }

  @Override
  public BlockSet ownMissing() {
    return inner.ownMissing();
  }

  @Override
  public BlockSet unreadable() {
    return inner.unreadable();
  }

  @Override
  public BlockSet missMap(UUID member) {
    return inner.missMap(member);
  }

  @Override
  public String damage() {
    return inner.damage();
  }

  @Override
  public void close() {
    closed = true;
    failedSyncs.clear();
    inner.close();
  }
}
