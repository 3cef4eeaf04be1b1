package io.onehop.node.books;

import io.onehop.node.store.LegDisk;
import io.onehop.transport.Buf;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The store operations in progress on a leg: what adoption waits for (rule 2.1), what overlapping
 * writes are ordered by (rule 3.4), what fetches are answered after (rule 6.5). Objects are reused;
 * with a store that completes in place, none lives longer than a call. On the leg's thread.
 */
public final class Ops {
  /** What an operation does to the range. */
  public enum Kind {
    /** Stores a payload. */
    WRITE,
    /** Makes it zero. */
    ZERO,
    /** Reads it into {@link Op#buf}. */
    READ
  }

  /** Whoever started an operation. */
  public interface Owner {
    /** The operation ended; {@code op} is reused after the return. */
    void ended(Op op, int status);
  }

  /** One operation. Fields are the owner's to read; {@code tag*} are his to set. */
  public static final class Op implements LegDisk.Done {
    private final Ops table;
    private @Nullable Op next;
    private @Nullable Op previous;
    private boolean started;

    /** Its kind. */
    public Kind kind = Kind.WRITE;

    /** First byte, block-aligned. */
    public long offset;

    /** Bytes, whole blocks. */
    public long length;

    /** For zeroes: leave to punch. */
    public boolean punch;

    /** Payload of a write that had to wait, or destination of a read; released at the end. */
    public @Nullable Buf buf;

    /** First payload byte in {@link #buf}. */
    public int from;

    private @Nullable ByteBuffer view;

    /** Who is told. */
    public @Nullable Owner owner;

    /** The owner's. */
    public @Nullable Object tag;

    /** The owner's. */
    public long epoch;

    /** The owner's. */
    public long sequence;

    /** The owner's. */
    public long generation;

    /** The owner's. */
    public int flags;

    /** The owner's. */
    public int lane;

    /** The owner's. */
    public int type;

    Op(Ops table) {
      this.table = table;
    }

    /** The operation in progress after this one, or null. */
    public @Nullable Op next() {
      return next;
    }

    @Override
    public void done(int status) {
      table.finish(this, status);
    }
  }

  private final LegDisk disk;
  private final @Nullable Unsynced unsynced;
  private final Runnable whenIdle;
  private @Nullable Op head;
  private @Nullable Op tail;
  private @Nullable Op free;
  private int inProgress;

  /**
   * @param whenIdle called each time the last operation has ended
   */
  public Ops(LegDisk disk, Runnable whenIdle) {
    this(disk, null, whenIdle);
  }

  /**
   * The same.
   *
   * @param unsynced told of everything that is stored; null: nobody
   */
  public Ops(LegDisk disk, @Nullable Unsynced unsynced, Runnable whenIdle) {
    this.disk = disk;
    this.unsynced = unsynced;
    this.whenIdle = whenIdle;
  }

  /** A blank operation. */
  public Op take() {
    Op op = free;
    if (op == null) {
      return new Op(this);
    }
    free = op.next;
    op.next = null;
    return op;
  }

  /** Operations not ended. */
  public int inProgress() {
    return inProgress;
  }

  /** The oldest operation in progress, or null; go on by {@link Op#next()}. */
  public @Nullable Op first() {
    return head;
  }

  /**
   * Starts {@code op}, or queues it behind earlier overlapping ones.
   *
   * @param payload the bytes of a write, valid during the call only; copied by {@code copier} if
   *     the operation has to wait; null for other kinds or if {@link Op#buf} holds them
   */
  public void submit(Op op, @Nullable ByteBuffer payload, PayloadCopier copier) {
    boolean wait = overlapsEarlier(op, null);
    op.previous = tail;
    op.next = null;
    if (tail == null) {
      head = op;
    } else {
      tail.next = op;
    }
    tail = op;
    inProgress++;
    op.started = !wait;
    if (wait) {
      if (payload != null) {
        op.buf = copier.copy(payload);
        op.from = 0;
      }
      return;
    }
    run(op, payload);
  }

  /** Keeps a payload for later. */
  public interface PayloadCopier {
    /** A buffer holding {@code payload}'s remaining bytes from its first byte. */
    Buf copy(ByteBuffer payload);
  }

  private void run(Op op, @Nullable ByteBuffer payload) {
    if (unsynced != null && op.kind != Kind.READ) {
      unsynced.storing(op.offset, op.length);
    }
    switch (op.kind) {
      case WRITE -> {
        if (payload != null) {
          disk.write(op.offset, payload, op);
        } else {
          Buf b = java.util.Objects.requireNonNull(op.buf);
          ByteBuffer v = b.view(op.from, (int) op.length);
          try {
            disk.write(op.offset, v, op);
          } finally {
            b.done(v);
          }
        }
      }
      case ZERO -> disk.zero(op.offset, op.length, op.punch, op);
      case READ -> {
        // The view stays out until the read has ended: the disk may fill it later.
        Buf b = java.util.Objects.requireNonNull(op.buf);
        ByteBuffer v = b.view(op.from, (int) op.length);
        op.view = v;
        disk.read(op.offset, v, op);
      }
    }
  }

  private boolean overlapsEarlier(Op op, @Nullable Op end) {
    for (Op o = head; o != null && o != end; o = o.next) {
      if (overlaps(o, op.offset, op.length) && (o.kind != Kind.READ || op.kind != Kind.READ)) {
        return true;
      }
    }
    return false;
  }

  private static boolean overlaps(Op o, long offset, long length) {
    return o.offset < offset + length && offset < o.offset + o.length;
  }

  /** Whether a write or zero in progress overlaps the byte range. */
  public boolean writing(long offset, long length) {
    for (Op o = head; o != null; o = o.next) {
      if (o.kind != Kind.READ && overlaps(o, offset, length)) {
        return true;
      }
    }
    return false;
  }

  private void finish(Op op, int status) {
    if (op.previous == null) {
      head = op.next;
    } else {
      op.previous.next = op.next;
    }
    if (op.next == null) {
      tail = op.previous;
    } else {
      op.next.previous = op.previous;
    }
    inProgress--;
    Owner owner = op.owner;
    if (owner != null) {
      owner.ended(op, status);
    }
    long offset = op.offset;
    long length = op.length;
    if (op.buf != null) {
      if (op.view != null) {
        op.buf.done(op.view);
        op.view = null;
      }
      op.buf.release();
    }
    op.buf = null;
    op.owner = null;
    op.tag = null;
    op.previous = null;
    op.punch = false;
    op.next = free;
    free = op;
    if (head != null) {
      startWaiting(offset, length);
    }
    if (inProgress == 0) {
      whenIdle.run();
    }
  }

  private void startWaiting(long offset, long length) {
    for (Op o = head; o != null; o = o.next) {
      if (!o.started && overlaps(o, offset, length) && !overlapsEarlier(o, o)) {
        o.started = true;
        run(o, null);
        // Completion in place may have changed the list: begin again from the front.
        startWaiting(offset, length);
        return;
      }
    }
  }
}
