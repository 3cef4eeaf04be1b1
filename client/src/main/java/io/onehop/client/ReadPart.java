package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** One frame's worth of a read: what is asked for, where it goes, who has been asked. Pooled. */
final class ReadPart {
  final int index;

  /** Of the last frame sent for it: its low bits are {@link #index}. */
  long id;

  @Nullable Op op;

  /** An edge block of a write. */
  boolean edge;

  /** What is asked for now; blocks up to {@link #end} are asked for afterwards. */
  long offset;

  int length;
  long end;

  /** Bytes of all that are wanted, and where the first of them goes. */
  long wantedFrom;

  long wantedTo;
  @Nullable Buf into;
  int at;

  /** Bytes at first, for the bound on all. */
  int size;

  /** Who owes the answer; -1 if nobody. */
  int leg = -1;

  /** Legs that could not serve it just now, and those that have not got it; masks. */
  int tried;

  int failed;
  long sentAt;
  long parkedAt;

  /** Since when every leg in sync has lost the block; {@link Long#MAX_VALUE} if not. */
  long lostSince;

  /** For a lease, a connection, a view or a credit. */
  boolean waiting;

  ReadPart(int index) {
    this.index = index;
  }

  /** Whole blocks, all of them wanted, for nobody to be asked yet. */
  void begin(Op forOp, long from, int bytes) {
    op = forOp;
    edge = false;
    offset = from;
    size = bytes;
    end = from + bytes;
    wantedFrom = from;
    wantedTo = end;
    at = 0;
    leg = -1;
    waiting = false;
    ask(bytes);
  }

  /** Belongs to nobody. */
  void clear() {
    op = null;
    into = null;
    leg = -1;
    waiting = false;
    size = 0;
  }

  /** Asks for the first half alone, of all legs again. */
  void halve() {
    ask(Math.max(PoolView.BLOCK_SIZE, length / 2 & -PoolView.BLOCK_SIZE));
  }

  /** Goes on behind what has come; whether there is more. */
  boolean advance() {
    offset += length;
    if (offset >= end) {
      return false;
    }
    ask((int) (end - offset));
    return true;
  }

  private void ask(int newLength) {
    length = newLength;
    tried = 0;
    failed = 0;
    lostSince = Long.MAX_VALUE;
  }

  /** Takes what is wanted of an answer; null: zeroes. */
  void take(@Nullable ByteBuffer payload) {
    Buf to = into;
    long from = Math.max(wantedFrom, offset);
    int bytes = (int) (Math.min(wantedTo, offset + length) - from);
    if (to == null || bytes <= 0) {
      return;
    }
    int target = (int) (at + (from - wantedFrom));
    if (payload == null) {
      Edges.zero(to, target, bytes);
    } else {
      to.bytes().put(target, payload, payload.position() + (int) (from - offset), bytes);
    }
  }
}
