package io.onehop.sim.script;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One playing of a text: the pool, what is under way in it, and the interpreter's own memory. */
final class Play {
  /** How long answers and conditions are waited for, virtual ns, unless the text says otherwise. */
  private static final long PATIENCE = 20_000_000_000L;

  final Setup setup = new Setup();
  private final ScriptedPool.Maker maker;
  private final @Nullable String off;
  private final @Nullable List<String> story;
  private final Transcript transcript;
  private final Map<String, ScriptedPool.Pending> pending = new HashMap<>();
  private final Map<String, Long> counts = new HashMap<>();
  private final Set<String> awaited = new HashSet<>();
  private final Set<String> clients = new HashSet<>();
  private @Nullable ScriptedPool pool;
  private PoolSetup made;
  private long patience = PATIENCE;

  Play(
      ScriptedPool.Maker maker,
      @Nullable String off,
      @Nullable List<String> story,
      Transcript transcript) {
    this.maker = maker;
    this.off = off;
    this.story = story;
    this.transcript = transcript;
    this.made = new PoolSetup(List.of(), List.of(), PoolSetup.usual());
  }

  /** The pool; made at the first command that needs it. */
  ScriptedPool pool() {
    ScriptedPool p = pool;
    if (p == null) {
      made = setup.finish();
      p = maker.open(made, off, story);
      pool = p;
    }
    return p;
  }

  boolean begun() {
    return pool != null;
  }

  long now() {
    ScriptedPool p = pool;
    return p == null ? 0 : p.now();
  }

  /** For the next command alone. */
  void patience(long nanos) {
    patience = nanos == 0 ? PATIENCE : nanos;
  }

  // ---- names

  /** {@code name} if it is a node of the pool. */
  String node(String name) {
    pool();
    if (!made.nodes().contains(name)) {
      throw new ScriptError("the pool has no member " + name);
    }
    return name;
  }

  /** {@code name} if it is a leg of the pool. */
  String leg(String name) {
    pool();
    if (!made.legs().contains(name)) {
      throw new ScriptError("the pool has no leg " + name);
    }
    return name;
  }

  /** {@code name} if it is a node or a client that came before. */
  String process(String name) {
    pool();
    if (!made.nodes().contains(name) && !clients.contains(name)) {
      throw new ScriptError("there is no process " + name + " (yet)");
    }
    return name;
  }

  /** {@code name} if it is a client that came before. */
  String client(String name) {
    if (!clients.contains(name)) {
      throw new ScriptError("client " + name + " has not come yet");
    }
    return name;
  }

  /** The next client's name. */
  String newClient(String name) {
    if (!name.equals("c" + (clients.size() + 1))) {
      throw new ScriptError("clients come in order; the next one is c" + (clients.size() + 1));
    }
    clients.add(name);
    return name;
  }

  /** Every process that came so far. */
  Set<String> processes() {
    Set<String> all = new HashSet<>(made.nodes());
    all.addAll(clients);
    return all;
  }

  // ---- time

  void run(long nanos) {
    long end = pool().now() + nanos;
    while (pool().step(end)) {
      // the pool judges every event
    }
  }

  /** Goes on until it is so, as long as patience lasts; whether it came so. */
  boolean until(BooleanSupplier condition) {
    long end = pool().now() + patience;
    while (!condition.getAsBoolean()) {
      if (!pool().step(end)) {
        return false;
      }
    }
    return true;
  }

  /** Goes on until it is so. */
  String await(String what, BooleanSupplier condition) {
    if (!until(condition)) {
      throw new Stuck("it did not come to this: " + what + "; " + pool().view());
    }
    return "";
  }

  /** Goes on until there is an answer; if none comes says what {@code client} waits for. */
  String answer(String client, Supplier<@Nullable String> what) {
    until(() -> what.get() != null);
    String a = what.get();
    return a == null ? "waits: " + pool().waitsFor(client) : a;
  }

  /** Something that a text waits for did not happen. */
  static final class Stuck extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Stuck(String message) {
      super(message);
    }
  }

  // ---- memory

  void begin(String key, ScriptedPool.Pending request) {
    pending.put(key, request);
  }

  ScriptedPool.Pending pending(String key) {
    ScriptedPool.Pending p = pending.get(key);
    if (p == null) {
      throw new ScriptError("there was no " + key);
    }
    return p;
  }

  /** What a counter grew by since the text asked last. */
  String since(String counter, long value) {
    Long before = counts.put(counter, value);
    return String.valueOf(value - (before == null ? 0 : before));
  }

  /** Binds a command to a moment. */
  void when(String text, ScriptedPool.Moment moment, String command, Runnable what) {
    awaited.add(text);
    pool()
        .when(
            moment,
            () -> {
              awaited.remove(text);
              transcript.happened(pool().now(), command);
              what.run();
            });
  }

  /** Moments that have not come. */
  Set<String> awaited() {
    return awaited;
  }
}
