package io.onehop.node.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LegStoreFormatTest {
  private static final int MIB = 1 << 20;

  @TempDir Path dir;

  private static void assertRefused(ThrowingCallable what, String... says) {
    assertThatThrownBy(what)
        .isInstanceOf(StoreException.class)
        .message()
        .doesNotContain("\n")
        .contains(says);
  }

  private static void poke(Path file, long at, int... bytes) throws IOException {
    try (RandomAccessFile f = new RandomAccessFile(file.toFile(), "rw")) {
      f.seek(at);
      for (int b : bytes) {
        f.write(b);
      }
    }
  }

  private Path created() throws StoreException {
    Path leg = dir.resolve("leg");
    LegStoreFormat.create(Stores.creation(leg, MIB));
    return leg;
  }

  @Test
  void theLabelIsReadable() throws Exception {
    Path leg = created();
    assertThat(LegStoreFormat.exists(leg)).isTrue();
    byte[] start = new byte[200];
    try (RandomAccessFile f = new RandomAccessFile(leg.resolve("data").toFile(), "r")) {
      f.readFully(start);
    }
    assertThat(new String(start, StandardCharsets.US_ASCII))
        .startsWith("OneHop leg, format 1, pool " + Stores.POOL + ", leg " + Stores.LEG);
  }

  @Test
  void anotherOpenIsRefusedInThisProcess() throws Exception {
    Path leg = created();
    try (FileLegDisk disk = Stores.open(leg)) {
      for (int i = 0; i < 2; i++) {
        assertRefused(() -> Stores.open(leg), "in use by pid " + ProcessHandle.current().pid());
      }
      assertThat(disk.blocks()).isEqualTo(256);
    }
    Stores.open(leg).close();
  }

  @Test
  void anotherOpenIsRefusedInAnotherProcess() throws Exception {
    Path leg = created();
    Process child = StoreChild.start("hold", leg);
    try {
      assertThat(child.inputReader().readLine()).isEqualTo("open");
      assertRefused(() -> Stores.open(leg), "in use by pid " + child.pid());
      // the same data behind another folder is refused as well
      Path twin = dir.resolve("twin");
      Files.createDirectories(twin.resolve("meta"));
      Files.createSymbolicLink(twin.resolve("data"), leg.resolve("data"));
      Files.copy(leg.resolve("meta/superblock"), twin.resolve("meta/superblock"));
      assertRefused(() -> Stores.open(twin), "in use");
    } finally {
      child.destroyForcibly().waitFor();
    }
    Stores.open(leg).close();
  }

  @Test
  void anotherLegOrPoolIsRefused() throws Exception {
    Path leg = created();
    UUID other = new UUID(1, 2);
    assertRefused(
        () -> LegStoreFormat.open(leg, other, Stores.LEG, () -> {}), "not leg", other.toString());
    assertRefused(() -> LegStoreFormat.open(leg, Stores.POOL, other, () -> {}), other.toString());
    LegStoreFormat.open(leg, () -> {}).close();
  }

  @Test
  void damagedPiecesAreNamed() throws Exception {
    Path leg = created();
    Path data = leg.resolve("data");
    Path superblock = leg.resolve("meta/superblock");
    byte[] label = Files.readAllBytes(data);
    byte[] good = Files.readAllBytes(superblock);

    poke(data, 300, 1);
    assertRefused(() -> Stores.open(leg), "data", "damaged");
    poke(data, 256, 0, 0);
    assertRefused(() -> Stores.open(leg), "no OneHop leg");
    Files.write(data, label);
    poke(data, 264, 9);
    assertRefused(() -> Stores.open(leg), "format 9");
    Files.write(data, label);
    poke(superblock, 8, 3);
    assertRefused(() -> Stores.open(leg), "superblock", "format 3");
    Files.write(superblock, new byte[8192]);
    assertRefused(() -> Stores.open(leg), "no readable superblock");
    Files.write(superblock, good);
    try (RandomAccessFile f = new RandomAccessFile(data.toFile(), "rw")) {
      f.setLength(MIB + 5000);
    }
    assertRefused(() -> Stores.open(leg), "cut off", "data");
    Files.delete(data);
    assertRefused(() -> Stores.open(leg), "missing");
    Files.write(data, label);
    Stores.open(leg).close();
    Files.delete(superblock);
    assertRefused(() -> Stores.open(leg), "no superblock");
    assertRefused(() -> Stores.open(dir.resolve("nowhere")), "no such folder");
  }

  @Test
  void swappedDataIsRefused() throws Exception {
    Path leg = created();
    Path second = dir.resolve("second");
    LegStoreFormat.create(
        new LegStoreFormat.Creation(
            second, null, Stores.POOL, "pool", Stores.PEER, Stores.LINEAGE, MIB, 64, false));
    Files.delete(leg.resolve("data"));
    Files.copy(second.resolve("data"), leg.resolve("data"));
    assertRefused(() -> Stores.open(leg), "data of leg " + Stores.PEER, "not of leg " + Stores.LEG);
  }

  @Test
  void creationRefusesAFolderThatHoldsSomething() throws Exception {
    Path leg = created();
    assertRefused(() -> LegStoreFormat.create(Stores.creation(leg, MIB)), "not empty");
    Stores.open(leg).close();
  }

  @Test
  void aDeviceIsZeroedAndLabelled() throws Exception {
    Path device = dir.resolve("device");
    byte[] noise = new byte[4 * MIB];
    Arrays.fill(noise, (byte) 0x5a);
    Files.write(device, noise);
    Path leg = dir.resolve("leg");
    assertRefused(
        () -> LegStoreFormat.create(Stores.onDevice(leg, device, 4L * MIB, false)), "too small");
    assertThat(leg).doesNotExist();
    LegStoreFormat.create(Stores.onDevice(leg, device, 2L * MIB, false));
    try (FileLegDisk disk = Stores.open(leg)) {
      assertThat(disk.dataPath()).isEqualTo(device.toRealPath());
    }
    byte[] now = Files.readAllBytes(device);
    for (int i = MIB; i < now.length; i++) {
      assertThat(now[i]).isZero();
    }
    // now it bears a label
    Path again = dir.resolve("again");
    assertRefused(
        () -> LegStoreFormat.create(Stores.onDevice(again, device, MIB, false)), "a OneHop leg");
    LegStoreFormat.create(Stores.onDevice(again, device, MIB, true));
    Stores.open(again).close();
  }

  @Test
  void aDeviceInUseIsRefused() throws Exception {
    Path device = dir.resolve("device");
    Files.write(device, new byte[2 * MIB]);
    Path leg = dir.resolve("leg");
    LegStoreFormat.create(Stores.onDevice(leg, device, MIB, false));
    try (FileLegDisk disk = Stores.open(leg)) {
      assertThat(disk.damage()).isEmpty();
      assertRefused(
          () -> LegStoreFormat.create(Stores.onDevice(dir.resolve("b"), device, MIB, true)),
          "in use");
    }
  }

  @Test
  void whatADeviceBearsIsRecognised() throws Exception {
    int size = 2 * MIB;
    Object[][] marks = {
      {"LUKS", 0, "LUKS\u00ba\u00be"},
      {"LVM", 512, "LABELONE"},
      {"ext", 1080, "S\u00ef"},
      {"XFS", 0, "XFSB"},
      {"btrfs", 65600, "_BHRfS_M"},
      {"md RAID", 4096, "\u00fcN+\u00a9"},
      {"md RAID", size - 8192, "\u00fcN+\u00a9"},
      {"swap", 4086, "SWAPSPACE2"},
      {"GPT", 512, "EFI PART"},
      {"GPT", size - 512, "EFI PART"},
      {"MBR", 510, "U\u00aa"},
    };
    for (Object[] m : marks) {
      Path device = dir.resolve("device");
      byte[] bytes = new byte[size];
      byte[] mark = ((String) m[2]).getBytes(StandardCharsets.ISO_8859_1);
      System.arraycopy(mark, 0, bytes, (Integer) m[1], mark.length);
      Files.write(device, bytes);
      Path leg = dir.resolve("leg");
      assertRefused(
          () -> LegStoreFormat.create(Stores.onDevice(leg, device, 4096, false)),
          (String) m[0],
          "--force");
      assertThat(leg).doesNotExist();
      assertThat(Files.readAllBytes(device)).as("untouched").isEqualTo(bytes);
    }
  }

  @Test
  void toolsThatAreHereAgree() throws Exception {
    for (String tool : new String[] {"mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "mkswap"}) {
      Path device = dir.resolve(tool);
      try (RandomAccessFile f = new RandomAccessFile(device.toFile(), "rw")) {
        f.setLength(512L * MIB);
      }
      try {
        Process p =
            new ProcessBuilder(tool, device.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(p.waitFor()).as(tool).isZero();
      } catch (IOException e) {
        System.out.println("not tried, not installed: " + tool);
        continue;
      }
      assertRefused(
          () -> LegStoreFormat.create(Stores.onDevice(dir.resolve("leg"), device, MIB, false)),
          "bears");
      Files.delete(device);
    }
  }

  @Test
  void theBootIdIsTheKernels() throws Exception {
    assertThat(BootId.read())
        .isEqualTo(
            UUID.fromString(Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip()));
    Path bad = Files.writeString(dir.resolve("boot"), "what");
    assertRefused(() -> BootId.read(bad), "boot id");
  }
}
