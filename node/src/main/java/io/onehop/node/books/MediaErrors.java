package io.onehop.node.books;

import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.BufPool;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

/**
 * What becomes of a read that failed (rule 4.3): its blocks are tried one by one; those that cannot
 * be read are missing from then on, durably, and heal from a peer. A block for which this leg has
 * answered and that others may not have yet ends the run instead, and so do too many errors. On the
 * leg's data thread; rare, so it may allocate.
 */
public final class MediaErrors implements Ops.Owner {
  /** Told what a trial found. */
  public interface Then {
    /**
     * Each block of the range was tried.
     *
     * @param lost blocks that could not be read; -1 if too many other trials are waiting
     */
    void tried(long lost);
  }

  private record Trial(long offset, long length, Then then) {}

  private static final int BLOCK = PoolView.BLOCK_SIZE;
  private static final int MOST_WAITING = 256;

  /** A disk that loses more blocks than this within {@link #WINDOW_NANOS} is not used any more. */
  static final int MOST_LOST = 256;

  private static final long WINDOW_NANOS = 60_000_000_000L;

  private final LegBooks books;
  private final Ops ops;
  private final BufPool bufs;
  private final Loop loop;
  private final Consumer<String> diskFailed;
  private final ArrayDeque<Trial> waiting = new ArrayDeque<>();
  private final RoaringBitmap lost = new RoaringBitmap();
  private @Nullable Trial trial;
  private long at;
  private boolean stepping;
  private boolean ended;
  private long errors;
  private long windowStart;
  private long inWindow;

  /**
   * @param bufs where the trials read to
   * @param diskFailed told why this run must end
   */
  public MediaErrors(
      LegBooks books, Ops ops, BufPool bufs, Loop loop, Consumer<String> diskFailed) {
    this.books = books;
    this.ops = ops;
    this.bufs = bufs;
    this.loop = loop;
    this.diskFailed = diskFailed;
  }

  /** Blocks found unreadable in this run, each time counted. */
  public long errors() {
    return errors;
  }

  /** Nothing more is tried. */
  public void end() {
    ended = true;
    waiting.clear();
  }

  /** A read of these bytes, whole blocks, ended with IO_ERROR. */
  public void failed(long offset, long length, Then then) {
    if (ended || waiting.size() >= MOST_WAITING) {
      then.tried(-1);
      return;
    }
    waiting.add(new Trial(offset, length, then));
    step();
  }

  /** Goes on until an operation is under way or nothing is left; in place where the disk is. */
  private void step() {
    if (stepping) {
      return;
    }
    stepping = true;
    try {
      while (!ended && !reading) {
        Trial t = trial;
        if (t == null) {
          t = waiting.poll();
          if (t == null) {
            return;
          }
          trial = t;
          at = t.offset;
          lost.clear();
        }
        if (at < t.offset + t.length) {
          read();
        } else {
          trial = null;
          judge(t);
        }
      }
    } finally {
      stepping = false;
    }
  }

  private boolean reading;

  private void read() {
    reading = true;
    Ops.Op op = ops.take();
    op.kind = Ops.Kind.READ;
    op.offset = at;
    op.length = BLOCK;
    op.buf = bufs.take(BLOCK);
    op.from = 0;
    op.owner = this;
    ops.submit(
        op,
        null,
        payload -> {
          throw new IllegalStateException("a read has no payload");
        });
  }

  @Override
  public void ended(Ops.Op op, int status) {
    if (status == Status.IO_ERROR) {
      lost.add((int) (op.offset / BLOCK));
    }
    at += BLOCK;
    reading = false;
    step();
  }

  private void judge(Trial t) {
    // A leg out of the write set answers for nothing.
    if (!lost.isEmpty() && books.state().inWriteSet()) {
      String why = record();
      if (!why.isEmpty()) {
        diskFailed.accept(why);
        return;
      }
    }
    t.then.tried(lost.getCardinality());
  }

  /** Empty, or why this leg must fail. */
  private String record() {
    errors += lost.getCardinality();
    long now = loop.now();
    if (now - windowStart > WINDOW_NANOS) {
      windowStart = now;
      inWindow = 0;
    }
    inWindow += lost.getCardinality();
    if (inWindow > MOST_LOST) {
      return "the disk is failing: " + inWindow + " blocks could not be read within a minute";
    }
    for (int b : lost) {
      String which = "block " + b + " (byte " + (long) b * BLOCK + ") cannot be read";
      if (answeredFor((long) b * BLOCK) && books.rules.mediaErrorWithUnconfirmedFails()) {
        return which + ", and other legs may not have its last write yet";
      }
      if (decides()) {
        return which + ", and this leg was to decide what is in it";
      }
    }
    try {
      books.unreadable(lost);
    } catch (IOException | UncheckedIOException e) {
      return "own-missing set: " + e.getMessage();
    }
    return "";
  }

  private boolean answeredFor(long offset) {
    return books.disk.unconfirmed().overlapping(offset, BLOCK) != 0
        || books.disk.carried().contains(offset / BLOCK)
        || ops.writing(offset, BLOCK);
  }

  /** Whether others copy from this leg now (rule 7.2). */
  private boolean decides() {
    PoolView v = books.view();
    return v != null
        && books.state() == LegState.IN_SYNC
        && v.phase() instanceof Phase.Reconciling r
        && r.authority() == books.self();
  }
}
