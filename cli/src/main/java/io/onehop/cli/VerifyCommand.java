package io.onehop.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares the legs online. */
@Command(
    name = "verify",
    header = "Compares all in-sync legs while the pool serves.",
    description = {
      "",
      "By digests between the nodes, never through a client. Exit code 1 if anything differs."
    },
    mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {
  @Mixin private Target target = new Target();

  @Parameters(paramLabel = "NAME", description = "Name of the pool.")
  private String name = "";

  @Option(
      names = "--against",
      paramLabel = "LEG",
      description =
          "Compare only this node's leg, as it lies on its disk, with one that is in sync: also a"
              + " stale one or one that is kept out after a forced promotion. Changes nothing.")
  private @Nullable String against;

  @Option(names = "--json", description = "One JSON document.")
  private boolean json;

  @Override
  public Integer call() {
    ObjectNode body = against == null ? null : Api.JSON.createObjectNode().put("against", against);
    JsonNode v =
        target
            .api()
            .send("POST", "/v1/pools/" + PoolCommand.encode(name) + "/verify", body, 3_600_000);
    JsonNode differences = v.path("differences");
    if (json) {
      System.out.println(v);
    } else {
      for (JsonNode d : differences) {
        List<String> nodes = new ArrayList<>();
        d.path("nodes").forEach(n -> nodes.add(n.asText()));
        System.out.println(
            "differs: offset "
                + d.path("offset").asLong()
                + " length "
                + d.path("length").asLong()
                + " on "
                + String.join(", ", nodes));
      }
      System.out.println(
          "compared "
              + Units.size(v.path("comparedBytes").asLong())
              + ": "
              + (differences.isEmpty() ? "identical" : differences.size() + " ranges differ"));
    }
    return differences.isEmpty() ? 0 : Failure.NO;
  }
}
