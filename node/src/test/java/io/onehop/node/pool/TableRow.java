package io.onehop.node.pool;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegFigures;
import io.onehop.node.leg.LegStatus;
import io.onehop.node.pool.RegisterEffect.Outcome;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One row of STATES.md's view changes: builds the view, tells the facts, writes down the proposal.
 */
final class TableRow {
  private static final long MS = 1_000_000L;
  private static final UUID SESSION = new UUID(3, 3);
  private static final long EPOCH = 6;
  private static final long GENERATION = 9;
  private static final long NEW_RUN = 500;

  private final PoolView view;
  private final int self;
  private final PoolMachine machine;
  private final List<PoolEffect> effects = new ArrayList<>();
  private final List<PoolMessage.Report> living = new ArrayList<>();
  private long now = 1_000_000 * MS;
  private long run;
  private int links;
  private int writerHears = -1;
  private boolean lost;
  private boolean hears;
  private long lastFrame;
  private boolean busy;
  private long reports;
  private @Nullable PoolView proposed;

  TableRow(String viewText, String at, ControlRules rules) {
    view = parse(viewText);
    self = index(at);
    run = view.members().get(self).incarnation();
    links = 0x7fff_ffff & ~(1 << self);
    lastFrame = now - 3_000 * MS;
    machine = new PoolMachine(Views.POOL, self, rules, new Random(1), status(), now);
    machine.votes("", null, -1); // all were heard of
  }

  private int index(String name) {
    for (int i = 0; i < view.members().size(); i++) {
      String node = view.members().get(i).node();
      if (node.equals(name) || node.equals("node-" + name)) {
        return i;
      }
    }
    throw new AssertionError("no member " + name);
  }

