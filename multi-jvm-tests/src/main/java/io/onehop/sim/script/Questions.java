package io.onehop.sim.script;

import io.onehop.sim.script.Phrase.Kind;
import java.util.List;

/** What can be asked without doing anything. */
final class Questions {
  private Questions() {}

  static List<Phrase> all() {
    return List.of(
        Phrase.of(Kind.ASK, "view", (p, w) -> p.pool().view()),
        Phrase.of(
            Kind.ASK, "view changes", (p, w) -> p.since("view changes", p.pool().viewChanges())),
        Phrase.of(Kind.ASK, "legs", (p, w) -> p.pool().compare()),
        Phrase.of(
            Kind.ASK,
            "{blocks} on {leg}",
            (p, w) -> p.pool().content(p.leg(w.get("leg")), w.blocks())),
        Phrase.of(Kind.ASK, "{leg} is", (p, w) -> p.pool().state(p.leg(w.get("leg")))),
        Phrase.of(Kind.ASK, "{leg} is out because", (p, w) -> p.pool().reason(p.leg(w.get("leg")))),
        Phrase.of(Kind.ASK, "{leg} misses", (p, w) -> p.pool().ownMissing(p.leg(w.get("leg")))),
        Phrase.of(
            Kind.ASK,
            "{leg}'s map of {leg2}",
            (p, w) -> p.pool().map(p.leg(w.get("leg")), p.leg(w.get("leg2")))),
        Phrase.of(
            Kind.ASK, "unconfirmed on {leg}", (p, w) -> p.pool().unconfirmed(p.leg(w.get("leg")))),
        Phrase.of(
            Kind.ASK,
            "blocks copied to {leg}",
            (p, w) -> p.since("copied to " + w.get("leg"), p.pool().copied(p.leg(w.get("leg"))))));
  }
}
