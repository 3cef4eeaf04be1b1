package io.onehop.node.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Whole transfers at a position; the system may do them in pieces. */
final class FileBytes {
  private FileBytes() {}

  /** Writes all remaining bytes. */
  static void write(FileChannel to, ByteBuffer from, long position) throws IOException {
    long at = position;
    while (from.hasRemaining()) {
      at += to.write(from, at);
    }
  }

  /** Reads until {@code into} is full; false if the file ends before. */
  static boolean read(FileChannel from, ByteBuffer into, long position) throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      int n = from.read(into, at);
      if (n < 0) {
        return false;
      }
      at += n;
    }
    return true;
  }

  /** The bytes from {@code position}, fewer where the file ends; position 0, limit at the end. */
  static ByteBuffer some(FileChannel from, long position, int bytes) throws IOException {
    ByteBuffer b = RecordHeader.buffer(bytes);
    boolean whole = read(from, b, position);
    assert whole || b.hasRemaining();
    return b.flip();
  }
}
