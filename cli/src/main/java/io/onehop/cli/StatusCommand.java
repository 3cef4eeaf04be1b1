package io.onehop.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.onehop.protocol.model.Endpoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the pools are doing. */
@Command(
    name = "status",
    header = "Shows the state of all pools or of one.",
    mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
  private static final int BAR = 30;
  private static final long VERSION_MILLIS = 800;

  @Mixin private Target target = new Target();

  @Parameters(paramLabel = "NAME", arity = "0..1", description = "Name of a pool (default: all).")
  private @Nullable String name;

  @Option(names = "--json", description = "One JSON document.")
  private boolean json;

  @Option(names = "--watch", description = "Redraw twice a second until Ctrl-C.")
  private boolean watch;

  @Override
  public Integer call() throws InterruptedException {
    if (json && watch) {
      throw new Failure(Failure.USAGE, "--json is one document: it does not go with --watch");
    }
    Api api = target.api();
    String path = "/v1/status" + (name == null ? "" : "?pool=" + PoolCommand.encode(name));
    if (!watch) {
      JsonNode s = api.get(path);
      System.out.print(json ? s + "\n" : render(s, new HashMap<>()) + versions(api));
      return 0;
    }
    boolean terminal = Terminal.console() != null;
    Map<String, Long> most = new HashMap<>();
    while (true) {
      String text;
      try {
        text = render(api.get(path), most);
      } catch (Failure e) {
        text = e.getMessage() + "\n";
      }
      // Over the old text, line by line, so that nothing flickers.
      System.out.print(
          terminal ? "\033[H" + text.replace("\n", "\033[K\n") + "\033[J" : text + "\n");
      if (System.out.checkError()) {
        return 0;
      }
      Thread.sleep(500);
    }
  }

  /** The nodes' versions; those that are silent are left out after a moment. */
  private static String versions(Api api) {
    Map<String, CompletableFuture<String>> asked = new LinkedHashMap<>();
    try {
      for (JsonNode n : api.get("/v1/nodes").path("nodes")) {
        Endpoint at = Endpoint.parse(n.path("api").asText());
        CompletableFuture<String> answer = new CompletableFuture<>();
        asked.put(n.path("name").asText(), answer);
        Thread.ofPlatform().daemon().start(() -> answer.complete(version(at)));
      }
    } catch (Failure | IllegalArgumentException e) {
      return "";
    }
    Map<String, List<String>> by = new LinkedHashMap<>();
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(VERSION_MILLIS);
    asked.forEach((node, answer) -> {
      answer.completeOnTimeout("", Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS);
      by.computeIfAbsent(answer.join(), _ -> new ArrayList<>()).add(node);
    });
    StringBuilder b = new StringBuilder();
    by.forEach((version, nodes) ->
        b.append(version.isEmpty() ? "no answer from " : "version " + version + " on ")
            .append(String.join(", ", nodes))
            .append('\n'));
    return b.toString();
  }

  private static String version(Endpoint at) {
    try {
      return new Api(List.of(at)).get("/v1/version").path("version").asText();
    } catch (Failure e) {
      return "";
    }
  }

  /**
   * For people.
   *
   * @param most the most that a leg was seen to miss in this resync, by pool and node: grows here,
   *     and is what a bar's length stands for
   */
  static String render(JsonNode status, Map<String, Long> most) {
    StringBuilder b = new StringBuilder();
    for (JsonNode p : status.path("pools")) {
      b.append("pool ").append(p.path("name").asText());
      b.append("  generation ").append(p.path("generation").asLong());
      b.append("  ").append(p.path("phase").asText());
      JsonNode w = p.path("writer");
      b.append(
          w.isObject() ? "  attached (epoch " + w.path("epoch").asLong() + ")" : "  not attached");
      b.append('\n');
      if (!p.path("waiting").asText("").isEmpty()) {
        b.append("  waiting: ").append(p.path("waiting").asText()).append('\n');
      }
      for (JsonNode l : p.path("legs")) {
        leg(b, l, p.path("name").asText() + "/" + l.path("node").asText(), most);
      }
      for (JsonNode x : p.path("witnesses")) {
        b.append(String.format("  %-12s witness   ", x.path("node").asText()));
        b.append(x.path("reachable").asBoolean() ? "reachable" : "not reachable");
        if (x.path("keptOut").asBoolean()) {
          b.append(", kept-out (").append(x.path("reason").asText()).append(')');
        }
        b.append('\n');
      }
      keptOut(b, p);
    }
    return b.isEmpty() ? "no pools\n" : b.toString();
  }

  private static void keptOut(StringBuilder b, JsonNode pool) {
    List<String> out = new ArrayList<>();
    for (String kind : List.of("legs", "witnesses")) {
      for (JsonNode m : pool.path(kind)) {
        if (m.path("keptOut").asBoolean()) {
          out.add(m.path("node").asText());
        }
      }
    }
    if (!out.isEmpty() && !pool.path("keptOut").asBoolean()) {
      b.append("  kept out, on another lineage: ").append(String.join(", ", out));
      b.append("; let in again by `onehop pool rejoin`\n");
    }
  }

  private static void leg(StringBuilder b, JsonNode l, String key, Map<String, Long> most) {
    String state = l.path("state").asText();
    StringBuilder line = new StringBuilder();
    String shown = l.path("keptOut").asBoolean() ? "kept-out" : state;
    line.append(String.format("  %-12s %-9s ", l.path("node").asText(), shown));
    long missing = l.path("missingBytes").asLong();
    JsonNode last = l.path("lastResync");
    if (state.equals("syncing")) {
      long total = most.merge(key, missing, Math::max);
      if (total > missing) {
        line.append(bar(total - missing, total)).append(' ');
      }
      line.append(Units.size(missing)).append(" missing, ");
      line.append(Units.size(l.path("resyncBytesPerSecond").asLong())).append("/s");
      if (l.path("etaSeconds").isNumber()) {
        line.append(", ").append(l.path("etaSeconds").asLong()).append(" s left");
      }
    } else {
      most.remove(key);
      if (missing > 0) {
        line.append(Units.size(missing)).append(" missing");
      } else if (last.path("copiedBytes").asLong() > 0) {
        line.append("last resync ").append(Units.size(last.path("copiedBytes").asLong()));
        line.append(String.format(Locale.ROOT, " in %.1f s", last.path("seconds").asDouble()));
      }
    }
    if (!l.path("reason").asText("").isEmpty()) {
      line.append(" (").append(l.path("reason").asText()).append(')');
    }
    b.append(line.toString().stripTrailing()).append('\n');
  }

  private static String bar(long done, long total) {
    int full = (int) (BAR * ((double) done / total));
    return "[" + "#".repeat(full) + "-".repeat(BAR - full) + "]";
  }
}
