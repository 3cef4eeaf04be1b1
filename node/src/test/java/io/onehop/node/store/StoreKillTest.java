package io.onehop.node.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.transport.Status;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rule 3.2: what was answered before a SIGKILL is there after it. */
@Timeout(120)
final class StoreKillTest {
  private static final int ROUNDS = 8;

  @TempDir Path dir;

  @Test
  void everythingAcknowledgedSurvivesSigkill() throws Exception {
    Path leg = dir.resolve("leg");
    LegStoreFormat.create(Stores.creation(leg, 1L << 30));
    Random random = new Random(42);
    long acknowledged = 0;
    for (int round = 0; round < ROUNDS; round++) {
      long confirmed = 0;
      long generation = 0;
      Process child = StoreChild.start("write", leg);
      try (BufferedReader in =
          new BufferedReader(
              new InputStreamReader(child.getInputStream(), StandardCharsets.US_ASCII))) {
        int lines = 1 + random.nextInt(3000);
        String line = in.readLine();
        for (int i = 1; line != null; i++) {
          // a line cut by the kill has no full stop and acknowledges nothing
          if (line.endsWith(".")) {
            String[] parts = line.split(" ", -1);
            acknowledged = Long.parseLong(parts[0]);
            confirmed = Long.parseLong(parts[1]);
            generation = Long.parseLong(parts[2]);
          }
          if (i == lines) {
            // by its handle: Process.destroyForcibly would close the pipe before it is drained
            assertThat(child.toHandle().destroyForcibly()).isTrue();
          }
          line = in.readLine();
        }
      } finally {
        child.destroyForcibly().waitFor();
      }
      assertThat(acknowledged).isPositive();
      verify(leg, acknowledged, confirmed, generation);
    }
  }

  private static void verify(Path leg, long n, long confirmed, long generation) throws Exception {
    try (FileLegDisk disk = Stores.open(leg)) {
      assertThat(disk.damage()).isEmpty();
      assertThat(disk.superblock().adoptedGeneration()).isGreaterThanOrEqualTo(generation);
      BlockSet miss = disk.missMap(Stores.PEER);
      assertThat(disk.ownMissing().next(0)).isEqualTo(1);
      assertThat(disk.ownMissing().nextAbsent(1)).isBetween(n + 1, disk.blocks());
      assertThat(disk.ownMissing().size()).isEqualTo(disk.ownMissing().nextAbsent(1) - 1);
      assertThat(miss.nextAbsent(1)).isGreaterThan(n);
      UnconfirmedLog log = disk.unconfirmed();
      assertThat(log.confirmed(1)).isGreaterThanOrEqualTo(confirmed);
      for (long s = log.confirmed(1) + 1; s <= n; s++) {
        assertThat(log.holds(1, s)).as("entry %s", s).isTrue();
      }
      log.visit((epoch, sequence, offset, length) -> {
        assertThat(epoch).isEqualTo(1);
        assertThat(offset).isEqualTo(sequence * 4096);
        assertThat(length).isEqualTo(4096);
      });
      ByteBuffer b = ByteBuffer.allocateDirect(4096);
      for (long s = Math.max(1, n - 200); s <= n; s++) {
        byte value = (byte) s;
        disk.read(s * 4096, b.clear(), status -> assertThat(status).isEqualTo(Status.OK));
        assertThat(b.get(0)).isEqualTo(value);
        assertThat(b.get(4095)).isEqualTo(value);
      }
    }
  }
}
