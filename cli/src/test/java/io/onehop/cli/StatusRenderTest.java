package io.onehop.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class StatusRenderTest {
  private static String leg(String state, String reason, long missing, String eta, String last) {
    return """
    {"node":"node-b","state":"%s","reason":"%s","missingBytes":%d,"resyncBytesPerSecond":1048576,
     "etaSeconds":%s,"lastResync":%s}\
    """
        .formatted(state, reason, missing, eta, last);
  }

  private static String pool(String writer, String waiting, String leg) {
    return """
    {"pools":[{"name":"vol0","uuid":"u","generation":7,"phase":"ready","writer":%s,"waiting":%s,
    "legs":[{"node":"node-a","state":"in-sync","reason":"","missingBytes":0,"resyncBytesPerSecond":0,
    "etaSeconds":0,"lastResync":null},%s],"resyncBytesThroughClient":0,
    "witnesses":[{"node":"witness","reachable":false}]}]}\
    """
        .formatted(writer, waiting, leg);
  }

  private static String render(String json, Map<String, Long> most) throws JsonProcessingException {
    return StatusCommand.render(Api.JSON.readTree(json), most);
  }

  @Test
  void aHealthyPool() throws JsonProcessingException {
    String leg =
        leg("in-sync", "", 0, "0", "{\"missedBytes\":8192,\"copiedBytes\":4096,\"seconds\":1.25}");
    assertThat(render(pool("{\"session\":\"s\",\"epoch\":3}", "null", leg), new HashMap<>()))
        .isEqualTo(
            """
            pool vol0  generation 7  ready  attached (epoch 3)
              node-a       in-sync
              node-b       in-sync   last resync 4 KiB in 1.3 s
              witness      witness   not reachable
            """);
  }

  @Test
  void waitingAndStale() throws JsonProcessingException {
    String text =
        render(
            pool(
                "null",
                "\"waits for node-a\"",
                leg("stale", "does not answer", 4096, "null", "null")),
            new HashMap<>());
    assertThat(text)
        .contains("not attached\n  waiting: waits for node-a\n")
        .contains("node-b       stale     4 KiB missing (does not answer)\n");
  }

  @Test
  void theBarGrowsFromTheMostThatWasMissing() throws JsonProcessingException {
    Map<String, Long> most = new HashMap<>();
    String first =
        render(pool("null", "null", leg("syncing", "heals", 2 << 20, "2", "null")), most);
    assertThat(first)
        .contains("syncing   2 MiB missing, 1 MiB/s, 2 s left (heals)")
        .doesNotContain("[");
    String half =
        render(pool("null", "null", leg("syncing", "heals", 1 << 20, "null", "null")), most);
    assertThat(half)
        .contains("[" + "#".repeat(15) + "-".repeat(15) + "] 1 MiB missing, 1 MiB/s (heals)");
    render(pool("null", "null", leg("in-sync", "", 0, "0", "null")), most);
    assertThat(most).isEmpty();
  }

  @Test
  void noPools() throws JsonProcessingException {
    assertThat(render("{\"pools\":[]}", new HashMap<>())).isEqualTo("no pools\n");
  }
}
