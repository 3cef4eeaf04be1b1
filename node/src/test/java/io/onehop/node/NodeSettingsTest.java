package io.onehop.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeSettingsTest {
  private static final String GOOD =
      """
      onehop {
        name = a
        data-folder = ../store/a
        pid-file = run/a.pid
        log { file = log/a.log, level = warn }
        nodes = [
          { name = a, control = "127.0.0.1:7001", data = "127.0.0.1:7002", api = "127.0.0.1:7003" }
          { name = b, control = "[::1]:7001", data = "[::1]:7002", api = "[::1]:7003" }
        ]
      }
      """;

  @TempDir Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("node.conf"), text);
  }

  @Test
  void readsAGoodFile() throws Exception {
    NodeSettings s = NodeSettings.read(file(GOOD));
    assertThat(s.name()).isEqualTo("a");
    assertThat(s.dataFolder()).isEqualTo(folder.resolveSibling("store").resolve("a"));
    assertThat(s.pidFile()).isEqualTo(folder.resolve("run/a.pid"));
    assertThat(s.log())
        .isEqualTo(new NodeSettings.LogSettings(folder.resolve("log/a.log"), "warn"));
    assertThat(s.nodes()).hasSize(2);
    assertThat(s.self().data()).hasToString("127.0.0.1:7002");
    assertThat(s.nodes().get(1).api()).hasToString("[::1]:7003");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "name = a\\n  data|nam = a\\n  data|onehop.nam: unknown key",
        "pid-file = run/a.pid||onehop.pid-file: is missing",
        "level = warn|level = loud|onehop.log.level: 'loud' is none of",
        "name = b,|name = A,|'A' is already the name of onehop.nodes[0]",
        "name = a\\n|name = c\\n|onehop.name: 'c' is not in the list",
        "name = a\\n|name = \"a b\"\\n|onehop.name: 'a b' is no name",
        "name = a\\n|name = {}\\n|onehop.name: must be a text",
        "[::1]:7002|127.0.0.1:7003|127.0.0.1:7003 is already used by onehop.nodes[0].api",
        "[::1]:7002|::1:7002|write an IPv6 address as [ADDRESS]:PORT",
        "[::1]:7002|[::1]:0|needs a port from 1 to 65535",
        "[::1]:7002|[::1]:70000|is no HOST:PORT",
        "[::1]:7002|here|is no HOST:PORT",
        "nodes = [|nods = [|onehop.nods: unknown key",
        "api = \"127.0.0.1:7003\"|apy = \"127.0.0.1:7003\"|onehop.nodes[0].apy: unknown key",
        "onehop {|one {|one: unknown key",
        "nodes = [|nodes = [[|node.conf",
        "log {|log = 3\\n x {|onehop.x: unknown key",
      })
  void refusesInOneLine(String from, String to, String message) throws Exception {
    String text =
        GOOD.replace(from.replace("\\n", "\n"), to == null ? "" : to.replace("\\n", "\n"));
    assertThat(text).isNotEqualTo(GOOD);
    Path file = file(text);
    ConfigError e = catchThrowableOfType(ConfigError.class, () -> NodeSettings.read(file));
    assertThat(e).hasMessageContaining(message).hasMessageContaining(file.toString());
    assertThat(e.getMessage()).doesNotContain("\n");
  }

  @Test
  void namesAMissingFile() {
    Path none = folder.resolve("none.conf");
    ConfigError e = catchThrowableOfType(ConfigError.class, () -> NodeSettings.read(none));
    assertThat(e).hasMessage(none + ": no such configuration file");
  }

  @Test
  void passesPekkosBlockOn() throws Exception {
    NodeSettings s = NodeSettings.read(file(GOOD + "\npekko.loglevel = DEBUG\n"));
    assertThat(s.pekko().getString("pekko.loglevel")).isEqualTo("DEBUG");
  }
}
