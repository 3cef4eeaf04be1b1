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
  void anEvenNumberOfLegsGetsAWitness() {
    for (int legs = 1; legs <= 5; legs++) {
      LocalPool p = LocalPool.create(tmp.resolve("p" + legs), legs);
      assertThat(p.legs()).isEqualTo(legs);
      assertThat(p.nodes()).hasSize(legs % 2 == 0 ? legs + 1 : legs);
      assertThat(p.nodes().get(legs - 1).name()).isEqualTo("node-" + "abcde".charAt(legs - 1));
    }
  }

  @Test
  void anotherNumberOfLegsIsRefused() {
    Path dir = tmp.resolve("three");
    try (Upper three = Upper.in(dir, 3)) {
      assertThat(three.pool().legs()).isEqualTo(3);
    }
    assertThatThrownBy(() -> Upper.in(dir, 2))
        .isInstanceOfSatisfying(
            Failure.class, f -> assertThat(f.exitCode()).isEqualTo(Failure.REFUSED))
        .hasMessageContaining("has 3 legs, not 2: leave --legs out");
    // Refused, it holds no lock.
    try (Upper again = Upper.in(dir, null)) {
      assertThat(again.pool().legs()).isEqualTo(3);
    }
  }

  @Test
  void anEvenNumberOfVotersIsExplained() {
    assertThat(PoolCommand.Create.note(3, 0)).isEmpty();
    assertThat(PoolCommand.Create.note(1, 0)).isEmpty();
    assertThat(PoolCommand.Create.note(2, 3)).isEmpty();
    assertThat(PoolCommand.Create.note(2, 0))
        .startsWith("2 legs and no witness are an even number of voters: the pool can lose none of")
        .endsWith("it can lose any 1");
    assertThat(PoolCommand.Create.note(1, 1)).startsWith("1 leg and 1 witness").contains("none");
    assertThat(PoolCommand.Create.note(2, 2)).contains("lose any 1 of").endsWith("any 2");
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
