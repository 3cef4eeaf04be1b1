package io.onehop.node.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;

/** What the data file or device begins with, so that a foreign or swapped one is refused. */
final class DataLabel {
  static final String MAGIC = "OHLABEL\n";

  /** Where the raw data begins; everything before it is the label's. */
  static final long DATA_OFFSET = 1 << 20;

  /** Bytes that the checksum covers; the rest of the label area is zero. */
  static final int BYTES = 4096;

  /** Where the record begins; before it a line for people. */
  static final int BASE = 256;

  /** Where things are, from the start of the file. */
  enum Field {
    TEXT(0, 256),
    RECORD(256, 48),
    SIZE_BYTES(304, 8),
    DATA_OFFSET(312, 8),
    DATA_BYTES(320, 8);

    final int offset;
    final int size;

    Field(int offset, int size) {
      this.offset = offset;
      this.size = size;
    }
  }

  private DataLabel() {}

  /** Bytes of data of a pool of this size: whole blocks. */
  static long dataBytes(long sizeBytes) {
    return (sizeBytes + FileLegDisk.BLOCK - 1) / FileLegDisk.BLOCK * FileLegDisk.BLOCK;
  }

  static ByteBuffer encode(UUID pool, UUID leg, long sizeBytes) {
    ByteBuffer b = RecordHeader.buffer(BYTES);
    String line =
        "OneHop leg, format "
            + RecordHeader.FORMAT
            + ", pool "
            + pool
            + ", leg "
            + leg
            + ", data from byte "
            + DATA_OFFSET
            + ", do not edit\n";
    b.put(Field.TEXT.offset, line.getBytes(StandardCharsets.US_ASCII));
    RecordHeader.put(b, BASE, MAGIC, pool, leg);
    b.putLong(Field.SIZE_BYTES.offset, sizeBytes);
    b.putLong(Field.DATA_OFFSET.offset, DATA_OFFSET);
    b.putLong(Field.DATA_BYTES.offset, dataBytes(sizeBytes));
    RecordHeader.seal(b, BASE);
    return b;
  }

  private static String described(FileChannel c) throws IOException {
    String found = DiskSignature.find(c);
    return found == null ? "empty or foreign" : "bears " + found;
  }

  /** Refuses all but this leg's own, whole data. */
  static void verify(Path path, FileChannel c, Superblock s) throws IOException {
    ByteBuffer b = FileBytes.some(c, 0, BYTES);
    switch (RecordHeader.verify(b, BASE, MAGIC)) {
      case OK -> {}
      case OTHER_VERSION -> throw RecordHeader.otherVersion(path, b, BASE);
      case EMPTY, FOREIGN ->
          throw new WrongDiskException(
              "no store on it (" + described(c) + ")",
              path + ": no OneHop leg (no label at its start): put this leg's own disk back");
      case TORN ->
          throw new StoreException(
              path + ": its label is damaged or cut off: replace this leg with an empty store");
    }
    UUID pool = RecordHeader.pool(b, BASE);
    UUID leg = RecordHeader.member(b, BASE);
    if (!pool.equals(s.pool()) || !leg.equals(s.leg())) {
      throw new WrongDiskException(
          pool,
          leg,
          path
              + ": data of leg "
              + leg
              + " of pool "
              + pool
              + ", not of leg "
              + s.leg()
              + " of pool "
              + s.pool()
              + ": put this leg's own disk back");
    }
    if (!b.equals(encode(s.pool(), s.leg(), s.sizeBytes()))) {
      throw new WrongDiskException(
          "of another size",
          path
              + ": labelled for "
              + b.getLong(Field.SIZE_BYTES.offset)
              + " bytes, the superblock says "
              + s.sizeBytes()
              + ": put the folder and the data that belong together back");
    }
    long whole = DATA_OFFSET + dataBytes(s.sizeBytes());
    if (c.size() < whole) {
      throw new WrongDiskException(
          "cut off, " + c.size() + " bytes of " + whole,
          path
              + ": cut off: "
              + c.size()
              + " bytes of "
              + whole
              + ": replace this leg with an empty store");
    }
  }
}
