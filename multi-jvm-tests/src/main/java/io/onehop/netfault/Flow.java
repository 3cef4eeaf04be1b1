package io.onehop.netfault;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;

/** The bytes of one connection in one direction. */
final class Flow {
  private static final int MOST_BYTES = 1 << 20;

  /** Bytes on their way and when they arrive. */
  private record Chunk(ByteBuffer bytes, long due) {}

  private final Gates.Way way;
  private final ArrayDeque<Chunk> chunks = new ArrayDeque<>();
  private int queued;
  private boolean ended;
  private boolean told;
  private boolean deaf;
  private boolean wantsToWrite;

  Flow(Gates.Way way) {
    this.way = way;
  }

  /** Takes the first bytes of a connection that has hung; false if its maker has given it up. */
  boolean peek(SocketChannel from) throws IOException {
    ByteBuffer first = ByteBuffer.allocate(MOST_BYTES);
    int n = from.read(first);
    while (n > 0) {
      n = from.read(first);
    }
    if (first.flip().hasRemaining()) {
      queue(first, System.nanoTime());
    }
    return n >= 0;
  }

  private void queue(ByteBuffer bytes, long now) {
    ByteBuffer kept = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
    queued += kept.remaining();
    chunks.add(new Chunk(kept, now + way.delayNanos));
  }

  /** Nanoseconds until the first bytes are due; -1 if none wait, or wait for something else. */
  long dueNanos(long now) {
    Chunk first = chunks.peek();
    return first == null || way.cut || wantsToWrite ? -1 : Math.max(0, first.due - now);
  }

  /**
   * Reads and writes as far as it goes.
   *
   * @param answersCut nothing comes back: a broken connection cannot be told to the sender
   */
  void carry(SocketChannel from, SocketChannel to, ByteBuffer buffer, long now, boolean answersCut)
      throws IOException {
    wantsToWrite = false;
    if (way.cut) {
      return;
    }
    if (deaf && !answersCut) {
      throw new IOException("the receiver is gone");
    }
    deliver(to, now, answersCut);
    while (!ended && queued < MOST_BYTES) {
      int n = from.read(buffer.clear());
      if (n <= 0) {
        ended = n < 0;
        break;
      }
      buffer.flip();
      if (chunks.isEmpty() && way.delayNanos == 0) {
        write(to, buffer, answersCut);
      }
      if (buffer.hasRemaining()) {
        queue(buffer, now);
        deliver(to, now, answersCut);
      }
    }
    if (ended && chunks.isEmpty() && !told) {
      told = true;
      if (!deaf) {
        to.shutdownOutput();
      }
    }
  }

  private void deliver(SocketChannel to, long now, boolean answersCut) throws IOException {
    for (Chunk c = chunks.peek(); c != null && c.due - now <= 0; c = chunks.peek()) {
      int before = c.bytes.remaining();
      write(to, c.bytes, answersCut);
      queued -= before - c.bytes.remaining();
      if (c.bytes.hasRemaining()) {
        wantsToWrite = true;
        return;
      }
      chunks.remove();
    }
  }

  private void write(SocketChannel to, ByteBuffer bytes, boolean answersCut) throws IOException {
    try {
      way.bytes += deaf ? 0 : to.write(bytes);
    } catch (IOException e) {
      if (!answersCut) {
        throw e;
      }
      deaf = true; // the receiver is gone and its RST does not arrive
    }
    if (deaf) {
      bytes.position(bytes.limit());
    }
  }

  int reads() {
    return way.cut || ended || queued >= MOST_BYTES ? 0 : SelectionKey.OP_READ;
  }

  int writes() {
    return wantsToWrite ? SelectionKey.OP_WRITE : 0;
  }

  boolean over() {
    return told;
  }
}
