package io.onehop.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real nodes together: creation, deletion, settings, stops and starts, with nodes away. */
@Timeout(120)
class NodesTest {
  private static final String CREATE =
      "{\"name\":\"vol\",\"sizeBytes\":10000001,\"data\":[\"a\",\"b\"],\"witness\":[\"w\"]}";

  @TempDir Path folder;

  private static List<String> states(JsonNode pool) {
    return Stream.of(0, 1).map(i -> pool.path("legs").path(i).path("state").asText()).toList();
  }

  private static void awaitInSync(TestNodes nodes, String at) {
    await()
        .atMost(Duration.ofSeconds(40))
        .untilAsserted(() -> {
          JsonNode pool = nodes.pool(at, "vol");
          assertThat(pool.path("generation").asLong()).isPositive();
          assertThat(states(pool)).containsExactly("in-sync", "in-sync");
        });
  }

  @Test
  void aPoolLivesAndDies() throws Exception {
    try (TestNodes nodes = new TestNodes(folder, "a", "b", "w")) {
      nodes.start("a");
      nodes.start("b");
      // A voter is missing: nothing is created (rule 1.9).
      TestNodes.Answer early = nodes.call("a", "POST", "/v1/pools", CREATE);
      assertThat(early.status()).isEqualTo(503);
      assertThat(early.error()).contains("w: no answer").contains("nothing was created");
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(() -> assertThat(folder.resolve("store/b/preparing")).isEmptyDirectory());

      nodes.start("w");
      TestNodes.Answer made = nodes.call("w", "POST", "/v1/pools", CREATE);
      assertThat(made.error()).isEmpty();
      assertThat(made.status()).isEqualTo(201);
      JsonNode legs = made.body().path("legs");
      Path store = Path.of(legs.path(0).path("store").asText());
      assertThat(store).isAbsolute().isRegularFile();
      assertThat(Files.size(store))
          .isGreaterThanOrEqualTo(legs.path(0).path("dataOffset").asLong() + 10000001);
      awaitInSync(nodes, "a");
      awaitInSync(nodes, "w");
      assertThat(
              nodes.get("b", "/v1/pools").body().path("pools").path(0).path("sizeBytes").asLong())
          .isEqualTo(10000001);
      assertThat(nodes.call("b", "POST", "/v1/pools", CREATE).error()).contains("already a pool");

      TestNodes.Answer set =
          nodes.call("w", "POST", "/v1/pools/vol/settings", "{\"resync-max-rate\":\"10M\"}");
      assertThat(set.status()).isEqualTo(200);
      assertThat(
              nodes
                  .get("w", "/v1/pools/vol")
                  .body()
                  .path("settings")
                  .path("resync-max-rate")
                  .asText())
          .isEqualTo("10485760");

      JsonNode same = nodes.call("w", "POST", "/v1/pools/vol/verify", "").body();
      assertThat(same.path("differences")).isEmpty();
      assertThat(same.path("comparedBytes").asLong()).isGreaterThanOrEqualTo(10000001);

      assertThat(nodes.call("a", "DELETE", "/v1/pools/vol", "").status()).isEqualTo(200);
      for (String n : List.of("a", "b", "w")) {
        assertThat(nodes.get(n, "/v1/pools").body().path("pools")).isEmpty();
        assertThat(folder.resolve("store/" + n + "/pools")).isEmptyDirectory();
        assertThat(folder.resolve("store/" + n + "/dropped")).isEmptyDirectory();
      }
      assertThat(nodes.call("a", "DELETE", "/v1/pools/vol", "").status()).isEqualTo(404);
    }
  }

  @Test
  void theFirstNodeNeverStartsAgainAndTheOthersRunThePool() throws Exception {
    try (TestNodes nodes = new TestNodes(folder, "w", "a", "b")) {
      for (String n : List.of("w", "a", "b")) {
        nodes.start(n);
      }
      assertThat(nodes.call("a", "POST", "/v1/pools", CREATE).status()).isEqualTo(201);
      awaitInSync(nodes, "a");
      for (String n : List.of("w", "a", "b")) {
        nodes.stop(n);
      }
      // From here on the first node of the list is gone: no founder for Pekko's own rule.
      nodes.start("a");
      nodes.start("b");
      awaitInSync(nodes, "a");
      awaitInSync(nodes, "b");
      JsonNode pool = nodes.pool("b", "vol");
      assertThat(pool.path("witnesses").path(0).path("reachable").asBoolean()).isFalse();
      TestNodes.Answer set =
          nodes.call("b", "POST", "/v1/pools/vol/settings", "{\"on-no-quorum\":\"error\"}");
      assertThat(set.error()).isEmpty();
      assertThat(set.status()).isEqualTo(200);

      // One stays dead while another restarts.
      nodes.stop("b");
      nodes.start("b");
      awaitInSync(nodes, "b");
    }
  }

