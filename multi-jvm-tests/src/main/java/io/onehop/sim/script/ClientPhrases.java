package io.onehop.sim.script;

import io.onehop.sim.script.Phrase.Kind;
import io.onehop.sim.script.Phrase.Words;
import io.onehop.sim.script.ScriptedPool.Pending;
import java.util.List;

/** What clients do and are told. */
final class ClientPhrases {
  private ClientPhrases() {}

  static List<Phrase> all() {
    return List.of(
        Phrase.of(Kind.ASK, "{client} attaches", (p, w) -> attach(p, w, false, true)),
        Phrase.of(Kind.ASK, "{client} attaches by takeover", (p, w) -> attach(p, w, true, true)),
        Phrase.of(Kind.DO, "{client} begins to attach", (p, w) -> attach(p, w, false, false)),
        Phrase.of(
            Kind.DO, "{client} begins to attach by takeover", (p, w) -> attach(p, w, true, false)),
        Phrase.of(Kind.ASK, "the attach of {client}", (p, w) -> session(p, client(p, w))),
        Phrase.of(Kind.ASK, "{client} detaches", (p, w) -> detach(p, w, true)),
        Phrase.of(Kind.DO, "{client} begins to detach", (p, w) -> detach(p, w, false)),
        Phrase.of(Kind.ASK, "{client} writes {blocks} {value}", (p, w) -> ended(p, w, write(p, w))),
        Phrase.of(
            Kind.ASK,
            "{client} writes {blocks} {value} durably",
            (p, w) -> ended(p, w, p.pool().write(client(p, w), w.blocks(), w.get("value"), true))),
        Phrase.of(
            Kind.DO,
            "{client} begins to write {blocks} {value}",
            (p, w) -> begun(p, w, "write", write(p, w))),
        Phrase.of(Kind.ASK, "{client} reads {blocks}", (p, w) -> ended(p, w, read(p, w))),
        Phrase.of(
            Kind.DO, "{client} begins to read {blocks}", (p, w) -> begun(p, w, "read", read(p, w))),
        Phrase.of(
            Kind.ASK,
            "{client} trims {blocks}",
            (p, w) -> ended(p, w, p.pool().zero(client(p, w), w.blocks(), true))),
        Phrase.of(
            Kind.ASK,
            "{client} zeroes {blocks}",
            (p, w) -> ended(p, w, p.pool().zero(client(p, w), w.blocks(), false))),
        Phrase.of(
            Kind.ASK, "{client} flushes", (p, w) -> ended(p, w, p.pool().flush(client(p, w)))),
        Phrase.of(
            Kind.DO,
            "{client} begins to flush",
            (p, w) -> {
              p.begin(w.get("client") + "'s flush", p.pool().flush(client(p, w)));
              return "";
            }),
        Phrase.of(Kind.ASK, "{client}'s write of {blocks}", (p, w) -> told(p, w, "write")),
        Phrase.of(Kind.ASK, "{client}'s read of {blocks}", (p, w) -> told(p, w, "read")),
        Phrase.of(
            Kind.ASK,
            "{client}'s flush",
            (p, w) -> ended(p, w, p.pending(w.get("client") + "'s flush"))),
        Phrase.of(
            Kind.ASK,
            "{client}'s write of {blocks} {value} arrives again at {leg} by another connection",
            (p, w) ->
                ended(
                    p,
                    w,
                    p.pool()
                        .repeat(client(p, w), w.blocks(), w.get("value"), p.leg(w.get("leg"))))),
        Phrase.of(
            Kind.WAIT,
            "wait until {client} is attached",
            (p, w) ->
                p.await(
                    w.get("client") + " is attached",
                    () -> "ok".equals(p.pool().session(client(p, w))))),
        Phrase.of(
            Kind.WAIT,
            "wait until the session of {client} is over",
            (p, w) ->
                p.await(
                    "the session of " + w.get("client") + " is over",
                    () -> {
                      String s = p.pool().session(client(p, w));
                      return s != null && !s.equals("ok");
                    })),
        Phrase.of(
            Kind.ASK,
            "{client}'s session",
            (p, w) -> {
              String s = p.pool().session(client(p, w));
              return s == null ? "not attached" : s.equals("ok") ? "attached" : "over: " + s;
            }),
        Phrase.of(Kind.ASK, "{client} waits for", (p, w) -> p.pool().waitsFor(client(p, w))));
  }

  private static String client(Play p, Words w) {
    return p.client(w.get("client"));
  }

  private static String attach(Play p, Words w, boolean takeover, boolean wait) {
    p.pool();
    String c = p.newClient(w.get("client"));
    p.pool().attach(c, takeover);
    return wait ? session(p, c) : "";
  }

  private static String session(Play p, String client) {
    return p.answer(client, () -> p.pool().session(client));
  }

  private static String detach(Play p, Words w, boolean wait) {
    String c = client(p, w);
    p.pool().detach(c);
    if (!wait) {
      return "";
    }
    return p.answer(
        c,
        () -> {
          String s = p.pool().session(c);
          return s == null || s.equals("ok") ? null : s.equals("detached") ? "ok" : s;
        });
  }

  private static Pending write(Play p, Words w) {
    return p.pool().write(client(p, w), w.blocks(), w.get("value"), false);
  }

  private static Pending read(Play p, Words w) {
    return p.pool().read(client(p, w), w.blocks());
  }

  private static String key(Words w, String what) {
    return "%s's %s of %s".formatted(w.get("client"), what, w.get("blocks"));
  }

  private static String begun(Play p, Words w, String what, Pending request) {
    p.begin(key(w, what), request);
    return "";
  }

  private static String told(Play p, Words w, String what) {
    return ended(p, w, p.pending(key(w, what)));
  }

  private static String ended(Play p, Words w, Pending request) {
    return p.answer(w.get("client"), request::answer);
  }
}