  private static PoolView parse(String text) {
    String[] part = text.split(";", -1);
    String[] states = part[0].strip().split(" ", -1);
    PoolView first = Views.first(states.length);
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < first.members().size(); i++) {
      Member m = first.members().get(i);
      if (i == states.length) {
        members.add(m);
        continue;
      }
      LegState s =
          switch (states[i]) {
            case "in" -> LegState.IN_SYNC;
            case "syncing" -> LegState.SYNCING;
            case "stale" -> LegState.STALE;
            default -> throw new AssertionError(states[i]);
          };
      members.add(m.moved(s, s == LegState.STALE ? 0 : m.incarnation(), GENERATION - 1, ""));
    }
    String w = part[1].strip();
    LastSession last =
        switch (w) {
          case "none open" -> new LastSession(SESSION, false, true);
          case "none closed" -> new LastSession(SESSION, true, false);
          case "none barred" -> new LastSession(SESSION, false, false);
          default -> null;
        };
    Writer writer = w.equals("writer") ? new Writer(SESSION, EPOCH, "h", 1, 0) : null;
    String p = part[2].strip();
    Phase phase =
        p.equals("ready")
            ? new Phase.Ready()
            : new Phase.Reconciling(p.charAt(p.length() - 1) - 'a');
    return new PoolView(
        first.pool(),
        first.name(),
        first.sizeBytes(),
        first.blockSize(),
        first.lineage(),
        GENERATION,
        members,
        EPOCH,
        writer,
        last,
        phase,
        Policies.DEFAULT);
  }

  String play(String facts) {
    List<String> todo = List.of(facts.split(", "));
    if (todo.contains("restarted")) {
      run = NEW_RUN + self;
    }
    if (todo.contains("restarted lost")) {
      run = NEW_RUN + self;
      lost = true;
    }
    hears = todo.contains("hears");
    for (String f : todo) {
      writerHears &= f.endsWith(" refused") ? ~(1 << index(f.split(" ", -1)[0])) : -1;
    }
    links &= ~todo.stream().filter(f -> f.endsWith(" unlinked")).mapToInt(f -> 2).sum();
    step(new PoolEvent.Tick()); // the first read
    step(new PoolEvent.Registered(new Outcome.Current(view)));
    boolean someoneSilent = todo.stream().anyMatch(f -> f.endsWith(" silent"));
    for (String fact : todo) {
      if (fact.contains(" lives") || fact.contains(" restarted") || fact.endsWith("unlinked")) {
        report(fact.split(" "));
      }
    }
    int witness = view.members().size() - 1;
    if (self != witness && !todo.contains("witness silent")) {
      report(new String[] {"witness", "lives"});
    }
    if (someoneSilent || facts.contains("unlinked")) {
      pass(2_300);
    }
    for (String fact : todo) {
      tell(fact);
    }
    step(new PoolEvent.Tick());
    pass(300);
    return proposed == null ? "-" : write(proposed);
  }

  private void report(String[] word) {
    int from = index(word[0]);
    boolean lives = word[1].equals("lives") || word[1].equals("unlinked");
    String how = word.length > 2 ? word[2] : "";
    living.add(
        new PoolMessage.Report(
            Views.POOL,
            from,
            70 + from,
            0,
            lives ? view.members().get(from).incarnation() : NEW_RUN + from,
            how.equals("behind") ? GENERATION - 2 : GENERATION,
            how.equals("unlinked") ? 0 : 0x7fff_ffff & ~(1 << from),
            how.equals("cornered") ? 1 << from : everyone(),
            0,
            view.writer() == null || how.equals("unheard") ? null : SESSION,
            1_000_000 * MS,
            how.equals("lost"),
            false,
            0,
            0,
            0,
            0,
            -1,
            List.of(),
            0,
            ""));
    repeat();
  }

  private int everyone() {
    return (1 << view.members().size()) - 1;
  }

  private void tell(String fact) {
    String[] word = fact.split(" ");
    switch (fact) {
      case "attach" -> attach(new UUID(4, 4), false, 0);
      case "takeover" -> attach(new UUID(4, 4), true, 0);
      case "resumes" -> attach(SESSION, false, EPOCH - 1);
      case "resumes older" -> attach(new UUID(5, 5), false, EPOCH - 3);
      case "attaches again" -> attach(SESSION, false, 0);
      case "detach" -> edge(new LegEdge.DetachAsked(1, SESSION, EPOCH));
      case "healed" -> edge(new LegEdge.Healed(GENERATION));
      case "healed earlier" -> edge(new LegEdge.Healed(GENERATION - 1));
      case "recorded" -> edge(new LegEdge.PromotionRecorded(GENERATION + 1));
      case "reconciled" -> step(new PoolEvent.Reconciled(GENERATION));
      case "settings" ->
          step(
              new PoolEvent.ChangePolicies(
                  1,
                  p ->
                      new Policies(
                          true,
                          false,
                          0,
                          0,
                          0,
                          p.heartbeatNanos(),
                          p.failureNanos(),
                          p.deadlineNanos(),
                          p.deadNanos(),
                          p.leaseNanos(),
                          p.window())));
      case "lease over", "dead", "patience" -> pass(2_100);
      case "grace over" -> pass(10_100);
      case "hears", "restarted", "restarted lost" -> {}
      default -> other(word);
    }
  }

  private void other(String[] word) {
    int who = index(word[0]);
    switch (word[1]) {
      case "suspected" -> {
        long meant = word.length > 2 ? GENERATION - 2 : GENERATION;
        edge(new LegEdge.Suspected(SESSION, EPOCH, who, meant, "slow"));
      }
      case "agrees", "hears" -> {
        long silent = word[1].equals("agrees") ? 5_000 * MS : 3 * MS;
        for (PoolEffect e : List.copyOf(effects)) {
          if (e instanceof PoolEffect.Send(int to, PoolMessage.HeardQuery q) && to == who) {
            step(
                new PoolEvent.Message(new PoolMessage.Heard(Views.POOL, who, q.request(), silent)));
          }
        }
      }
      case "lives", "restarted", "silent", "unlinked" -> {} // told before
      default -> throw new AssertionError(String.join(" ", word));
    }
  }

  private void attach(UUID session, boolean takeover, long heldEpoch) {
    edge(new LegEdge.AttachAsked(1, session, "h", 1, takeover, heldEpoch));
  }

  private void edge(LegEdge edge) {
    step(new PoolEvent.Edge(edge));
  }

  private void pass(long millis) {
    for (long t = 0; t < millis; t += 100) {
      now += 100 * MS;
      repeat();
      step(new PoolEvent.Tick());
    }
  }

  private void repeat() {
    for (PoolMessage.Report r : living) {
      step(new PoolEvent.Message(numbered(r, ++reports)));
    }
  }

  private static PoolMessage.Report numbered(PoolMessage.Report r, long number) {
    return new PoolMessage.Report(
        r.pool(),
        r.from(),
        r.process(),
        number,
        r.incarnation(),
        r.adoptedGeneration(),
        r.peerLinks(),
        r.reaches(),
        r.holdsBack(),
        r.session(),
        r.steadyNanos(),
        r.lostPower(),
        r.clean(),
        r.missingBlocks(),
        r.resyncBytesPerSecond(),
        r.lastMissedBlocks(),
        r.lastCopiedBlocks(),
        r.lastResyncNanos(),
        r.absentMisses(),
        r.healedElsewhere(),
        r.note());
  }

  private void step(PoolEvent event) {
    if (hears) {
      lastFrame = now;
    }
    take(machine.step(event, status(), view, now, 0));
  }

  private void take(List<PoolEffect> out) {
    effects.addAll(out);
    for (PoolEffect e : out) {
      if (e instanceof PoolEffect.Propose p && proposed == null) {
        proposed = p.next();
        busy = true;
        if (p.expectedGeneration() != GENERATION) {
          throw new AssertionError("not on the exact generation");
        }
      } else if (e instanceof PoolEffect.Read && machine.view() != null && !busy) {
        take(
            machine.step(
                new PoolEvent.Registered(new Outcome.Current(view)), status(), view, now, 0));
      }
    }
  }

  private LegStatus status() {
    return new LegStatus(
        run,
        GENERATION,
        0,
        links,
        view.writer() == null ? null : SESSION,
        EPOCH,
        lastFrame,
        0,
        0,
        0,
        0,
        -1,
        false,
        lost,
        "",
        0,
        0,
        0,
        new LegFigures(List.of(), 0, 0, 0, 0, writerHears));
  }

  private static String write(PoolView v) {
    StringBuilder text = new StringBuilder();
    for (Member m : v.members()) {
      if (m.isLeg()) {
        String s = m.state() == LegState.IN_SYNC ? "in" : m.state().text();
        text.append(s).append(m.incarnation() >= NEW_RUN ? "' " : " ");
      }
    }
    text.setLength(text.length() - 1);
    LastSession last = v.lastSession();
    String how =
        last == null ? "" : last.closed() ? " closed" : last.resumable() ? " open" : " barred";
    text.append(v.writer() == null ? "; none" + how : "; writer");
    String phase =
        switch (v.phase()) {
          case Phase.Ready r -> "ready";
          case Phase.Reconciling r -> "reconciling " + (char) ('a' + r.authority());
        };
    return text.append("; ").append(phase).toString();
  }
}
