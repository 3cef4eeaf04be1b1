package io.onehop.node.store.fault;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Turns one bit of a file round, as a decaying disk does. The store must be closed. */
public final class BitFlip {
  private BitFlip() {}

  /**
   * Does it.
   *
   * @param at byte offset in the file
   * @param bit 0 to 7
   */
  public static void flip(Path file, long at, int bit) throws IOException {
    try (FileChannel c =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer b = ByteBuffer.allocate(1);
      if (c.read(b, at) != 1) {
        throw new IOException(file + " has no byte " + at);
      }
      b.put(0, (byte) (b.get(0) ^ 1 << bit)).flip();
      c.write(b, at);
    }
  }
}
