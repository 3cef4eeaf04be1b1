package io.onehop.transport.tcp;

import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import io.onehop.transport.FrameCodec;
import io.onehop.transport.FrameHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Frames of one connection on their way to the kernel: a list of buffer views written by gathering
 * writes. Headers live in slots of small buffers; headers of frames without payload that follow
 * each other lie side by side and are one view (a batch of answers is one piece). Allocates nothing
 * once the arrays have grown to the working size.
 */
final class SendQueue {
  /** Linux's limit of pieces per write. */
  static final int MAX_PIECES = 1024;

  private static final int CHUNK = 64 * FrameHeader.BYTES;

  private final BufPool chunks;
  private final FrameCodec codec;
  private final boolean checksums;
  private ByteBuffer[] views = new ByteBuffer[64];
  private Buf[] owners = new Buf[64];
  private int head;
  private int tail;
  private @Nullable Buf chunk;
  private int used;
  private boolean headerLast;
  private long queued;

  SendQueue(BufPool chunks, FrameCodec codec, boolean checksums) {
    this.chunks = chunks;
    this.codec = codec;
    this.checksums = checksums;
  }

  /** Bytes not yet written. */
  long queuedBytes() {
    return queued;
  }

  boolean isEmpty() {
    return queued == 0;
  }

  void add(FrameHeader header, @Nullable Buf payload, int from, int length) {
    header.payloadBytes = length;
    int crc = 0;
    if (payload != null && length > 0 && checksums) {
      crc = codec.checksum(payload.bytes(), from, length);
    }
    addHeader(header, crc);
    if (payload != null && length > 0) {
      push(payload.view(from, length), payload.retain());
      headerLast = false;
    }
    queued += FrameHeader.BYTES + length;
  }

  private void addHeader(FrameHeader header, int crc) {
    Buf slots = chunk;
    if (slots == null || used == CHUNK) {
      if (slots != null) {
        slots.release();
      }
      slots = chunks.take(CHUNK);
      FrameCodec.ordered(slots.bytes()).clear();
      chunk = slots;
      used = 0;
      headerLast = false;
    }
    codec.encode(header, slots.bytes(), used, crc);
    if (headerLast && head < tail) {
      ByteBuffer last = views[tail - 1];
      last.limit(last.limit() + FrameHeader.BYTES);
    } else {
      push(slots.view(used, FrameHeader.BYTES), slots.retain());
      headerLast = true;
    }
    used += FrameHeader.BYTES;
  }

  private void push(ByteBuffer view, Buf owner) {
    if (tail == views.length) {
      makeRoom();
    }
    views[tail] = view;
    owners[tail++] = owner;
  }

  private void makeRoom() {
    int n = tail - head;
    if (n > views.length / 2) {
      views = Arrays.copyOf(views, views.length * 2);
      owners = Arrays.copyOf(owners, owners.length * 2);
    }
    System.arraycopy(views, head, views, 0, n);
    System.arraycopy(owners, head, owners, 0, n);
    head = 0;
    tail = n;
  }

  /**
   * One gathering write of at most {@link #MAX_PIECES} pieces.
   *
   * @return whether the kernel took all of them and may take more
   */
  boolean write(GatheringByteChannel to) throws IOException {
    int end = Math.min(tail, head + MAX_PIECES);
    queued -= to.write(views, head, end - head);
    while (head < tail && !views[head].hasRemaining()) {
      finish(head++);
    }
    boolean all = head == end;
    if (head == tail) {
      head = 0;
      tail = 0;
      // Nobody refers to the slots any more: begin again at the first, which is in the cache.
      used = 0;
    }
    return all;
  }

  private void finish(int i) {
    owners[i].done(views[i]);
    owners[i].release();
    clear(i);
  }

  // Slots outside of [head, tail) are never read; emptied so that buffers can be collected.
  @SuppressWarnings("NullAway")
  private void clear(int i) {
    views[i] = null;
    owners[i] = null;
  }

  /** Lets go of everything. */
  void drop() {
    while (head < tail) {
      finish(head++);
    }
    if (chunk != null) {
      chunk.release();
      chunk = null;
    }
    head = 0;
    tail = 0;
    used = 0;
    queued = 0;
  }
}
