package io.onehop.sim.script;

import io.onehop.sim.script.Phrase.Kind;
import io.onehop.sim.script.Phrase.Words;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The language: everything that can be said. */
final class Phrases {
  private static final long AFTERWARDS = 3_000_000_000L;

  /** A leg evicted on trial stays out for a minute. */
  private static final long REST = 150_000_000_000L;

  private Phrases() {}

  /** All, the more special ones first. */
  static List<Phrase> all() {
    List<Phrase> all = new ArrayList<>(Setup.PHRASES);
    all.addAll(moments());
    all.addAll(processes());
    all.addAll(DiskPhrases.all());
    all.addAll(network());
    all.addAll(waits());
    all.addAll(ClientPhrases.all());
    all.addAll(Questions.all());
    all.addAll(ends());
    return all;
  }

  private static List<Phrase> moments() {
    return List.of(Phrase.of(Kind.DO, "when {moment}: {command}", Phrases::when));
  }

  private static List<Phrase> processes() {
    return List.of(
        each("kill {processes}", (p, n) -> p.pool().kill(p.process(n))),
        each("start {processes}", (p, n) -> p.pool().start(p.node(n))),
        each("pause {processes}", (p, n) -> p.pool().pause(p.process(n))),
        each("wake {processes}", (p, n) -> p.pool().wake(p.process(n))),
        each("stop {processes} in order", (p, n) -> p.pool().stop(p.node(n))),
        Phrase.of(Kind.DO, "{node} dies before its next {change}", (p, w) -> die(p, w, 1, true)),
        Phrase.of(Kind.DO, "{node} dies after its next {change}", (p, w) -> die(p, w, 1, false)),
        Phrase.of(
            Kind.DO,
            "{node} dies before its {nth} {change} from now",
            (p, w) -> die(p, w, nth(w), true)),
        Phrase.of(
            Kind.DO,
            "{node} dies after its {nth} {change} from now",
            (p, w) -> die(p, w, nth(w), false)));
  }

  private static List<Phrase> network() {
    return List.of(
        Phrase.of(
            Kind.DO,
            "cut from {process} to {process2}",
            (p, w) -> {
              p.pool().cut(p.process(w.get("process")), p.process(w.get("process2")));
              return "";
            }),
        Phrase.of(
            Kind.DO,
            "cut {process} and {process2}",
            (p, w) -> {
              both(p, p.process(w.get("process")), p.process(w.get("process2")), true);
              return "";
            }),
        Phrase.of(
            Kind.DO,
            "heal from {process} to {process2}",
            (p, w) -> {
              p.pool().heal(p.process(w.get("process")), p.process(w.get("process2")));
              return "";
            }),
        Phrase.of(
            Kind.DO,
            "heal {process} and {process2}",
            (p, w) -> {
              both(p, p.process(w.get("process")), p.process(w.get("process2")), false);
              return "";
            }),
        Phrase.of(
            Kind.DO,
            "hold frames from {process} to {process2}",
            (p, w) -> {
              p.pool().hold(p.process(w.get("process")), p.process(w.get("process2")));
              return "";
            }),
        Phrase.of(
            Kind.DO,
            "release frames from {process} to {process2}",
            (p, w) -> {
              p.pool().release(p.process(w.get("process")), p.process(w.get("process2")));
              return "";
            }),
        Phrase.of(
            Kind.DO,
            "heal all",
            (p, w) -> {
              p.pool().healAll();
              return "";
            }),
        Phrase.of(
            Kind.DO,
            "isolate {processes}",
            (p, w) -> {
              Set<String> inside = new HashSet<>();
              for (String name : w.names("processes")) {
                inside.add(p.process(name));
              }
              for (String one : inside) {
                for (String other : p.processes()) {
                  if (!inside.contains(other)) {
                    both(p, one, other, true);
                  }
                }
              }
              return "";
            }),
        Phrase.of(
            Kind.DO,
            "break the connections of {process} and {process2}",
            (p, w) -> {
              p.pool().disconnect(p.process(w.get("process")), p.process(w.get("process2")));
              return "";
            }));
  }

