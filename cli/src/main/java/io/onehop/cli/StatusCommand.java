package io.onehop.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.Callable;
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

  @Mixin private Target target = new Target();

  @Parameters(paramLabel = "NAME", arity = "0..1", description = "Name of a pool (default: all).")
  private @Nullable String name;

  @Option(names = "--json", description = "One JSON document.")
  private boolean json;

  @Option(names = "--watch", description = "Redraw twice a second until Ctrl-C.")
  private boolean watch;

  @Override
  public Integer call() throws InterruptedException {
    Api api = target.api();
    String path = "/v1/status" + (name == null ? "" : "?pool=" + PoolCommand.encode(name));
    if (!watch) {
      JsonNode s = api.get(path);
      System.out.print(json ? s + "\n" : render(s));
      return 0;
    }
    boolean terminal = Terminal.console() != null;
    while (true) {
      String text;
      try {
        JsonNode s = api.get(path);
        text = json ? s + "\n" : render(s);
      } catch (Failure e) {
        text = e.getMessage() + "\n";
      }
      System.out.print((terminal ? "\033[H\033[2J" : "") + text);
      System.out.flush();
      if (System.out.checkError()) {
        return 0;
      }
      Thread.sleep(500);
    }
  }

  static String render(JsonNode status) {
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
        leg(b, l);
      }
      for (JsonNode x : p.path("witnesses")) {
        b.append(String.format("  %-12s witness   ", x.path("node").asText()));
        b.append(x.path("reachable").asBoolean() ? "reachable" : "not reachable").append('\n');
      }
    }
    return b.isEmpty() ? "no pools\n" : b.toString();
  }

  private static void leg(StringBuilder b, JsonNode l) {
    String state = l.path("state").asText();
    b.append(String.format("  %-12s %-9s", l.path("node").asText(), state));
    long missing = l.path("missingBytes").asLong();
    JsonNode last = l.path("lastResync");
    if (state.equals("syncing")) {
      long total = Math.max(missing, last.path("missedBytes").asLong());
      int full = total == 0 ? BAR : (int) (BAR * (total - missing) / total);
      b.append(" [").append("#".repeat(full)).append("-".repeat(BAR - full)).append("] ");
      b.append(Units.size(missing)).append(" missing, ");
      b.append(Units.size(l.path("resyncBytesPerSecond").asLong())).append("/s");
      if (l.path("etaSeconds").isNumber()) {
        b.append(", ").append(l.path("etaSeconds").asLong()).append(" s left");
      }
    } else if (missing > 0) {
      b.append(' ').append(Units.size(missing)).append(" missing");
    }
    if (!l.path("reason").asText("").isEmpty()) {
      b.append(" (").append(l.path("reason").asText()).append(')');
    }
    b.append('\n');
  }
}
