package io.onehop.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class UnitsTest {
  @Test
  void sizes() {
    Map<String, Long> good =
        Map.ofEntries(
            Map.entry("0", 0L),
            Map.entry("4096", 4096L),
            Map.entry("4096B", 4096L),
            Map.entry("4KiB", 4096L),
            Map.entry("4k", 4096L),
            Map.entry("4KB", 4096L),
            Map.entry(" 512M ", 512L << 20),
            Map.entry("10G", 10L << 30),
            Map.entry("1.5G", 3L << 29),
            Map.entry("2TiB", 2L << 40),
            Map.entry("8191P", 8191L << 50));
    good.forEach((text, bytes) -> assertThat(Units.bytes(text)).as(text).isEqualTo(bytes));
  }

  @Test
  void junkSizesAreNamed() {
    for (String bad :
        List.of(
            "",
            " ",
            "G",
            "-1",
            "+1",
            "1.5",
            "1.5B",
            "1X",
            "1GG",
            "1iB",
            "1Gib2",
            "1GIX",
            "0x10",
            "1e3",
            "8192P",
            "999999999999999999T",
            "9999999999999999999",
            "1,5G",
            "ten",
            "\u0661G")) {
      assertThatThrownBy(() -> Units.bytes(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'" + bad + "'");
    }
  }

  @Test
  void durations() {
    assertThat(Units.nanos("500ms")).isEqualTo(500_000_000L);
    assertThat(Units.nanos("2s")).isEqualTo(2_000_000_000L);
    assertThat(Units.nanos("1m")).isEqualTo(60_000_000_000L);
    for (String bad : List.of("", "2", "2 hours", "-1s", "1.5s", "s", "999999999999999999s")) {
      assertThatThrownBy(() -> Units.nanos(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'" + bad + "'");
    }
  }

  @Test
  void forPeople() {
    assertThat(Units.size(0)).isEqualTo("0 B");
    assertThat(Units.size(1023)).isEqualTo("1023 B");
    assertThat(Units.size(1024)).isEqualTo("1 KiB");
    assertThat(Units.size(1536)).isEqualTo("1.5 KiB");
    assertThat(Units.size(1L << 30)).isEqualTo("1 GiB");
    assertThat(Units.size(Long.MAX_VALUE)).isEqualTo("8192 PiB");
  }
}
