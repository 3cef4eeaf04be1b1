package io.onehop.node.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Tells whether a disk carries something that somebody may miss (rule 1.9). */
final class DiskSignature {
  /**
   * @param offset where it is; negative: from the end of the disk
   * @param round the offset from the end is rounded down to a multiple of this
   */
  @SuppressWarnings("ArrayRecordComponent") // compared nowhere
  private record Mark(String what, long offset, long round, byte[] bytes) {
    static Mark text(String what, long offset, String text) {
      return new Mark(what, offset, 1, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    static Mark hex(String what, long offset, long round, String hex) {
      return new Mark(what, offset, round, HexFormat.of().parseHex(hex));
    }
  }

  private static final int K = 1024;

  private static final Mark[] MARKS = {
    Mark.text("a OneHop leg", DataLabel.BASE, DataLabel.MAGIC),
    Mark.text("a LUKS volume", 0, "LUKS\u00ba\u00be"),
    Mark.text("a LUKS volume", 16 * K, "SKUL\u00ba\u00be"),
    Mark.text("an LVM physical volume", 0, "LABELONE"),
    Mark.text("an LVM physical volume", 512, "LABELONE"),
    Mark.text("an LVM physical volume", 1024, "LABELONE"),
    Mark.text("an LVM physical volume", 1536, "LABELONE"),
    Mark.hex("a md RAID member", 0, 1, "fc4e2ba9"),
    Mark.hex("a md RAID member", 4 * K, 1, "fc4e2ba9"),
    Mark.hex("a md RAID member", -8 * K, 4 * K, "fc4e2ba9"),
    Mark.hex("a md RAID member", -64 * K, 64 * K, "fc4e2ba9"),
    Mark.hex("an ext2, ext3 or ext4 file system", K + 56, 1, "53ef"),
    Mark.text("an XFS file system", 0, "XFSB"),
    Mark.text("a btrfs file system", 64 * K + 64, "_BHRfS_M"),
    Mark.hex("an F2FS file system", K, 1, "1020f5f2"),
    Mark.hex("an EROFS file system", K, 1, "e2e1f5e0"),
    Mark.text("a squashfs file system", 0, "hsqs"),
    Mark.text("a JFS file system", 32 * K, "JFS1"),
    Mark.text("a ReiserFS file system", 64 * K + 52, "ReIsEr"),
    Mark.text("an ISO 9660 file system", 32 * K + 1, "CD001"),
    Mark.text("an NTFS file system", 3, "NTFS    "),
    Mark.text("an exFAT file system", 3, "EXFAT   "),
    Mark.hex("a ZFS pool member", 128 * K, 1, "0cb1ba0000000000"),
    Mark.hex("a bcache device", 4 * K + 24, 1, "c68573f64e1a45ca8265f57f48ba6d81"),
    Mark.text("a Ceph OSD", 0, "bluestore block device"),
    Mark.text("swap space", 4 * K - 10, "SWAPSPACE2"),
    Mark.text("swap space", 8 * K - 10, "SWAPSPACE2"),
    Mark.text("swap space", 16 * K - 10, "SWAPSPACE2"),
    Mark.text("swap space", 64 * K - 10, "SWAPSPACE2"),
    Mark.text("swap space", 4 * K - 10, "SWAP-SPACE"),
    Mark.text("a GPT partition table", 512, "EFI PART"),
    Mark.text("a GPT partition table", 4 * K, "EFI PART"),
    Mark.text("a GPT partition table", -512, "EFI PART"),
    Mark.text("a GPT partition table", -4 * K, "EFI PART"),
    // last: many of the above have it, too
    Mark.hex("an MBR partition table or a boot sector", 510, 1, "55aa"),
  };

  private DiskSignature() {}

  /** What it carries, or null if nothing known was found. */
  static @Nullable String find(FileChannel disk) throws IOException {
    long size = disk.size();
    for (Mark m : MARKS) {
      long at = m.offset >= 0 ? m.offset : (size + m.offset) / m.round * m.round;
      if (at < 0 || at + m.bytes.length > size) {
        continue;
      }
      if (FileBytes.some(disk, at, m.bytes.length).equals(ByteBuffer.wrap(m.bytes))) {
        return m.what;
      }
    }
    return null;
  }
}
