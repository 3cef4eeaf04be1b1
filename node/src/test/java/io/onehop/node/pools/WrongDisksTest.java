package io.onehop.node.pools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.onehop.node.store.LegStoreFormat;
import io.onehop.node.store.WitnessStore;
import io.onehop.node.store.WrongDiskException;
import io.onehop.protocol.model.Role;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every disk that is not the member's own is recognised, and said what it is (rule 1.2). */
class WrongDisksTest {
  private static final UUID POOL = new UUID(1, 1);
  private static final UUID OTHER = new UUID(1, 2);
  private static final UUID A = new UUID(2, 1);
  private static final UUID B = new UUID(2, 2);
  private static final PoolShape SHAPE =
      new PoolShape(
          POOL,
          "vol",
          1 << 20,
          4096,
          0,
          List.of(
              new PoolShape.ShapeMember(A, "node-a", Role.DATA),
              new PoolShape.ShapeMember(B, "node-b", Role.DATA)),
          null,
          List.of());

  @TempDir Path folder;

  private Path leg(UUID pool, UUID leg) throws IOException {
    Path at = folder.resolve("leg-" + pool + leg);
    LegStoreFormat.create(
        new LegStoreFormat.Creation(
            at, null, pool, "vol", leg, new UUID(5, 5), 1 << 20, 64, false));
    return at;
  }

  /** What opening it as node-a's leg says. */
  private static String opened(Path at) {
    WrongDiskException e =
        catchThrowableOfType(
            WrongDiskException.class, () -> LegStoreFormat.open(at, POOL, A, () -> {}).close());
    assertThat(e).as(at.toString()).isNotNull();
    return WrongDisks.text(e, SHAPE, p -> p.equals(OTHER) ? "other" : null);
  }

  @Test
  void anotherMembersAndAnotherPools() throws IOException {
    assertThat(opened(leg(POOL, B)))
        .isEqualTo(
            "wrong disk: store belongs to node-b (rule 1.2): put node-a's own disk back, or"
                + " `onehop pool replace vol --leg node-a`");
    assertThat(opened(leg(OTHER, A))).contains("store belongs to pool 'other' (rule 1.2)");
    assertThat(opened(leg(POOL, new UUID(2, 9)))).contains("a disk that is no member any more");
  }

  @Test
  void emptyCutOffAndForeign() throws IOException {
    assertThat(opened(folder.resolve("missing"))).contains("empty, no store on it");
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThat(opened(empty)).contains("empty, no store on it");
    Path at = leg(POOL, A);
    Path data = at.resolve("data");
    try (RandomAccessFile f = new RandomAccessFile(data.toFile(), "rw")) {
      long whole = f.length();
      f.setLength(whole - 4096);
      assertThat(opened(at)).contains("cut off");
      f.setLength(whole);
      f.seek(0);
      f.write(new byte[8192]);
      assertThat(opened(at)).contains("no store on it (empty or foreign)");
      f.seek(0);
      f.write("XFSB".getBytes(StandardCharsets.US_ASCII));
    }
    assertThat(opened(at)).contains("no store on it (bears an XFS file system)");
    Files.delete(data);
    assertThat(opened(at)).contains("its data is missing");
  }

  @Test
  void theDataOfAnotherLegUnderThisOnesBooks() throws IOException {
    Path mine = leg(POOL, A);
    Path theirs = leg(POOL, B);
    Files.move(
        theirs.resolve("data"),
        mine.resolve("data"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(opened(mine)).contains("store belongs to node-b");
  }

  @Test
  void aWitnessWithoutAStore() {
    WrongDiskException e =
        catchThrowableOfType(
            WrongDiskException.class, () -> WitnessStore.open(folder.resolve("none")).close());
    assertThat(WrongDisks.text(e, SHAPE, _ -> null)).contains("empty, no store on it (rule 1.2)");
  }
}
