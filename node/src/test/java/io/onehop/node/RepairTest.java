package io.onehop.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real nodes whose disks and majorities are lost, or are not what they should be; no client. */
@Timeout(240)
class RepairTest {
  private static final String CREATE =
      "{\"name\":\"vol\",\"sizeBytes\":1000001,\"data\":[\"a\",\"b\"],\"witness\":[\"w\"]}";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  private TestNodes running() throws Exception {
    TestNodes nodes = new TestNodes(folder, "a", "b", "w");
    for (String n : List.of("a", "b", "w")) {
      nodes.start(n);
    }
    assertThat(nodes.call("a", "POST", "/v1/pools", CREATE).status()).isEqualTo(201);
    inSync(nodes, "a");
    return nodes;
  }

  private static JsonNode leg(TestNodes nodes, String at, int i) throws Exception {
    return nodes.pool(at, "vol").path("legs").path(i);
  }

  private static void inSync(TestNodes nodes, String at) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          JsonNode pool = nodes.pool(at, "vol");
          assertThat(pool.path("waiting").isNull()).as(pool.toString()).isTrue();
          for (JsonNode l : pool.path("legs")) {
            assertThat(l.path("state").asText()).as(pool.toString()).isEqualTo("in-sync");
          }
          assertThat(pool.path("legs")).hasSize(2);
        });
  }

  private static void reason(TestNodes nodes, String at, int i, String part) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(leg(nodes, at, i).path("reason").asText()).contains(part));
  }

  private static TestNodes.Answer order(TestNodes nodes, String at, String what, String body)
      throws Exception {
    return nodes.call(at, "POST", "/v1/pools/vol/" + what, body);
  }

  private Path store(String node) throws IOException {
    try (Stream<Path> pools = Files.list(folder.resolve("store/" + node + "/pools"))) {
      return pools.findFirst().orElseThrow();
    }
  }

  /** A device that cannot be taken is refused, and nothing happens to the leg that runs. */
  private static void refusedDevice(TestNodes nodes, String device, String why) throws Exception {
    long generation = nodes.pool("a", "vol").path("generation").asLong();
    String body = "{\"node\":\"a\",\"sure\":true,\"device\":\"" + device + "\"}";
    assertThat(order(nodes, "b", "replace", body).error()).contains("node 'a'", why);
    inSync(nodes, "b");
    assertThat(nodes.pool("a", "vol").path("generation").asLong()).isEqualTo(generation);
  }

  private static void delete(Path tree) throws IOException {
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(p);
      }
    }
  }

  /** What a node that runs has on its disk, but for what it is just about to put in place. */
  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path p : all.filter(f -> !f.toString().endsWith(".new")).sorted().toList()) {
        Files.copy(p, to.resolve(from.relativize(p).toString()));
      }
    }
  }

  @Test
  void anEmptyDiskTakesThePlaceOfALostOne() throws Exception {
    try (TestNodes nodes = running()) {
      TestNodes.Answer sure = order(nodes, "a", "replace", "{\"node\":\"b\"}");
      assertThat(sure.status()).isEqualTo(409);
      assertThat(sure.error()).contains("--yes");
      assertThat(order(nodes, "a", "replace", "{\"node\":\"x\"}").error()).contains("no member");
      assertThat(order(nodes, "a", "replace", "{\"nod\":\"b\"}").error()).contains("unknown field");
      assertThat(order(nodes, "a", "rejoin", "{\"node\":\"b\",\"sure\":true}").error())
          .contains("not kept out");

      nodes.stop("b");
      delete(folder.resolve("store/b"));
      nodes.start("b");
      // Until the failure time has passed the others take the old disk for a living one.
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(order(nodes, "w", "replace", "{\"node\":\"b\"}").error()).isEmpty());
      inSync(nodes, "a");
      inSync(nodes, "b");
      String id = leg(nodes, "a", 1).path("node").asText();
      assertThat(id).isEqualTo("b");

      // The witness, too; then the first leg, on another file.
      nodes.stop("w");
      delete(folder.resolve("store/w"));
      nodes.start("w");
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(order(nodes, "b", "replace", "{\"node\":\"w\"}").error()).isEmpty());
      Path device = folder.resolve("disk");
      Files.write(device, new byte[0]);
      refusedDevice(nodes, device.toString(), "too small");
      refusedDevice(nodes, device + "x", "diskx");
      try (FileChannel c = FileChannel.open(device, StandardOpenOption.WRITE)) {
        c.write(ByteBuffer.allocate(1), (4 << 20) - 1);
      }
      String body = "{\"node\":\"a\",\"sure\":true,\"device\":\"" + device + "\"}";
      assertThat(order(nodes, "a", "replace", body).error()).isEmpty();
      inSync(nodes, "b");
      for (String at : List.of("a", "b", "w")) {
        await()
            .atMost(PATIENCE)
            .untilAsserted(() ->
                assertThat(
                        nodes
                            .get(at, "/v1/pools/vol")
                            .body()
                            .path("legs")
                            .path(0)
                            .path("store")
                            .asText())
                    .as(at)
                    .isEqualTo(device.toRealPath().toString()));
      }
      assertThat(order(nodes, "b", "verify", "").body().path("differences")).isEmpty();
      // All of them are found again by their new names.
      for (String n : List.of("a", "b", "w")) {
        nodes.stop(n);
      }
      for (String n : List.of("a", "b", "w")) {
        nodes.start(n);
      }
      inSync(nodes, "a");
    }
  }

  @Test
  void theLastLegInSyncIsNotEmptied() throws Exception {
    try (TestNodes nodes = running()) {
      nodes.stop("b");
      delete(folder.resolve("store/b"));
      nodes.start("b");
      // Nobody needs b out yet; the order itself takes it out, then a is the last.
      TestNodes.Answer a = order(nodes, "a", "replace", "{\"node\":\"a\",\"sure\":true}");
      assertThat(a.status()).isEqualTo(409);
      assertThat(a.error()).containsAnyOf("last leg in sync", "no other leg");
    }
  }

  @Test
  void aWrongDiskIsNamedAndTheRestGoesOn() throws Exception {
    try (TestNodes nodes = running()) {
      nodes.stop("b");
      Path own = store("b").resolve("leg");
      Path aside = folder.resolve("aside");
      Files.move(own, aside);
      copy(store("a").resolve("leg"), own);
      nodes.start("b");
      String wrong = "wrong disk: store belongs to a (rule 1.2)";
      reason(nodes, "a", 1, wrong);
      reason(nodes, "b", 1, wrong);
      assertThat(leg(nodes, "a", 0).path("state").asText()).isEqualTo("in-sync");
      assertThat(nodes.pool("b", "vol").path("generation").asLong()).isPositive();

      // Put right while the node runs: found by itself.
      delete(own);
      Files.move(aside, own);
      inSync(nodes, "a");
      inSync(nodes, "b");
    }
  }

  @Test
  void aWitnessOfAnotherPoolIsNamed() throws Exception {
    try (TestNodes nodes = running()) {
      nodes.stop("w");
      delete(store("w").resolve("witness"));
      nodes.start("w");
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(nodes.pool("a", "vol").path("witnesses").path(0).path("reason").asText())
                  .contains("wrong disk: empty, no store on it (rule 1.2)"));
      assertThat(order(nodes, "a", "replace", "{\"node\":\"w\"}").error()).isEmpty();
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(nodes.pool("a", "vol").path("witnesses").path(0).path("reason").asText())
                  .isEmpty());
    }
  }

  @Test
  void aForcedLegKeepsTheOldOnesOutUntilTheyRejoin() throws Exception {
    try (TestNodes nodes = running()) {
      TestNodes.Answer early = order(nodes, "a", "force", "{\"node\":\"a\",\"sure\":true}");
      assertThat(early.status()).isEqualTo(409);
      assertThat(early.error()).contains("not needed");
      assertThat(order(nodes, "a", "force", "{\"node\":\"w\",\"sure\":true}").status())
          .isEqualTo(400);
      nodes.stop("a");
      nodes.stop("w");
      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(order(nodes, "b", "force", "{\"node\":\"b\"}").error())
                  .contains("--i-accept-data-loss", "a, w"));
      assertThat(order(nodes, "b", "force", "{\"node\":\"b\",\"sure\":true}").error()).isEmpty();
      assertThat(leg(nodes, "b", 1).path("state").asText()).isEqualTo("in-sync");
      assertThat(leg(nodes, "b", 0).path("keptOut").asBoolean()).isTrue();

      nodes.start("a");
      reason(nodes, "a", 0, "kept out");
      reason(nodes, "b", 0, "another lineage (forced promotion of b");
      TestNodes.Answer compared = order(nodes, "a", "verify", "{\"against\":\"a\"}");
      assertThat(compared.error()).isEmpty();
      assertThat(compared.body().path("differences")).isEmpty();
      assertThat(order(nodes, "a", "rejoin", "{\"node\":\"a\"}").error())
          .contains("--i-accept-data-loss");
      assertThat(order(nodes, "a", "rejoin", "{\"node\":\"a\",\"sure\":true}").error()).isEmpty();
      inSync(nodes, "a");
      inSync(nodes, "b");
      assertThat(order(nodes, "a", "verify", "").body().path("differences")).isEmpty();
    }
  }
}
