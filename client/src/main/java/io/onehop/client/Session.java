package io.onehop.client;

import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.protocol.wire.AttachRequest;
import io.onehop.protocol.wire.AttachRequestCodec;
import io.onehop.transport.Buf;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Attach, the session's epochs, detach, and the end (rules 5.1, 5.3). A session that the pool ended
 * but allows to go on asks to be admitted again; meanwhile requests wait.
 */
final class Session {
  private static final long RETRY = 200_000_000L;

  /** For so long members that say nothing are waited for before the first attach. */
  private static final long SOUNDING = 500_000_000L;

  private enum State {
    SEEKING,
    ATTACHED,
    RESUMING,
    OVER
  }

  private enum Leaving {
    NO,
    DRAINING,
    FLUSHING,
    ASKING
  }

  /** What a view did to the session. */
  enum Turn {
    /** Nothing, or its end. */
    NONE,
    /** It is the writer for the first time. */
    ATTACHED,
    /** It was ended and may go on. */
    SUSPENDED,
    /** It is the writer again, under another epoch; perhaps without ever having been suspended. */
    RESUMED
  }

  private final VolumeEngine e;
  private State state = State.SEEKING;
  private Leaving leaving = Leaving.NO;
  private long begun;
  private int asked = -1;
  private int last = -1;

  /** The problem is what a leg said. */
  private boolean answered;

  private long askedAt;
  private long nextTry;
  private long tickAt;
  private long resumeLeft;
  private long foreignFor;
  private long viewedAt;
  private @Nullable UUID lineage;
  private String endedWhy = "";
  private String problem = "no server has answered yet";

  /** The epoch granted last; 0 before the attach. */
  long epoch;

  Session(VolumeEngine e) {
    this.e = e;
  }

  void start() {
    begun = e.loop.now();
    tickAt = begun;
  }

  /** Whether this session is the writer of the newest known view. */
  boolean attached() {
    return state == State.ATTACHED;
  }

  /** Whether it was never attached yet. */
  boolean seeking() {
    return state == State.SEEKING;
  }

  /** Whether it was attached and hopes to be again. */
  boolean resuming() {
    return state == State.RESUMING;
  }

  boolean detaching() {
    return leaving != Leaving.NO;
  }

  boolean over() {
    return state == State.OVER;
  }

  /** Something that hinders the attach, for people. */
  void problem(String text) {
    problem = text;
  }

  /** Why the pool ended the session that hopes to go on. */
  String endedWhy() {
    return endedWhy;
  }

  /** What is waited for before an attach or during the detach; null if nothing. */
  @Nullable String waiting() {
    return switch (state) {
      case SEEKING -> problem;
      case RESUMING -> "requests wait for the session to go on (" + endedWhy + "): " + problem;
      case ATTACHED ->
          leaving == Leaving.ASKING
              ? "the session's end waits for a view change: " + problem
              : null;
      case OVER -> null;
    };
  }

  /** Judges a view just taken. */
  Turn onView(PoolView v) {
    if (!v.lineage().equals(lineage)) {
      lineage = v.lineage();
      viewedAt = e.loop.now();
    }
    Writer w = v.writer();
    Writer own = w != null && w.session().equals(e.settings.session()) ? w : null;
    return switch (state) {
      case SEEKING -> own == null ? Turn.NONE : admitted(own, Turn.ATTACHED);
      case ATTACHED -> own != null && own.epoch() == epoch ? Turn.NONE : ended(v, own);
      case RESUMING -> ended(v, own);
      case OVER -> Turn.NONE;
    };
  }

  private Turn admitted(Writer w, Turn turn) {
    state = State.ATTACHED;
    epoch = w.epoch();
    asked = -1;
    return turn;
  }

