package io.onehop.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.onehop.node.NodeSettings;
import io.onehop.protocol.model.Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LocalPoolTest {
  @TempDir private Path tmp = Path.of("");

  @Test
  void madeAsPromised() {
    Path dir = tmp.resolve("my \"pool\" $x");
    assertThat(LocalPool.exists(dir)).isFalse();
    LocalPool p = LocalPool.create(dir, 2);
    assertThat(LocalPool.exists(dir)).isTrue();
    assertThat(p.nodes().stream().map(NodeSettings::name))
        .containsExactly("node-a", "node-b", "witness");
    Set<Endpoint> ports = new HashSet<>();
    for (NodeSettings n : p.nodes()) {
      assertThat(n.pidFile()).isEqualTo(dir.resolve("run").resolve(n.name() + ".pid"));
      assertThat(n.dataFolder()).isEqualTo(dir.resolve("store").resolve(n.name()));
      assertThat(n.log().file()).isEqualTo(dir.resolve("log").resolve(n.name() + ".log"));
      assertThat(n.file()).isEqualTo(dir.resolve("conf").resolve(n.name() + ".conf"));
      ports.add(n.self().data());
      ports.add(n.self().api());
    }
    assertThat(ports).hasSize(6);
    assertThat(p.socket()).isEqualTo(dir.resolve("nbd.sock"));
    assertThat(LocalPool.open(dir).apis()).isEqualTo(p.apis()).hasSize(3);
  }

  @Test
  void aFolderOfSomethingElseIsRefused() throws IOException {
    assertInput(tmp.resolve("nowhere"), "has no conf/");
    Files.createDirectories(tmp.resolve("empty/conf"));
    assertInput(tmp.resolve("empty"), "holds no NAME.conf");
    Path broken = tmp.resolve("broken");
    LocalPool.create(broken, 2);
    Files.writeString(broken.resolve("conf/node-b.conf"), "onehop { name = ");
    assertInput(broken, "node-b.conf");
  }

  private static void assertInput(Path dir, String text) {
    assertThatThrownBy(() -> LocalPool.open(dir))
        .isInstanceOfSatisfying(
            Failure.class, f -> assertThat(f.exitCode()).isEqualTo(Failure.INPUT))
        .hasMessageContaining(text);
  }

  @Test
  void aPidFileOfAnotherProcessIsStale() throws IOException {
    LocalPool p = LocalPool.create(tmp.resolve("p"), 2);
    Path file = p.run().resolve("node-a.pid");
    assertThat(p.node("node-a")).isEmpty();
    // This process lives, but is no node.
    Files.writeString(file, ProcessHandle.current().pid() + "\n");
    assertThat(p.node("node-a")).isEmpty();
    for (String junk : new String[] {"", "x", "-1", "0", "99999999999999999999", "4194305"}) {
      Files.writeString(file, junk);
      assertThat(p.node("node-a")).as(junk).isEmpty();
    }
  }
}
