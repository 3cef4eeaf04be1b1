package io.onehop.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
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

  @Option(names = "--json", description = "One JSON document.")
  private boolean json;

  @Override
  public Integer call() {
    JsonNode v =
        target
            .api()
            .send("POST", "/v1/pools/" + PoolCommand.encode(name) + "/verify", null, 3_600_000);
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
