package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.transport.Buf;
import org.jspecify.annotations.Nullable;

/** One frame's worth of a read: what is asked for, where it goes, who has been asked. Pooled. */
final class ReadPart {
  final int index;

  /** Of the last frame sent for it: its low bits are {@link #index}. */
  long id;

  @Nullable Op op;

  /** An edge block of a write. */
  boolean edge;

  long offset;
  int length;

  /** Bytes of the answer before those wanted, and how many are. */
  int skip;

  int copy;
  @Nullable Buf into;
  int at;

  /** Who owes the answer; -1 if nobody. */
  int leg = -1;

  /** Legs that could not serve it just now, and those that have not got it; masks. */
  int tried;

  int failed;
  long sentAt;
  long parkedAt;

  /** For a lease, a connection or a view. */
  boolean waiting;

  ReadPart(int index) {
    this.index = index;
  }

  /** Keeps the first half, for all legs to be tried again; {@code rest} becomes the second. */
  void halve(ReadPart rest) {
    int half = length / 2 & -PoolView.BLOCK_SIZE;
    rest.offset = offset + half;
    rest.length = length - half;
    rest.copy = skip + copy - half;
    rest.at = at + half - skip;
    length = half;
    copy = half - skip;
    tried = 0;
    failed = 0;
  }
}