  @Test
  void aSingleNodeAnswersWithoutAQuorum() throws Exception {
    try (TestNodes nodes = new TestNodes(folder, "a", "b", "w")) {
      for (String n : List.of("a", "b", "w")) {
        nodes.start(n);
      }
      assertThat(nodes.call("a", "POST", "/v1/pools", CREATE).status()).isEqualTo(201);
      awaitInSync(nodes, "a");
      for (String n : List.of("a", "b", "w")) {
        nodes.stop(n);
      }
      nodes.start("b");
      long before = System.nanoTime();
      JsonNode pool = nodes.pool("b", "vol");
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(1));
      assertThat(pool.path("waiting").asText()).isNotEmpty();
      assertThat(pool.path("legs").size()).isEqualTo(2);
      assertThat(nodes.get("b", "/v1/pools/vol").body().path("legs").size()).isEqualTo(2);
    }
  }

  @Test
  void whatCannotStartSaysWhyAndLeavesNothing() throws Exception {
    try (TestNodes nodes = new TestNodes(folder, "a", "b", "w")) {
      NodeSettings a = nodes.settings("a");
      for (var at : List.of(a.self().control(), a.self().data(), a.self().api())) {
        try (ServerSocket taken = new ServerSocket()) {
          taken.bind(new java.net.InetSocketAddress(at.host(), at.port()));
          StartError e = catchThrowableOfType(StartError.class, () -> nodes.start("a"));
          assertThat(e).as("taken: " + at).hasMessageContaining(at.toString());
          assertThat(e.exitCode()).isEqualTo(3);
        }
      }
      for (String n : List.of("a", "b", "w")) {
        nodes.start(n);
      }
      assertThat(nodes.call("a", "POST", "/v1/pools", CREATE).status()).isEqualTo(201);
      nodes.stop("a");
      try (Stream<Path> all = Files.walk(folder.resolve("store/a"))) {
        Path superblock = all.filter(p -> p.endsWith("superblock")).findFirst().orElseThrow();
        Files.write(superblock, new byte[100]);
      }
      StartError damaged = catchThrowableOfType(StartError.class, () -> nodes.start("a"));
      assertThat(damaged.exitCode()).isEqualTo(4);
      assertThat(damaged).hasMessageContaining("superblock");
    }
  }

  @Test
  void aDamagedPoolDoesNotTakeTheOthersWithIt() throws Exception {
    try (TestNodes nodes = new TestNodes(folder, "a", "b", "w")) {
      for (String n : List.of("a", "b", "w")) {
        nodes.start(n);
      }
      assertThat(nodes.call("a", "POST", "/v1/pools", CREATE).status()).isEqualTo(201);
      String second = CREATE.replace("\"vol\"", "\"other\"");
      assertThat(nodes.call("a", "POST", "/v1/pools", second).status()).isEqualTo(201);
      String damaged = nodes.pool("a", "other").path("uuid").asText();
      nodes.stop("a");
      Path store = folder.resolve("store/a/pools").resolve(damaged);
      try (Stream<Path> all = Files.walk(store)) {
        Path superblock = all.filter(p -> p.endsWith("superblock")).findFirst().orElseThrow();
        Files.write(superblock, new byte[100]);
      }
      nodes.start("a");
      awaitInSync(nodes, "a");
      assertThat(nodes.get("a", "/v1/pools").body().path("pools")).hasSize(1);
      // The others know it still; deleted there, its remains go from here, too.
      assertThat(nodes.call("b", "DELETE", "/v1/pools/other", "").status()).isEqualTo(200);
      assertThat(store).doesNotExist();
    }
  }
}
