package io.onehop.client;

import io.onehop.client.BlockDevice.Completion;
import io.onehop.transport.Buf;
import org.jspecify.annotations.Nullable;

/**
 * One request of the application, from submission to its last effect. Pooled; all links intrusive.
 */
final class Op {
  static final int READ = 0;
  static final int WRITE = 1;
  static final int ZERO = 2;
  static final int FLUSH = 3;

  int kind;
  long offset;
  long length;
  @Nullable Buf buf;
  int at;
  boolean fua;
  boolean punch;
  @Nullable Completion done;
  long submitted;

  /** Whole blocks around [offset, offset + length): what is locked and what travels. */
  long from;

  long to;

  /** Everything before it was handed to the tables. */
  long fed;

  /** Parts handed over and not complete. */
  int pending;

  /** Edge blocks still being read. */
  int edges;

  /** First error; OK else. */
  int status;

  /** The application has its answer (rule 3.7), or never waits for one. */
  boolean reported;

  /** Waits in a feed queue or is being fed. */
  boolean started;

  @Nullable Buf head;
  @Nullable Buf tail;

  // Range locks.
  boolean inLocks;
  boolean wide;
  long ticket;
  int blockers;
  final LockNode first = new LockNode(this);
  final LockNode second = new LockNode(this);
  final LockNode among = new LockNode(this);

  // Lists of Requests.
  @Nullable Op olderOp;
  @Nullable Op newerOp;
  @Nullable Op nextInQueue;

  boolean exclusive() {
    return kind != READ;
  }

  /** Place in one list of the lock table. */
  static final class LockNode {
    final Op op;
    long region;
    @Nullable LockNode prev;
    @Nullable LockNode next;

    LockNode(Op op) {
      this.op = op;
    }
  }

  /** First-in first-out list through {@link #nextInQueue}; an op is in at most one. */
  static final class Queue {
    private @Nullable Op first;
    private @Nullable Op last;

    @Nullable Op peek() {
      return first;
    }

    void add(Op op) {
      op.nextInQueue = null;
      if (last == null) {
        first = op;
      } else {
        last.nextInQueue = op;
      }
      last = op;
    }

    @Nullable Op poll() {
      Op op = first;
      if (op != null) {
        first = op.nextInQueue;
        if (first == null) {
          last = null;
        }
        op.nextInQueue = null;
      }
      return op;
    }

    /** Takes {@code op} out, wherever it stands; nothing if it is not here. */
    void remove(Op op) {
      Op before = null;
      for (Op o = first; o != null; o = o.nextInQueue) {
        if (o == op) {
          if (before == null) {
            first = op.nextInQueue;
          } else {
            before.nextInQueue = op.nextInQueue;
          }
          last = last == op ? before : last;
          op.nextInQueue = null;
          return;
        }
        before = o;
      }
    }

    void clear() {
      while (poll() != null) {
        // Unlinks one by one: pooled ops must not keep old links.
      }
    }
  }
}
