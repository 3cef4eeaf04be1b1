package io.onehop.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** The legs' data as it lies in their files. */
final class RawCompare implements AutoCloseable {
  private static final int CHUNK = 1 << 20;

  private final List<String> names = new ArrayList<>();
  private final List<FileChannel> files = new ArrayList<>();
  private final List<Long> offsets = new ArrayList<>();
  private final long sizeBytes;

  /** Opens what {@code pool show} names. */
  RawCompare(JsonNode shown) throws IOException {
    sizeBytes = shown.path("sizeBytes").asLong();
    for (JsonNode l : shown.path("legs")) {
      names.add(l.path("node").asText());
      files.add(FileChannel.open(Path.of(l.path("store").asText()), StandardOpenOption.READ));
      offsets.add(l.path("dataOffset").asLong());
    }
  }

  /** Takes a part of the content of the first leg. */
  interface Part {
    void content(long offset, ByteBuffer bytes);
  }

  /**
   * Compares everything.
   *
   * @return what differs, in words; empty if nothing does
   */
  List<String> compare(Part part) throws IOException {
    ByteBuffer first = ByteBuffer.allocateDirect(CHUNK);
    ByteBuffer other = ByteBuffer.allocateDirect(CHUNK);
    List<String> differences = new ArrayList<>();
    long[] differing = new long[files.size()];
    long[] from = new long[files.size()];
    for (long at = 0; at < sizeBytes; at += CHUNK) {
      int length = (int) Math.min(CHUNK, sizeBytes - at);
      read(0, at, first.clear().limit(length));
      for (int i = 1; i < files.size(); i++) {
        read(i, at, other.clear().limit(length));
        if (first.mismatch(other) >= 0) {
          for (int b = 0; b < length; b += RequestMix.BLOCK) {
            int end = Math.min(length, b + RequestMix.BLOCK);
            if (!first.slice(b, end - b).equals(other.slice(b, end - b))) {
              from[i] = differing[i] == 0 ? at + b : from[i];
              differing[i]++;
            }
          }
        }
      }
      part.content(at, first);
    }
    for (int i = 1; i < files.size(); i++) {
      if (differing[i] > 0) {
        differences.add(
            "the stores of %s and %s differ in %d blocks, the first at byte %d"
                .formatted(names.getFirst(), names.get(i), differing[i], from[i]));
      }
    }
    return differences;
  }

  private void read(int i, long at, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (files.get(i).read(into, offsets.get(i) + at + into.position()) < 0) {
        throw new IOException("the store of " + names.get(i) + " ends early, at " + at);
      }
    }
    into.flip();
  }

  @Override
  public void close() throws IOException {
    for (FileChannel f : files) {
      f.close();
    }
  }
}