  /**
   * The epoch held is over; {@code again} is this session under a newer one, if it was admitted.
   */
  private Turn ended(PoolView v, @Nullable Writer again) {
    if (leaving == Leaving.ASKING && again == null) {
      detached();
      return Turn.NONE;
    }
    String why = e.rules.fencedForGood() ? whyForGood(v) : null;
    if (why != null) {
      e.end(why);
      return Turn.NONE;
    }
    if (again != null) {
      return admitted(again, Turn.RESUMED);
    }
    if (state == State.RESUMING) {
      return Turn.NONE;
    }
    state = State.RESUMING;
    asked = -1;
    nextTry = e.loop.now();
    resumeLeft = e.settings.resumeNanos();
    endedWhy = v.ready() ? "the pool was started again" : "the pool took this client for dead";
    problem = "not asked yet";
    answered = false;
    return Turn.SUSPENDED;
  }

  /** Rule 5.3: why the session may not go on; null if it may. */
  private @Nullable String whyForGood(PoolView v) {
    Writer w = v.writer();
    LastSession ended = v.lastSession();
    if (w != null && !w.session().equals(e.settings.session())) {
      return "the session was ended: the pool is held by " + w.host() + " pid " + w.pid();
    }
    if (ended == null || !ended.id().equals(e.settings.session())) {
      return "the session was ended, and another one was admitted since";
    }
    if (!ended.resumable()) {
      return v.ready()
          ? "the session was ended for good: by a takeover, an operator, or a power loss"
          : "the session was ended for good: by a takeover or an operator";
    }
    return e.settings.resumeNanos() == 0 ? "the session was ended by the pool" : null;
  }

  /** A link became ready or a view came: perhaps a leg can be asked now. */
  void poke() {
    if (asked >= 0 || e.loop.now() < nextTry) {
      return;
    }
    switch (state) {
      case SEEKING -> {
        // Rule 8.6: one of them may know that this lineage was left behind.
        if (e.links.sounded() || e.loop.now() - viewedAt >= SOUNDING) {
          ask(FrameType.ATTACH);
        }
      }
      case RESUMING -> ask(FrameType.ATTACH);
      case ATTACHED -> {
        if (leaving == Leaving.ASKING) {
          ask(FrameType.DETACH);
        }
      }
      case OVER -> {}
    }
  }

  void tick(long now) {
    // A process that was stopped has not tried meanwhile.
    long passed = Math.min(now - tickAt, e.views.policies.failureNanos());
    tickAt = now;
    if (state == State.SEEKING) {
      long limit = e.settings.attachWaitNanos();
      if (limit > 0 && now - begun > limit) {
        e.end("could not attach within " + limit / 1_000_000 + " ms: " + problem);
        return;
      }
    }
    if (state == State.RESUMING && (e.links.ready & e.views.inSync) != 0) {
      resumeLeft -= passed;
      if (resumeLeft <= 0) {
        long limit = e.settings.resumeNanos() / 1_000_000;
        e.end("the session (" + endedWhy + ") could not go on within " + limit + " ms: " + problem);
        return;
      }
    }
    int foreign = e.links.foreign();
    foreignFor = foreign != 0 && (e.links.ready & e.views.inSync) == 0 ? foreignFor + passed : 0;
    if (foreignFor > 2 * e.views.policies.failureNanos()) {
      foreignFor = 0;
      if (state == State.SEEKING) {
        problem = "the pool has another lineage at " + e.views.nodes(foreign);
        asked = -1;
        e.forgetLineage();
        return;
      }
      // Rule 8.6: whoever can still be reached serves under a lineage that this session is not of.
      e.end("the pool has another lineage, by a forced promotion: " + e.views.nodes(foreign));
      return;
    }
    if (asked >= 0 && givenUp(now - Math.max(askedAt, e.graceFrom))) {
      problem = e.views.node(asked) + " does not answer";
      asked = -1;
    }
    poke();
  }

  /** Whether another leg is asked instead: sooner if this one is silent and another is not. */
  private boolean givenUp(long age) {
    int askable = e.links.askable();
    boolean silent = askable != 0 && (askable & 1 << asked) == 0;
    Policies p = e.views.policies;
    return age > (silent ? 2 * p.heartbeatNanos() : 5 * p.failureNanos());
  }

