package io.onehop.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.onehop.node.pools.CreateRequest;
import java.io.Console;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Pools: made, listed, shown, changed, deleted. */
@Command(
    name = "pool",
    header = "Creates, lists, shows, changes and deletes pools.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      PoolCommand.Create.class,
      PoolCommand.ListPools.class,
      PoolCommand.Show.class,
      PoolCommand.Set.class,
      PoolCommand.Delete.class,
      PoolRepair.Force.class,
      PoolRepair.Replace.class,
      PoolRepair.Rejoin.class
    })
final class PoolCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    throw Main.needsCommand(spec);
  }

  @Command(name = "create", description = "Creates a pool.", mixinStandardHelpOptions = true)
  static final class Create implements Callable<Integer> {
    @Mixin private Target target = new Target();

    @Parameters(paramLabel = "NAME", description = "Name of the pool.")
    private String name = "";

    @Option(
        names = "--size",
        required = true,
        paramLabel = "SIZE",
        description = "For example 10G.")
    private String size = "";

    @Option(
        names = "--data",
        required = true,
        split = ",",
        paramLabel = "NODE",
        description = "The nodes that hold the data, 1 to 5, separated by commas.")
    private List<String> data = new ArrayList<>();

    @Option(
        names = "--witness",
        split = ",",
        paramLabel = "NODE",
        description = "Nodes that only vote, separated by commas.")
    private List<String> witnesses = new ArrayList<>();

    @Option(
        names = "--device",
        paramLabel = "NODE=PATH",
        description =
            "A block device (or file) for a node's data, instead of a file in its folder.")
    private List<String> devices = List.of();

    @Option(
        names = "--on-no-quorum",
        paramLabel = "suspend|error",
        description = "Writes that need a view change without a majority wait, or fail.")
    private String onNoQuorum = "suspend";

    @Option(names = "--force", description = "Use a device that bears a label or a file system.")
    private boolean force;

    @Override
    public Integer call() {
      long bytes = UpCommand.usage(() -> Units.bytes(size));
      if (bytes < 1) {
        throw new Failure(Failure.USAGE, "--size: a pool has at least one byte");
      }
      if (data.size() > CreateRequest.MAX_DATA) {
        throw new Failure(
            Failure.USAGE,
            "--data names "
                + data.size()
                + " nodes: a pool has 1 to "
                + CreateRequest.MAX_DATA
                + " data legs");
      }
      if (!onNoQuorum.equals("suspend") && !onNoQuorum.equals("error")) {
        throw new Failure(
            Failure.USAGE, "--on-no-quorum: 'suspend' or 'error', not '" + onNoQuorum + "'");
      }
      ObjectNode body = Api.JSON.createObjectNode();
      body.put("name", name).put("sizeBytes", bytes).put("onNoQuorum", onNoQuorum);
      body.put("force", force);
      data.forEach(body.putArray("data")::add);
      witnesses.forEach(body.putArray("witness")::add);
      ObjectNode paths = body.putObject("devices");
      pairs("--device: ", "NODE=PATH", devices).forEach(paths::put);
      Api api = target.api();
      api.send("POST", "/v1/pools", body, 60_000);
      // The nodes open what they have just agreed on; after that the pool can be used.
      Upper.await("a node serves '" + name + "'", 15, () -> shown(api, name));
      JsonNode made = api.get("/v1/pools/" + encode(name));
      System.out.println("created " + name + " " + made.path("uuid").asText());
      String note = note(data.size(), witnesses.size());
      if (!note.isEmpty()) {
        System.err.println("onehop: note: " + note);
      }
      return 0;
    }

    /** What an even number of voters means, one line; empty for an odd one. */
    static String note(int legs, int witnesses) {
      int voters = legs + witnesses;
      if (voters % 2 != 0) {
        return "";
      }
      int spare = (voters - 1) / 2;
      return legs
          + (legs == 1 ? " leg and " : " legs and ")
          + (witnesses == 0
              ? "no witness"
              : witnesses == 1 ? "1 witness" : witnesses + " witnesses")
          + " are an even number of voters: the pool can lose "
          + (spare == 0 ? "none" : "any " + spare)
          + " of them and go on; with one more witness (--witness, when it is created) it can lose"
          + " any "
          + (spare + 1);
    }
  }

  private static boolean shown(Api api, String name) {
    try {
      return !api.get("/v1/pools/" + encode(name)).path("settings").isNull();
    } catch (Failure e) {
      return false;
    }
  }

  @Command(name = "list", description = "Lists the pools.", mixinStandardHelpOptions = true)
  static final class ListPools implements Callable<Integer> {
    @Mixin private Target target = new Target();

    @Option(names = "--json", description = "One JSON document.")
    private boolean json;

    @Override
    public Integer call() {
      JsonNode all = target.api().get("/v1/pools");
      if (json) {
        System.out.println(all);
        return 0;
      }
      for (JsonNode p : all.path("pools")) {
        System.out.printf(
            "%-20s %10s  %s%n",
            p.path("name").asText(),
            Units.size(p.path("sizeBytes").asLong()),
            p.path("uuid").asText());
      }
      return 0;
    }
  }

  @Command(
      name = "show",
      description = "Shows a pool's parts and settings.",
      mixinStandardHelpOptions = true)
  static final class Show implements Callable<Integer> {
    @Mixin private Target target = new Target();

    @Parameters(paramLabel = "NAME", description = "Name of the pool.")
    private String name = "";

    @Option(names = "--json", description = "One JSON document.")
    private boolean json;

    @Override
    public Integer call() {
      JsonNode p = target.api().get("/v1/pools/" + encode(name));
      if (json) {
        System.out.println(p);
        return 0;
      }
      System.out.println("pool      " + p.path("name").asText() + "  " + p.path("uuid").asText());
      System.out.println(
          "size      "
              + Units.size(p.path("sizeBytes").asLong())
              + ", blocks of "
              + Units.size(p.path("blockSize").asLong()));
      for (JsonNode l : p.path("legs")) {
        System.out.println(
            "leg       "
                + l.path("node").asText()
                + "  "
                + l.path("store").asText()
                + "  data at "
                + l.path("dataOffset").asLong());
      }
      for (JsonNode w : p.path("witnesses")) {
        System.out.println("witness   " + w.path("node").asText());
      }
      p.path("settings")
          .properties()
          .forEach(
              e -> System.out.println("setting   " + e.getKey() + " = " + e.getValue().asText()));
      return 0;
    }
  }

  @Command(
      name = "set",
      description = "Changes settings of a pool, effective at once.",
      mixinStandardHelpOptions = true)
  static final class Set implements Callable<Integer> {
    @Mixin private Target target = new Target();

    @Parameters(index = "0", paramLabel = "NAME", description = "Name of the pool.")
    private String name = "";

    @Parameters(
        index = "1..*",
        arity = "1..*",
        paramLabel = "KEY=VALUE",
        description = "See `pool show`.")
    private List<String> settings = List.of();

    @Override
    public Integer call() {
      ObjectNode body = Api.JSON.createObjectNode();
      pairs("", "KEY=VALUE, for example lease=2s", settings).forEach(body::put);
      target.api().send("POST", "/v1/pools/" + encode(name) + "/settings", body, 15_000);
      return 0;
    }
  }

  @Command(
      name = "delete",
      description = "Deletes a pool and its data.",
      mixinStandardHelpOptions = true)
  static final class Delete implements Callable<Integer> {
    @Mixin private Target target = new Target();

    @Parameters(paramLabel = "NAME", description = "Name of the pool.")
    private String name = "";

    @Option(names = "--yes", description = "Do not ask.")
    private boolean yes;

    @Override
    public Integer call() {
      if (!yes) {
        Console console = Terminal.console();
        if (console == null) {
          throw new Failure(
              Failure.USAGE, "deletes all data of '" + name + "': say --yes to do it");
        }
        String answer =
            console.readLine("Delete pool '%s' and all its data? Type its name: ", name);
        if (!name.equals(answer)) {
          throw new Failure(Failure.NO, "not deleted");
        }
      }
      target.api().send("DELETE", "/v1/pools/" + encode(name), null, 30_000);
      System.out.println("deleted " + name);
      return 0;
    }
  }

  /** What was given as KEY=VALUE, in its order; {@code like} says what that looks like. */
  private static Map<String, String> pairs(String where, String like, List<String> given) {
    Map<String, String> all = new LinkedHashMap<>();
    for (String word : given) {
      int at = word.indexOf('=');
      if (at < 1 || at == word.length() - 1) {
        throw new Failure(Failure.USAGE, where + "'" + word + "' is not " + like);
      }
      String key = word.substring(0, at);
      if (all.put(key, word.substring(at + 1)) != null) {
        throw new Failure(Failure.USAGE, where + "'" + key + "' is given twice");
      }
    }
    return all;
  }

  static String encode(String name) {
    return java.net.URLEncoder.encode(name, java.nio.charset.StandardCharsets.UTF_8)
        .replace("+", "%20");
  }
}
