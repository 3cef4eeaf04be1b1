package io.onehop.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.onehop.protocol.model.Endpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What an operator does when disks or majorities are gone for good. */
final class PoolRepair {
  private static final int PATIENCE_MILLIS = 30_000;
  private static final int LONG_MILLIS = 24 * 3_600_000;

  private PoolRepair() {}

  private static int order(Api api, String name, String what, ObjectNode body, int patienceMillis) {
    JsonNode done =
        api.send("POST", "/v1/pools/" + PoolCommand.encode(name) + what, body, patienceMillis);
    System.out.println(done.path("text").asText());
    return 0;
  }

  /** A new lineage from one leg. */
  @Command(
      name = "force",
      header = "Lets a pool go on from one leg: the last resort, loses data.",
      description = {
        "",
        "For a pool whose majority of voters, or whose last leg in sync, is lost for good. The leg"
            + " begins a new lineage together with those nodes that answer now; all others are"
            + " kept out from then on, also when they come back: compare them by `onehop verify"
            + " NAME --against LEG`, let them in by `onehop pool rejoin`. Without"
            + " --i-accept-data-loss it only says what would be lost. Refused while the pool can"
            + " come back by itself. A client that was attached is cut off and must attach again."
      },
      mixinStandardHelpOptions = true)
  static final class Force implements Callable<Integer> {
    @Mixin private Target target = new Target();

    @Parameters(paramLabel = "NAME", description = "Name of the pool.")
    private String name = "";

    @Option(
        names = "--from",
        required = true,
        paramLabel = "LEG",
        description = "The node whose leg the pool goes on from.")
    private String from = "";

    @Option(names = "--i-accept-data-loss", description = "Do it.")
    private boolean sure;

    @Override
    public Integer call() {
      ObjectNode body = Api.JSON.createObjectNode().put("node", from).put("sure", sure);
      return order(target.api(), name, "/force", body, PATIENCE_MILLIS);
    }
  }

  /** Whose disk it is about. */
  static final class Which {
    @Option(names = "--leg", paramLabel = "NODE", description = "The leg's node.")
    private @Nullable String leg;

    @Option(names = "--witness", paramLabel = "NODE", description = "The witness' node.")
    private @Nullable String witness;

    String node() {
      String one = leg != null ? leg : witness;
      if (one == null || (leg != null && witness != null)) {
        throw new Failure(Failure.USAGE, "say --leg NODE or --witness NODE, one of them");
      }
      return one;
    }

    boolean isWitness() {
      return witness != null;
    }

    /** Refuses a leg that is called a witness, and a witness that is called a leg. */
    void check(Api api, String pool) {
      String one = node();
      JsonNode p = api.get("/v1/pools/" + PoolCommand.encode(pool));
      boolean isLeg = names(p.path("legs"), one);
      if (witness != null ? isLeg : names(p.path("witnesses"), one)) {
        throw new Failure(
            Failure.USAGE,
            "'%1$s' is a %2$s of '%3$s': say --%2$s %1$s"
                .formatted(one, isLeg ? "leg" : "witness", pool));
      }
    }

    private static boolean names(JsonNode members, String node) {
      for (JsonNode m : members) {
        if (m.path("node").asText().equals(node)) {
          return true;
        }
      }
      return false;
    }
  }

  /** Another disk in a member's place. */
  @Command(
      name = "replace",
      header = "Puts an empty disk in the place of a leg's or a witness' own.",
      description = {
        "",
        "For a disk that is lost, damaged or wrong. Its node must run. The old disk is no member"
            + " any more; the new one votes under a new identity, misses everything and heals from"
            + " the other legs. Refused for the last leg in sync. What lies in the node's folder"
            + " of this pool (or on the device it used) is deleted."
      },
      mixinStandardHelpOptions = true)
  static final class Replace implements Callable<Integer> {
    @Mixin private Target target = new Target();

    @Parameters(paramLabel = "NAME", description = "Name of the pool.")
    private String name = "";

    @Mixin private Which which = new Which();

    @Option(
        names = "--device",
        paramLabel = "PATH",
        description =
            "Block device (or file) to use on that node (default: the same as before, or a file"
                + " in the node's folder).")
    private @Nullable Path device;

    @Option(names = "--force", description = "Use a device that bears a label or a file system.")
    private boolean force;

    @Option(names = "--yes", description = "Also a leg that is in sync and answers.")
    private boolean yes;

    @Override
    public Integer call() {
      ObjectNode body = Api.JSON.createObjectNode().put("node", which.node()).put("sure", yes);
      body.put("force", force);
      if (device != null && which.isWitness()) {
        throw new Failure(
            Failure.USAGE, "--device is for legs: a witness keeps its votes in files");
      }
      if (device != null && !device.isAbsolute()) {
        throw new Failure(Failure.USAGE, "--device is a path on the leg's node: make it absolute");
      }
      if (device != null) {
        body.put("device", device.toString());
      }
      Api api = target.api();
      which.check(api, name);
      return order(api, name, "/replace", body, LONG_MILLIS);
    }
  }

  /** A kept-out member is let in again. */
  @Command(
      name = "rejoin",
      header = "Lets a leg or witness in again that a forced promotion kept out.",
      description = {
        "",
        "What it alone holds is given up: it is emptied, votes under a new identity, misses"
            + " everything and heals. Compare first: `onehop verify NAME --against LEG`."
      },
      mixinStandardHelpOptions = true)
  static final class Rejoin implements Callable<Integer> {
    @Mixin private Target target = new Target();

    @Parameters(paramLabel = "NAME", description = "Name of the pool.")
    private String name = "";

    @Mixin private Which which = new Which();

    @Option(names = "--i-accept-data-loss", description = "Do it.")
    private boolean sure;

    @Override
    public Integer call() {
      ObjectNode body = Api.JSON.createObjectNode().put("node", which.node()).put("sure", sure);
      Api api = judges();
      which.check(api, name);
      return order(api, name, "/rejoin", body, LONG_MILLIS);
    }

    /**
     * The nodes that call the member kept out, if any does: those of its own, older lineage may
     * still run the pool among themselves and see nothing wrong with it.
     */
    private Api judges() {
      Api all = target.api();
      List<Endpoint> judges = new ArrayList<>();
      for (Endpoint node : all.nodes()) {
        try {
          JsonNode pools = new Api(List.of(node)).get("/v1/status").path("pools");
          for (JsonNode pool : pools) {
            boolean keptOut = keepsOut(pool.path("legs")) || keepsOut(pool.path("witnesses"));
            if (pool.path("name").asText().equals(name) && keptOut) {
              judges.add(node);
            }
          }
        } catch (Failure e) {
          // silent or without an answer: another one may know
        }
      }
      return judges.isEmpty() ? all : new Api(judges);
    }

    private boolean keepsOut(JsonNode members) {
      for (JsonNode m : members) {
        if (m.path("node").asText().equals(which.node()) && m.path("keptOut").asBoolean()) {
          return true;
        }
      }
      return false;
    }
  }
}
