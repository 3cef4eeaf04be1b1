package io.onehop.client;

import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.protocol.wire.AttachRequest;
import io.onehop.protocol.wire.AttachRequestCodec;
import io.onehop.transport.Buf;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Attach, the session's epoch, detach, and the end (rules 5.1, 5.3). */
final class Session {
  private static final long RETRY = 200_000_000L;

  private enum State {
    SEEKING,
    ATTACHED,
    DRAINING,
    FLUSHING,
    DETACHING,
    OVER
  }

  private final VolumeEngine e;
  private State state = State.SEEKING;
  private long begun;
  private int asked = -1;
  private int last = -1;
  private long askedAt;
  private long nextTry;
  private String problem = "no server has answered yet";

  /** The epoch granted; 0 before. */
  long epoch;

  Session(VolumeEngine e) {
    this.e = e;
  }

  void start() {
    begun = e.loop.now();
  }

  /** Whether this session is the writer of the newest known view. */
  boolean attached() {
    return state != State.SEEKING && state != State.OVER;
  }

  boolean detaching() {
    return state == State.DRAINING || state == State.FLUSHING || state == State.DETACHING;
  }

  boolean over() {
    return state == State.OVER;
  }

  /** Something that hinders the attach, for people. */
  void problem(String text) {
    problem = text;
  }

  /** What is waited for before the attach or during the detach; null if nothing. */
  @Nullable String waiting() {
    return switch (state) {
      case SEEKING -> problem;
      case DETACHING -> "the session's end waits for a view change: " + problem;
      case ATTACHED, DRAINING, FLUSHING, OVER -> null;
    };
  }

  /** Judges a view just taken; whether the session became attached by it. */
  boolean onView(PoolView v) {
    Writer w = v.writer();
    boolean ours = w != null && w.session().equals(e.settings.session());
    if (state == State.SEEKING) {
      if (w == null || !ours) {
        poke();
        return false;
      }
      state = State.ATTACHED;
      epoch = w.epoch();
      asked = -1;
      return true;
    }
    if (state != State.OVER && (w == null || !ours || w.epoch() != epoch)) {
      if (state == State.DETACHING) {
        detached();
      } else {
        e.end("the session was ended by " + (w == null ? "the pool" : "another writer"));
      }
    }
    return false;
  }

  /** A link became ready or a view came: perhaps a leg can be asked now. */
  void poke() {
    if (state == State.SEEKING && asked < 0 && e.loop.now() >= nextTry) {
      ask(FrameType.ATTACH);
    } else if (state == State.DETACHING && asked < 0 && e.loop.now() >= nextTry) {
      ask(FrameType.DETACH);
    }
  }

  void tick(long now) {
    if (state == State.SEEKING) {
      long limit = e.settings.attachWaitNanos();
      if (limit > 0 && now - begun > limit) {
        e.end("could not attach within " + limit / 1_000_000 + " ms: " + problem);
        return;
      }
    }
    if (asked >= 0 && now - askedAt > 5 * e.views.policies.failureNanos()) {
      problem = e.views.node(asked) + " does not answer";
      asked = -1;
    }
    poke();
  }

  private void ask(int type) {
    PoolView v = e.views.view;
    if (v == null) {
      return;
    }
    for (int k = 1; k <= PoolView.MAX_MEMBERS; k++) {
      int i = (last + k) % PoolView.MAX_MEMBERS;
      if ((e.views.inSync & e.links.ready & 1 << i) != 0) {
        ask(type, i);
        return;
      }
    }
    problem = "no leg in sync can be reached (" + e.views.nodes(e.views.inSync) + ")";
  }

  private void ask(int type, int leg) {
    Link l = e.links.at(leg);
    asked = leg;
    last = leg;
    askedAt = e.loop.now();
    FrameHeader h = l.head(type);
    if (type == FrameType.DETACH) {
      l.send(h);
      return;
    }
    Buf b = e.buffers.take(AttachRequestCodec.MAX_BYTES);
    ByteBuffer out = b.view(0, AttachRequestCodec.MAX_BYTES);
    AttachRequestCodec.encode(
        new AttachRequest(e.settings.session(), e.settings.host(), e.settings.pid(), false), out);
    int length = out.position();
    b.done(out);
    l.send(h, b, 0, length);
    b.release();
  }

  void attachAnswer(Link from, int status, String text) {
    if (state != State.SEEKING || from.index != asked) {
      return;
    }
    asked = -1;
    nextTry = e.loop.now() + RETRY;
    problem = text.isEmpty() ? "the pool answered: " + Status.name(status) : text;
    if (status == Status.REFUSED) {
      e.end(problem);
    }
  }

  void linkLost(int member) {
    if (member == asked) {
      asked = -1;
      problem = "lost the connection to " + e.views.node(member);
    }
  }

  /** Begins the end: accepts no more, drains, flushes, stops reads and lease, asks to be ended. */
  void detach() {
    switch (state) {
      case SEEKING -> e.end("closed before it was attached");
      case ATTACHED -> {
        state = State.DRAINING;
        idle();
      }
      case DRAINING, FLUSHING, DETACHING, OVER -> {}
    }
  }

  /** The last request of the application was answered. */
  void idle() {
    if (state == State.DRAINING && e.requests.unanswered() == 0) {
      state = State.FLUSHING;
      e.requests.lastFlush(this::flushed);
    }
  }

  private void flushed(int status) {
    if (state == State.FLUSHING) {
      state = State.DETACHING;
      problem = status == Status.OK ? "asked" : "the last flush failed: " + Status.name(status);
      e.lease.stop();
      poke();
    }
  }

  void detachAnswer(int status, String text) {
    if (state != State.DETACHING) {
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
