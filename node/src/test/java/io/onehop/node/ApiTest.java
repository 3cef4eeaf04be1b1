package io.onehop.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The HTTP API of one real node without pools: shapes of answers, refusals. */
@Timeout(60)
class ApiTest {
  private static TestNodes nodes;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    nodes = new TestNodes(folder, "a", "b", "w");
    nodes.start("a");
  }

  @AfterAll
  static void stop() {
    nodes.close();
  }

  @Test
  void answersWhatScriptsReadFrom() throws Exception {
    assertThat(nodes.get("a", "/v1/pools").body()).hasToString("{\"pools\":[]}");
    assertThat(nodes.get("a", "/v1/status").body()).hasToString("{\"pools\":[]}");
    assertThat(nodes.get("a", "/v1/version").body().has("version")).isTrue();
    assertThat(nodes.get("a", "/v1/nodes").body().path("nodes")).hasSize(3);
    assertThat(nodes.text("a", "/metrics")).contains("onehop_pools{node=\"a\"} 0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "GET|/v1/none||404|no such resource",
        "GET|/v1/pools/vol||404|no pool 'vol' on node 'a'",
        "GET|/v1/status?pool=vol||404|no pool 'vol'",
        "DELETE|/v1/pools/vol||404|no pool 'vol'",
        "POST|/v1/pools/vol/verify||404|no pool 'vol'",
        "POST|/v1/pools/vol/settings|{\"lease\":\"2s\"}|404|no pool 'vol'",
        "POST|/v1/pools/vol/force|{\"node\":\"a\"}|404|no pool 'vol'",
        "POST|/v1/pools/vol/replace|{\"node\":\"a\"}|404|no pool 'vol'",
        "POST|/v1/pools/vol/rejoin|{\"node\":\"a\"}|404|no pool 'vol'",
        "POST|/v1/pools|{|400|not valid JSON",
        "POST|/v1/pools|[]|400|one JSON object",
        "POST|/v1/pools|{} {}|400|nothing behind it",
        "POST|/v1/pools|{\"siz\":1}|400|unknown field 'siz'",
        "POST|/v1/pools|{\"name\":\"v\"}|400|sizeBytes",
        "POST|/v1/pools|{\"name\":\"v\",\"sizeBytes\":1e99}|400|sizeBytes",
        "POST|/v1/pools|{\"name\":\"v\",\"sizeBytes\":0,\"data\":[\"a\",\"b\"]}|400|size 0",
        "POST|/v1/pools|{\"name\":\"v/w\",\"sizeBytes\":9,\"data\":[\"a\",\"b\"]}|400|no pool name",
        "POST|/v1/pools|{\"name\":\"v\",\"sizeBytes\":9,\"data\":[]}|400|1 to 5 data nodes, not 0",
        "POST|/v1/pools|{\"name\":\"v\",\"sizeBytes\":9,\"data\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]}|400|1"
            + " to 5 data nodes, not 6",
        "POST|/v1/pools|{\"name\":\"v\",\"sizeBytes\":9,\"data\":[\"a\"],\"witness\":[\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]}|400|at"
            + " most 5 witnesses, not 6",
        "POST|/v1/pools|{\"name\":\"v\",\"sizeBytes\":9,\"data\":[\"a\"],\"witness\":[\"a\"]}|400|named"
            + " twice",
        "POST|/v1/pools|{\"name\":\"v\",\"sizeBytes\":9,\"data\":[\"a\",\"a\"]}|400|named twice",
        "POST|/v1/pools|{\"name\":\"v\",\"sizeBytes\":9,\"data\":[\"a\",\"x\"]}|400|no node 'x'",
        "POST|/v1/pools|{\"name\":\"v\",\"sizeBytes\":9,\"data\":\"a\"}|400|list of node names",
        "POST|/v1/pools|{\"name\":\"v\",\"sizeBytes\":9,\"data\":[\"a\",\"b\"],\"devices\":{\"a\":\"\\u0000\"}}|400|absolute"
            + " path",
      })
  void refusesInOneLine(String method, String path, String body, int status, String text)
      throws Exception {
    TestNodes.Answer a = nodes.call("a", method, path, body == null ? "" : body);
    assertThat(a.status()).isEqualTo(status);
    assertThat(a.error()).contains(text).doesNotContain("\n");
    assertThat(List.copyOf(a.body().properties())).hasSize(1);
  }

  @Test
  void refusesAnOversizedBody() throws Exception {
    TestNodes.Answer a =
        nodes.call("a", "POST", "/v1/pools", "{\"name\":\"" + "x".repeat(100_000) + "\"}");
    assertThat(a.status()).isEqualTo(413);
  }
}