  private static List<Phrase> waits() {
    return List.of(
        Phrase.of(
            Kind.WAIT,
            "wait {time}",
            (p, w) -> {
              p.run(w.time());
              return "";
            }),
        Phrase.of(
            Kind.WAIT,
            "wait until {leg} is {state}",
            (p, w) ->
                p.await(
                    w.get("leg") + " is " + w.get("state"),
                    () -> p.pool().state(p.leg(w.get("leg"))).equals(w.get("state")))),
        Phrase.of(
            Kind.WAIT,
            "wait until {node} knows the view",
            (p, w) ->
                p.await(
                    w.get("node") + " knows the view",
                    () -> p.pool().knows(p.node(w.get("node"))))),
        Phrase.of(
            Kind.WAIT,
            "wait until nobody is attached",
            (p, w) -> p.await("nobody is attached", () -> p.pool().nobodyAttached())),
        Phrase.of(
            Kind.WAIT,
            "wait until the pool is ready",
            (p, w) -> p.await("the pool is ready", () -> p.pool().ready())),
        Phrase.of(
            Kind.WAIT,
            "wait until {process} is gone",
            (p, w) ->
                p.await(
                    w.get("process") + " is gone",
                    () -> !p.pool().runs(p.process(w.get("process"))))),
        Phrase.of(
            Kind.WAIT,
            "wait until that has happened",
            (p, w) -> p.await("when " + p.awaited(), () -> p.awaited().isEmpty())));
  }

  private static List<Phrase> ends() {
    return List.of(
        Phrase.of(
            Kind.END,
            "finally all is well",
            (p, w) -> {
              if (!p.awaited().isEmpty()) {
                throw new Play.Stuck("this never came: when " + p.awaited());
              }
              p.pool().allWell();
              p.patience(REST);
              if (!p.until(() -> p.pool().unrest() == null)) {
                return "no rest: " + p.pool().unrest();
              }
              p.run(AFTERWARDS);
              p.pool().judge();
              return "legs " + p.pool().compare();
            }));
  }

  private interface Each {
    void act(Play play, String name);
  }

  private static Phrase each(String pattern, Each action) {
    return Phrase.of(
        Kind.DO,
        pattern,
        (p, w) -> {
          for (String name : w.names("processes")) {
            action.act(p, name);
          }
          return "";
        });
  }

  private static void both(Play p, String one, String other, boolean cut) {
    if (cut) {
      p.pool().cut(one, other);
      p.pool().cut(other, one);
    } else {
      p.pool().heal(one, other);
      p.pool().heal(other, one);
    }
  }

  private static int nth(Words w) {
    return Integer.parseInt(w.get("nth").replaceAll("\\D", ""));
  }

  private static String die(Play p, Words w, int nth, boolean before) {
    if (!p.pool().changes().contains(w.get("change"))) {
      throw new ScriptError("changes of a disk are: " + String.join(", ", p.pool().changes()));
    }
    p.pool().dieAt(p.node(w.get("node")), w.get("change"), nth, before);
    return "";
  }

  private static String when(Play p, Words w) {
    String moment = w.get("moment");
    String command = w.get("command");
    Interpreter.Bound bound = Interpreter.bind(command);
    if (bound.phrase().kind() != Kind.DO) {
      throw new ScriptError("only a command without an answer can be bound to a moment");
    }
    p.when(moment, moment(p, moment), command, () -> bound.act(p));
    return "";
  }

  private static ScriptedPool.Moment moment(Play p, String text) {
    for (Phrase each :
        List.of(
            Phrase.of(Kind.DO, "{process} gets a {frame}", (q, w) -> ""),
            Phrase.of(Kind.DO, "{process} gets an {frame}", (q, w) -> ""))) {
      Words w = each.match(text);
      if (w != null) {
        return new ScriptedPool.Moment.Gets(p.process(w.get("process")), w.get("frame"));
      }
    }
    Words tells = Phrase.of(Kind.DO, "{leg} tells {edge}", (q, w) -> "").match(text);
    if (tells != null) {
      return new ScriptedPool.Moment.Tells(p.leg(tells.get("leg")), tells.get("edge"));
    }
    Words stores = Phrase.of(Kind.DO, "{leg} has stored a write", (q, w) -> "").match(text);
    if (stores != null) {
      return new ScriptedPool.Moment.Stores(p.leg(stores.get("leg")));
    }
    throw new ScriptError(
        "moments are: NODE gets a FRAME, LEG tells EDGE, LEG has stored a write; not: " + text);
  }
}
