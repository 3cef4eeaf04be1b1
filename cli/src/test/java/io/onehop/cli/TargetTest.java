package io.onehop.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.onehop.protocol.model.Endpoint;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

final class TargetTest {
  /** A command that has nothing but a target. */
  @Command(name = "holder")
  static final class Holder {
    @Mixin private Target target = new Target();
  }

  @TempDir private Path tmp = Path.of("");

  private static Target parse(String... args) {
    Holder h = new Holder();
    new CommandLine(h).parseArgs(args);
    return h.target;
  }

  @Test
  void severalServers() {
    assertThat(parse("--server", "a:1,[::1]:2").api().nodes())
        .containsExactly(new Endpoint("a", 1), new Endpoint("::1", 2));
  }

  @Test
  void allNodesOfTheFolder() {
    LocalPool made = LocalPool.create(tmp.resolve("d"), 2);
    assertThat(parse("--dir", tmp.resolve("d").toString()).api().nodes()).isEqualTo(made.apis());
  }

  @Test
  @DisabledIfEnvironmentVariable(named = "ONEHOP_SERVER", matches = ".*")
  void theDefaultPort() {
    assertThat(parse().api().nodes()).isEqualTo(List.of(new Endpoint("localhost", 7412)));
  }

  @Test
  void junkIsWrongUsage() {
    assertThatThrownBy(() -> parse("--server", "a:b").api())
        .isInstanceOfSatisfying(
            Failure.class, f -> assertThat(f.exitCode()).isEqualTo(Failure.USAGE));
  }
}
