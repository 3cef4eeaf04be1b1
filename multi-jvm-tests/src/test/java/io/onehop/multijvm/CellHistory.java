package io.onehop.multijvm;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What every cell (512 bytes, an eighth of a block; the last one may be shorter) of a pool may
 * hold: the version acknowledged last, and versions of later writes that were never answered. Once
 * one of those was read it is the only one allowed. Not thread-safe.
 */
final class CellHistory {
  static final int CELL = 512;

  /** The version of a cell that reads zeroes. */
  static final int ZERO = 0;

  private static final int WORDS = CELL / Long.BYTES;

  private final long sizeBytes;
  private final int[] acknowledged;
  private final Map<Integer, int[]> doubtful = new HashMap<>();

  CellHistory(long sizeBytes) {
    this.sizeBytes = sizeBytes;
    this.acknowledged = new int[Math.toIntExact((sizeBytes + CELL - 1) / CELL)];
  }

  long sizeBytes() {
    return sizeBytes;
  }

  int cells() {
    return acknowledged.length;
  }

  /** First byte after a cell; the pool's end for the last. */
  long end(int cell) {
    return Math.min(((long) cell + 1) * CELL, sizeBytes);
  }

  int doubtfulCells() {
    return doubtful.size();
  }

  /** A write was acknowledged. */
  void acknowledged(int first, int count, int version) {
    for (int cell = first; cell < first + count; cell++) {
      acknowledged[cell] = version;
      doubtful.remove(cell);
    }
  }

  /** A write may or may not have been done. */
  void doubtful(int first, int count, int version) {
    for (int cell = first; cell < first + count; cell++) {
      int[] before = doubtful.getOrDefault(cell, new int[0]);
      int[] now = Arrays.copyOf(before, before.length + 1);
      now[before.length] = version;
      doubtful.put(cell, now);
    }
  }

  /** Puts a version of some cells into {@code into}. */
  void fill(ByteBuffer into, int first, int count, int version) {
    for (int cell = first; cell < first + count; cell++) {
      int length = (int) (end(cell) - (long) cell * CELL);
      for (int word = 0; word < WORDS && length > 0; word++) {
        long w = word(cell, version, word);
        for (int i = 0; i < Long.BYTES && length > 0; i++, length--) {
          into.put((byte) (w >>> (56 - 8 * i)));
        }
      }
    }
  }

  private static long word(int cell, int version, int word) {
    return version == ZERO ? 0 : ((long) version << 32 | cell) * 0x9E3779B97F4A7C15L + word;
  }

  /**
   * Judges what is at {@code at} of {@code content}, a cell as read, and takes what was seen as the
   * only thing that later reads may see.
   *
   * @return whether it is allowed
   */
  boolean observed(int cell, ByteBuffer content, int at) {
    if (holds(cell, acknowledged[cell], content, at)) {
      doubtful.remove(cell);
      return true;
    }
    for (int version : doubtful.getOrDefault(cell, new int[0])) {
      if (holds(cell, version, content, at)) {
        acknowledged(cell, 1, version);
        return true;
      }
    }
    return false;
  }

  private boolean holds(int cell, int version, ByteBuffer content, int at) {
    int length = (int) (end(cell) - (long) cell * CELL);
    int i = 0;
    for (; i + Long.BYTES <= length; i += Long.BYTES) {
      if (content.getLong(at + i) != word(cell, version, i / Long.BYTES)) {
        return false;
      }
    }
    for (; i < length; i++) {
      byte expected = (byte) (word(cell, version, i / Long.BYTES) >>> (56 - 8 * (i % Long.BYTES)));
      if (content.get(at + i) != expected) {
        return false;
      }
    }
    return true;
  }

  /** For a failure's text. */
  String describe(int cell, ByteBuffer content, int at) {
    List<String> allowed = new ArrayList<>();
    allowed.add("acknowledged " + acknowledged[cell]);
    for (int v : doubtful.getOrDefault(cell, new int[0])) {
      allowed.add("unanswered " + v);
    }
    int length = (int) (end(cell) - (long) cell * CELL);
    boolean zero = IntStream.range(0, length).allMatch(i -> content.get(at + i) == 0);
    // The inverse of word(): what cell and version the first word says it is.
    long stamp = length < Long.BYTES ? 0 : content.getLong(at) * 0xF1DE83E19937733DL;
    return "cell %d (byte %d): allowed %s, holds %s"
        .formatted(
            cell,
            (long) cell * CELL,
            allowed,
            zero ? "zeroes" : "version " + (stamp >>> 32) + " of cell " + (int) stamp);
  }
}
