package io.onehop.node.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ONDISK.md says what the code does, and bytes of format 1 stay readable. */
final class OnDiskTest {
  @TempDir Path dir;

  private static Superblock superblock() {
    return new Superblock(
        Stores.POOL,
        "größe",
        Stores.LEG,
        Stores.LINEAGE,
        1_000_000,
        77,
        76,
        0x0102030405060708L,
        new UUID(5, 6),
        true,
        true,
        "rolled back");
  }

  @Test
  void theTablesAreTrue() throws IOException {
    assertTable("RecordHeader", RecordHeader.Field.values(), f -> f.offset, f -> f.size);
    assertTable("DataLabel", DataLabel.Field.values(), f -> f.offset, f -> f.size);
    assertTable("Superblock", SuperblockFile.Field.values(), f -> f.offset, f -> f.size);
    assertTable("Votes", FileVoteStore.Field.values(), f -> f.offset, f -> f.size);
    assertTable("Unconfirmed", MappedUnconfirmedLog.Field.values(), f -> f.offset, f -> f.size);
    assertTable("Entry", MappedUnconfirmedLog.Entry.values(), f -> f.offset, f -> f.size);
    assertTable("BlockSet", MappedBlockSet.Field.values(), f -> f.offset, f -> f.size);
    assertTable("Witness", WitnessStore.Field.values(), f -> f.offset, f -> f.size);
  }

  private interface Place<F> {
    int of(F field);
  }

  private static <F extends Enum<F>> void assertTable(
      String heading, F[] fields, Place<F> offset, Place<F> size) throws IOException {
    List<String> rows = new ArrayList<>();
    boolean inside = false;
    for (String line : Files.readAllLines(Path.of("ONDISK.md"))) {
      if (line.startsWith("#")) {
        inside = line.equals("## " + heading);
      } else if (inside && line.startsWith("| ") && !line.startsWith("| field")) {
        rows.add(line);
      }
    }
    assertThat(rows)
        .as(heading)
        .isEqualTo(
            Stream.of(fields)
                .map(f ->
                    "| "
                        + f.name().toLowerCase(Locale.ROOT)
                        + " | "
                        + offset.of(f)
                        + " | "
                        + size.of(f)
                        + " |")
                .toList());
  }

  /** A fixture: its length, then the rows of 16 bytes that are not zero. */
  private static byte[] golden(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            OnDiskTest.class.getResourceAsStream(
                "/store/" + name + (name.endsWith("-2") ? ".hex" : "-1.hex")),
            name)) {
      List<String> lines =
          new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
      byte[] bytes = new byte[Integer.parseInt(lines.getFirst())];
      for (String line : lines.subList(1, lines.size())) {
        int colon = line.indexOf(':');
        byte[] row = HexFormat.of().parseHex(line.substring(colon + 1));
        System.arraycopy(row, 0, bytes, HexFormat.fromHexDigits(line, 0, colon), row.length);
      }
      return bytes;
    }
  }

  private static ByteBuffer goldenBuffer(String name) throws IOException {
    return ByteBuffer.wrap(golden(name)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private Path goldenFile(String name) throws IOException {
    return Files.write(dir.resolve(name), golden(name));
  }

  @Test
  void theSuperblockStaysReadable() throws IOException {
    try (SuperblockFile f = SuperblockFile.open(goldenFile("superblock"))) {
      assertThat(f.current()).isEqualTo(superblock());
      assertThat(f.damage()).isEqualTo("superblock: slot 1 cannot be read");
    }
    assertThat(SuperblockFile.encode(superblock(), 9))
        .isEqualTo(goldenBuffer("superblock").limit(SuperblockFile.SLOT));
  }

  @Test
  void theLabelStaysReadable() throws IOException {
    assertThat(DataLabel.encode(Stores.POOL, Stores.LEG, 1_000_000))
        .isEqualTo(goldenBuffer("label"));
    Path file = goldenFile("label");
    try (FileChannel c =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      FileBytes.write(c, ByteBuffer.allocate(1), DataLabel.DATA_OFFSET + 245 * 4096 - 1);
      DataLabel.verify(file, c, superblock());
    }
  }

  @Test
  void theVotesStayReadable() throws IOException {
    var store = new FileVoteStore(goldenFile("votes"), Stores.POOL, Stores.LEG);
    VoteStore.Vote vote = Objects.requireNonNull(store.load());
    assertThat(vote.promised()).isEqualTo(0x301);
    assertThat(vote.acceptedBallot()).isEqualTo(0x200);
    assertThat(vote.accepted()).containsExactly(9, 8, 7);
    assertThat(store.encode(vote)).isEqualTo(goldenBuffer("votes"));
  }

  @Test
  void theVotesOfAKeptOutDiskStayReadable() throws IOException {
    var store = new FileVoteStore(goldenFile("votes-2"), Stores.POOL, Stores.LEG);
    VoteStore.Vote vote = Objects.requireNonNull(store.load());
    assertThat(vote.promised()).isEqualTo(0x301);
    assertThat(vote.accepted()).containsExactly(9, 8, 7);
    assertThat(vote.keptOut()).containsExactly(4, 5);
    assertThat(store.encode(vote)).isEqualTo(goldenBuffer("votes-2"));
  }

  @Test
  void theUnconfirmedLogStaysReadable() throws IOException {
    try (var log =
        MappedUnconfirmedLog.open(goldenFile("unconfirmed"), Stores.POOL, Stores.LEG, () -> {})) {
      assertThat(log.damage()).isEmpty();
      assertThat(log.window()).isEqualTo(8);
      assertThat(log.confirmed(3)).isEqualTo(1);
      List<String> entries = new ArrayList<>();
      log.visit((e, s, o, l) -> entries.add(e + " " + s + " " + o + " " + l));
      assertThat(entries).containsExactly("3 2 4096 8192");
    }
  }

  @Test
  void theBlockSetStaysReadable() throws IOException {
    try (var set = MappedBlockSet.open(goldenFile("blockset"), Stores.miss(), 245)) {
      assertThat(set.damage()).isEmpty();
      assertThat(set.size()).isEqualTo(5);
      assertThat(set.next(0)).isEqualTo(3);
      assertThat(set.nextAbsent(3)).isEqualTo(7);
      assertThat(set.next(7)).isEqualTo(244);
    }
  }

  @Test
  void theWitnessStaysReadable() throws IOException {
    Path folder = Files.createDirectory(dir.resolve("witness"));
    Files.write(folder.resolve("identity"), golden("witness"));
    try (WitnessStore w = WitnessStore.open(folder)) {
      assertThat(w.pool()).isEqualTo(Stores.POOL);
      assertThat(w.member()).isEqualTo(Stores.PEER);
      assertThat(w.poolName()).isEqualTo("pool");
      assertThat(w.votes().load()).isNull();
    }
    assertThat(WitnessStore.encode(Stores.POOL, "pool", Stores.PEER))
        .isEqualTo(goldenBuffer("witness"));
  }
}
