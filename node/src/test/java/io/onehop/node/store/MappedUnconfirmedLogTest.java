package io.onehop.node.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MappedUnconfirmedLogTest {
  private static final int WINDOW = 16;

  @TempDir Path dir;

  private record Key(long epoch, long sequence) {}

  private record Range(long offset, long length) {}

  private int suspects;

  private MappedUnconfirmedLog fresh() throws IOException {
    MappedUnconfirmedLog.create(dir.resolve("log"), Stores.POOL, Stores.LEG, WINDOW);
    return open();
  }

  private MappedUnconfirmedLog open() throws IOException {
    return MappedUnconfirmedLog.open(dir.resolve("log"), Stores.POOL, Stores.LEG, () -> suspects++);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void behavesAsAMap(long seed) throws IOException {
    Random random = new Random(seed);
    Map<Key, Range> model = new HashMap<>();
    long epoch = 1;
    long confirmed = 0;
    MappedUnconfirmedLog log = fresh();
    try {
      for (int i = 0; i < 20_000; i++) {
        int what = random.nextInt(1000);
        if (what < 600) {
          long sequence = confirmed + 1 + random.nextInt(WINDOW);
          Key key = new Key(epoch, sequence);
          Range range = new Range(random.nextInt(64) * 4096L, (1 + random.nextInt(4)) * 4096L);
          boolean taken =
              model.keySet().stream()
                  .anyMatch(k -> !k.equals(key) && (k.sequence - sequence) % WINDOW == 0);
          if (!taken && !model.containsKey(key)) {
            log.put(epoch, sequence, range.offset, range.length);
            model.put(key, range);
          }
        } else if (what < 900) {
          confirmed += random.nextInt(4);
          long c = confirmed;
          long e = epoch;
          log.confirm(epoch, confirmed);
          model.keySet().removeIf(k -> k.epoch == e && k.sequence <= c);
        } else if (what < 950) {
          log.close();
          log = open();
        } else if (what < 960) {
          // a resumed session: the entries of its former epoch stay until they are cleared
          epoch++;
          confirmed = 0;
          log.confirm(epoch, 0);
        } else if (what < 970) {
          log.clear();
          model.clear();
          confirmed = 0;
          epoch++;
        }
        check(log, model, epoch, confirmed, random);
      }
      assertThat(log.damage()).isEmpty();
    } finally {
      log.close();
    }
  }

  private static void check(
      MappedUnconfirmedLog log, Map<Key, Range> model, long epoch, long confirmed, Random random) {
    assertThat(log.isEmpty()).isEqualTo(model.isEmpty());
    assertThat(log.confirmed(epoch)).isEqualTo(confirmed);
    Map<Key, Range> seen = new HashMap<>();
    log.visit((e, s, o, l) -> seen.put(new Key(e, s), new Range(o, l)));
    assertThat(seen).isEqualTo(model);
    long s = confirmed + 1 + random.nextInt(WINDOW);
    assertThat(log.holds(epoch, s)).isEqualTo(model.containsKey(new Key(epoch, s)));
    long from = random.nextInt(64) * 4096L;
    long to = from + 8192;
    long ofPresent = 0;
    long ofAny = 0;
    for (var e : model.entrySet()) {
      Range r = e.getValue();
      if (r.offset < to && from < r.offset + r.length) {
        ofAny = Math.max(ofAny, e.getKey().sequence);
        if (e.getKey().epoch == epoch) {
          ofPresent = Math.max(ofPresent, e.getKey().sequence);
        }
      }
    }
    long found = log.overlapping(from, to - from);
    if (ofPresent > 0) {
      assertThat(found).isPositive();
    }
    if (ofAny == 0) {
      assertThat(found).isZero();
    } else {
      assertThat(found).isPositive();
    }
    if (ofAny == ofPresent) {
      assertThat(found).isEqualTo(ofAny);
    }
  }

  @Test
  void refusesWhatTheWindowDoesNotHold() throws IOException {
    try (MappedUnconfirmedLog log = fresh()) {
      log.put(1, 1, 0, 4096);
      log.put(1, 1, 0, 4096); // the same again changes nothing
      assertThatThrownBy(() -> log.put(1, 1, 4096, 4096)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> log.put(1, WINDOW + 1, 0, 4096))
          .isInstanceOf(IllegalStateException.class);
      log.confirm(1, 1);
      log.put(1, WINDOW + 1, 0, 4096);
      assertThat(log.holds(1, 1)).isFalse();
      assertThat(log.holds(1, WINDOW + 1)).isTrue();
      log.confirm(1, 0);
      assertThat(log.confirmed(1)).isEqualTo(1);
      assertThat(log.confirmed(2)).isZero();
    }
  }

  @Test
  void damageIsReportedAndReplaced() throws IOException {
    fresh().close();
    for (long at : new long[] {50, 4096 + 32 * 3 + 24}) {
      try (RandomAccessFile f = new RandomAccessFile(dir.resolve("log").toFile(), "rw")) {
        f.seek(at);
        f.write(5);
      }
      try (MappedUnconfirmedLog log = open()) {
        assertThat(log.damage()).startsWith("log: ");
        assertThat(log.isEmpty()).isTrue();
      }
    }
  }
}