  private void ask(int type) {
    PoolView v = e.views.view;
    if (v == null) {
      return;
    }
    int askable = e.links.askable();
    for (int k = 1; k <= PoolView.MAX_MEMBERS; k++) {
      int i = (last + k) % PoolView.MAX_MEMBERS;
      if ((askable & 1 << i) != 0) {
        ask(type, i);
        return;
      }
    }
    problem = "no leg in sync can be reached (" + e.views.nodes(e.views.inSync) + ")";
    answered = false;
  }

  private void ask(int type, int leg) {
    Link l = e.links.at(leg);
    asked = leg;
    last = leg;
    askedAt = e.loop.now();
    if (!answered) {
      problem = e.views.node(leg) + " was asked and has not answered yet";
    }
    // Its epoch says which one this session held before, 0 for none (rule 5.3).
    FrameHeader h = l.head(type);
    if (type == FrameType.DETACH) {
      l.send(h);
      return;
    }
    Buf b = e.buffers.take(AttachRequestCodec.MAX_BYTES);
    ByteBuffer out = b.view(0, AttachRequestCodec.MAX_BYTES);
    // A session that goes on takes nothing over: somebody may have taken it over meanwhile.
    boolean takeover = e.settings.takeover() && state == State.SEEKING;
    AttachRequestCodec.encode(
        new AttachRequest(e.settings.session(), e.settings.host(), e.settings.pid(), takeover),
        out);
    int length = out.position();
    b.done(out);
    l.send(h, b, 0, length);
    b.release();
  }

  void attachAnswer(Link from, FrameHeader h, String text) {
    // What was asked under an epoch that is over may have been right then.
    boolean current = h.epoch == epoch && from.index == asked;
    if ((state != State.SEEKING && state != State.RESUMING) || !current) {
      return;
    }
    int status = h.status;
    asked = -1;
    answered = true;
    nextTry = e.loop.now() + RETRY;
    problem = text.isEmpty() ? "the pool answered: " + Status.name(status) : text;
    if (status == Status.REFUSED || status == Status.FENCED) {
      e.end(state == State.SEEKING ? problem : "the session was ended: " + problem);
    }
  }

  void linkLost(int member) {
    if (member == asked) {
      asked = -1;
      answered = false;
      problem = "lost the connection to " + e.views.node(member);
    }
  }

  /** Begins the end: accepts no more, drains, flushes, stops reads and lease, asks to be ended. */
  void detach() {
    switch (state) {
      case SEEKING -> e.end("closed before it was attached");
      case ATTACHED, RESUMING -> {
        if (leaving == Leaving.NO) {
          leaving = Leaving.DRAINING;
          idle();
        }
      }
      case OVER -> {}
    }
  }

  /** The last request of the application was answered, or the session goes on. */
  void idle() {
    if (leaving == Leaving.DRAINING && state == State.ATTACHED && e.requests.unanswered() == 0) {
      leaving = Leaving.FLUSHING;
      e.requests.lastFlush(this::flushed);
    }
  }

  private void flushed(int status) {
    if (leaving == Leaving.FLUSHING && state != State.OVER) {
      leaving = Leaving.ASKING;
      answered = status != Status.OK;
      problem = status == Status.OK ? "asked" : "the last flush failed: " + Status.name(status);
      e.lease.stop();
      poke();
    }
  }

  void detachAnswer(int status, String text) {
    if (leaving != Leaving.ASKING || state == State.OVER) {
      return;
    }
    asked = -1;
    if (status == Status.OK) {
      detached();
      return;
    }
    nextTry = e.loop.now() + RETRY;
    problem = text.isEmpty() ? Status.name(status) : text;
  }

  private void detached() {
    state = State.OVER;
    e.shut("detached");
    e.listener.detached();
  }

  void overNow() {
    state = State.OVER;
  }
}
