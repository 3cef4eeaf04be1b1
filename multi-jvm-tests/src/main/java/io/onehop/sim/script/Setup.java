package io.onehop.sim.script;

import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.sim.script.Phrase.Kind;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The first lines of a text: which pool, with which settings. */
final class Setup {
  private static final String NODES = "abcde";
  private static final List<String> WITNESSES = List.of("w", "w2", "w3");
  private static final Pattern TIME =
      Pattern.compile(
          "(heartbeat|failure time|request deadline|dead time|lease|cold-start grace) ("
              + Times.REGEX
              + ")");

  private static final Pattern RATE = Pattern.compile("resync of at most (\\d+) blocks a second");

  static final List<Phrase> PHRASES =
      List.of(
          Phrase.of(Kind.SETUP, "pool legs {names}", (p, w) -> p.setup.pool(w.get("names"), "")),
          Phrase.of(
              Kind.SETUP,
              "pool legs {names}, witness {names2}",
              (p, w) -> p.setup.pool(w.get("names"), w.get("names2"))),
          Phrase.of(
              Kind.SETUP,
              "pool legs {names}, witnesses {names2}",
              (p, w) -> p.setup.pool(w.get("names"), w.get("names2"))),
          Phrase.of(Kind.SETUP, "with {settings}", (p, w) -> p.setup.settings(w.get("settings"))));

  private List<String> legs = List.of();
  private List<String> witnesses = List.of();
  private Policies policies = PoolSetup.usual();

  private String pool(String newLegs, String newWitnesses) {
    legs = List.of(newLegs.split(" ", -1));
    witnesses = newWitnesses.isEmpty() ? List.of() : List.of(newWitnesses.split(" ", -1));
    if (!NODES.startsWith(String.join("", legs))) {
      throw new ScriptError("legs are called a b c d e, in this order");
    }
    if (!witnesses.equals(WITNESSES.subList(0, Math.min(WITNESSES.size(), witnesses.size())))) {
      throw new ScriptError("witnesses are called w w2 w3, in this order");
    }
    return "";
  }

  private String settings(String text) {
    for (String part : text.split(", ", -1)) {
      policies = setting(policies, part.strip());
    }
    return "";
  }

  private static Policies setting(Policies p, String text) {
    Matcher r = RATE.matcher(text);
    if (r.matches()) {
      return rate(p, Long.parseLong(r.group(1)) * PoolView.BLOCK_SIZE);
    }
    Matcher m = TIME.matcher(text);
    String name = m.matches() ? m.group(1) : text;
    long time = m.matches() ? Times.parse(m.group(2)) : 0;
    boolean error = p.errorOnNoQuorum() || text.equals("errors without a majority");
    boolean all = p.coldStartWaitsForAll() || text.equals("cold start of all only");
    if (!m.matches() && error == p.errorOnNoQuorum() && all == p.coldStartWaitsForAll()) {
      throw new ScriptError("no such setting: " + text);
    }
    return new Policies(
        error,
        all,
        name.equals("cold-start grace") ? time : p.coldStartGraceNanos(),
        p.resyncMinRate(),
        p.resyncMaxRate(),
        name.equals("heartbeat") ? time : p.heartbeatNanos(),
        name.equals("failure time") ? time : p.failureNanos(),
        name.equals("request deadline") ? time : p.deadlineNanos(),
        name.equals("dead time") ? time : p.deadNanos(),
        name.equals("lease") ? time : p.leaseNanos(),
        p.window());
  }

  private static Policies rate(Policies p, long bytes) {
    return new Policies(
        p.errorOnNoQuorum(),
        p.coldStartWaitsForAll(),
        p.coldStartGraceNanos(),
        Math.min(bytes, p.resyncMinRate()),
        bytes,
        p.heartbeatNanos(),
        p.failureNanos(),
        p.deadlineNanos(),
        p.deadNanos(),
        p.leaseNanos(),
        p.window());
  }

  PoolSetup finish() {
    if (legs.isEmpty()) {
      throw new ScriptError("the first command must be: pool legs ...");
    }
    return new PoolSetup(legs, witnesses, policies);
  }
}
