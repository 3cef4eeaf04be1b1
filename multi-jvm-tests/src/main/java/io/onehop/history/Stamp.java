package io.onehop.history;

import java.nio.ByteBuffer;

/**
 * What units are filled with: each of their bytes follows from the unit's number and the value, so
 * that content which is old, of another unit, mixed or damaged is told from what was written.
 */
public final class Stamp {
  /** The value of a unit that holds nothing but zeroes. */
  public static final int ZERO = 0;

  /** What {@link #valueAt} says of content that no write can have left. */
  public static final int FOREIGN = -1;

  // Odd, so it has an inverse modulo 2^64.
  private static final long SPREAD = 0x9E3779B97F4A7C15L;
  private static final long INVERSE = 0xF1DE83E19937733DL;

  private Stamp() {}

  /**
   * Puts one unit at {@code into}'s position, which moves behind it.
   *
   * @param bytes its size, at least 8
   * @param unit its number
   * @param value 0 for zeroes, or more
   */
  public static void put(ByteBuffer into, int bytes, int unit, int value) {
    int words = bytes / Long.BYTES;
    for (int word = 0; word < words; word++) {
      into.putLong(word(unit, value, word));
    }
    for (int i = 0; i < bytes % Long.BYTES; i++) {
      into.put(tail(unit, value, words, i));
    }
  }

  /**
   * The value that the unit at {@code at} of {@code content} holds, every byte of it considered.
   *
   * @param bytes its size, at least 8
   * @return {@link #ZERO} for zeroes, {@link #FOREIGN} if it is no unit {@code unit} of ours
   */
  public static int valueAt(ByteBuffer content, int at, int bytes, int unit) {
    long first = content.getLong(at);
    int value = first == 0 ? ZERO : (int) ((first * INVERSE) >>> 32);
    if (value < 0) {
      return FOREIGN;
    }
    int words = bytes / Long.BYTES;
    for (int word = 0; word < words; word++) {
      if (content.getLong(at + word * Long.BYTES) != word(unit, value, word)) {
        return FOREIGN;
      }
    }
    for (int i = 0; i < bytes % Long.BYTES; i++) {
      if (content.get(at + words * Long.BYTES + i) != tail(unit, value, words, i)) {
        return FOREIGN;
      }
    }
    return value;
  }

  private static byte tail(int unit, int value, int word, int i) {
    return (byte) (word(unit, value, word) >>> (56 - Byte.SIZE * i));
  }

  private static long word(int unit, int value, int word) {
    return value == ZERO ? 0 : ((long) value << 32 | unit) * SPREAD + word;
  }
}
