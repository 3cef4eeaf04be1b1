package io.onehop.node.serve;

import io.onehop.node.books.Speech;
import io.onehop.node.leg.LegDataPlane;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.protocol.wire.AttachRequest;
import io.onehop.protocol.wire.AttachRequestCodec;
import io.onehop.protocol.wire.Hello;
import io.onehop.protocol.wire.HelloAck;
import io.onehop.protocol.wire.HelloAckCodec;
import io.onehop.protocol.wire.TextCodec;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.Buf;
import io.onehop.transport.Connection;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What legs and witnesses have in common towards clients: hellos, views, heartbeats with the lease
 * (rule 5.4), and the in-band control frames, which become edges. On the data loop.
 */
final class ClientLinks {
  /**
   * Most questions of clients that wait for the control plane's answer; more are answered AGAIN.
   */
  private static final int MAX_WAITING = 64;

  /** What leases are granted by; replaced as a whole, at a view change. */
  private record Accepted(long epoch, long voters) {
    boolean grants(long asked, long list) {
      return asked == epoch && (list == voters || voters == LegDataPlane.ANY_VOTERS);
    }
  }

  private record Waiting(
      ClientLink link, int answer, long sequence, long epoch, long extra, long offset) {}

  private final Loop loop;
  private final Speech speech;
  private final Consumer<LegEdge> edges;
  private final UUID member;
  private final long incarnation;
  private final List<ClientLink> links = new ArrayList<>();
  private final Map<Long, Waiting> waiting = new HashMap<>();
  private final FrameHeader out = new FrameHeader();
  private long lastToken;
  private int lastHandle;
  private @Nullable PoolView view;
  private LegOrder.@Nullable KeepOut keptOut;
  private volatile Accepted accepted = new Accepted(0, 0);
  private @Nullable UUID heardSession;
  private long heardEpoch;
  private long heardAt;
  private int writerHears;

  ClientLinks(Loop loop, Speech speech, Consumer<LegEdge> edges, UUID member, long incarnation) {
    this.loop = loop;
    this.speech = speech;
    this.edges = edges;
    this.member = member;
    this.incarnation = incarnation;
  }

  /** See {@code LegDataPlane.accepted}; any thread. */
  void accepted(long epoch, long voters) {
    accepted = new Accepted(epoch, voters);
  }

  /** The view that is handed out now; every client hears of it at once. */
  void publish(PoolView v) {
    view = v;
    if (keptOut != null && !keptOut.by().leavesBehind(v.lineage())) {
      keptOut = null;
    }
    for (ClientLink l : List.copyOf(links)) {
      // Rule 2.6; also one that came before this leg had a view.
      if (l.lineage.equals(Hello.ANY) || l.lineage.equals(v.lineage())) {
        l.lineage = v.lineage();
        announce(l, v);
      } else {
        l.connection.close("the pool has another lineage");
        closed(l);
      }
    }
  }

  /** Nobody is served here until another lineage's view comes (rule 8.6). */
  void keepOut(LegOrder.KeepOut order) {
    keptOut = order;
    for (ClientLink l : List.copyOf(links)) {
      l.connection.close(order.why());
      closed(l);
    }
  }

  /** FENCED is for good: a lineage that was left behind never goes on. */
  private static int foreign(PoolView here, Hello hello) {
    return here.leavesBehind(hello.lineage()) ? Status.FENCED : Status.WRONG_POOL;
  }

  private void announce(ClientLink l, PoolView v) {
    if (l.knownGeneration < v.generation()) {
      speech.view(l.connection, l.handle, v);
      l.knownGeneration = v.generation();
    }
    viewAck(l, 0, Status.OK);
  }

  void viewAck(ClientLink l, long sequence, int status) {
    out.clear();
    out.type = FrameType.VIEW_ACK;
    out.handle = l.handle;
    out.sequence = sequence;
    out.status = status;
    out.generation = view == null ? 0 : view.generation();
    l.connection.send(out);
  }

  /** A client's hello: its link, or null if it was refused. */
  @Nullable ClientLink hello(Connection c, FrameHeader h, Hello hello, int credits) {
    PoolView v = view;
    LegOrder.KeepOut out = keptOut;
    if (out != null) {
      DataDoor.refuse(c, h, foreign(out.by(), hello), out.why(), speech.bufs());
      return null;
    }
    if (v != null && !hello.lineage().equals(Hello.ANY) && !hello.lineage().equals(v.lineage())) {
      String why = "the pool has another lineage";
      DataDoor.refuse(c, h, foreign(v, hello), why, speech.bufs());
      return null;
    }
    for (ClientLink l : List.copyOf(links)) {
      if (l.session.equals(hello.sender()) && l.lane == hello.lane()) {
        if (l.number >= hello.connection()) {
          DataDoor.refuse(c, h, Status.REFUSED, "an older connection of a lane", speech.bufs());
          return null;
        }
        l.connection.close("replaced by a newer connection of its lane");
        closed(l);
      }
    }
    ClientLink link =
        new ClientLink(c, hello.sender(), hello.lane(), hello.connection(), ++lastHandle, credits);
    links.add(link);
    helloAck(c, h, link.handle, credits);
    link.knownGeneration = v == null ? 0 : v.generation();
    link.lineage = v == null ? hello.lineage() : v.lineage();
    return link;
  }

  /** The answer to a hello of a client or a peer. */
  void helloAck(Connection c, FrameHeader h, int handle, int credits) {
    out.clear();
    out.type = FrameType.HELLO_ACK;
    out.sequence = h.sequence;
    out.handle = handle;
    out.extra = credits;
    out.generation = view == null ? 0 : view.generation();
    Buf buf = speech.bufs().take(ViewCodec.MAX_BYTES + 64);
    ByteBuffer b = buf.bytes().clear();
    HelloAckCodec.encode(new HelloAck(member, incarnation, handle, view), b);
    c.send(out, buf, 0, b.position());
    buf.release();
  }

  void closed(ClientLink link) {
    link.open = false;
    links.remove(link);
    waiting.values().removeIf(w -> w.link == link);
  }

  /** Ends the connections of clients that must be gone: those that live beat. */
  void dropSilent(Silence silence) {
    for (int i = links.size() - 1; i >= 0; i--) {
      silence.judge(links.get(i).connection);
    }
  }

  void closeAll(String why) {
    for (ClientLink l : List.copyOf(links)) {
      l.connection.close(why);
    }
  }

  /** Every frame of a session is a sign of life (rule 5.2). */
  void heard(ClientLink l, FrameHeader h) {
    PoolView v = view;
    Writer w = v == null ? null : v.writer();
    if (h.epoch != 0
        && (w == null
            || h.epoch > w.epoch()
            || (h.epoch == w.epoch() && w.session().equals(l.session)))) {
      heardSession = l.session;
      heardEpoch = h.epoch;
      heardAt = loop.now();
      if (h.type == FrameType.HEARTBEAT) {
        writerHears = (int) h.length;
      }
    }
  }

  /** Members that the writer hears, by its newest heartbeat here (mask). */
  int writerHears() {
    return writerHears;
  }

  @Nullable UUID heardSession() {
    return heardSession;
  }

  long heardEpoch() {
    return heardEpoch;
  }

  long heardAt() {
    return heardAt;
  }

  /** Handles control frames; false if {@code h} is none. */
  boolean control(ClientLink l, FrameHeader h, ByteBuffer payload) throws WireException {
    switch (h.type) {
      case FrameType.HEARTBEAT -> heartbeat(l, h);
      case FrameType.ATTACH -> {
        AttachRequest a = AttachRequestCodec.decode(payload);
        long token = ask(l, h, FrameType.ATTACH_ACK);
        if (token != 0) {
          edges.accept(
              new LegEdge.AttachAsked(
                  token, a.session(), a.host(), a.pid(), a.takeover(), h.epoch));
        }
      }
      case FrameType.DETACH -> {
        long token = ask(l, h, FrameType.DETACH_ACK);
        if (token != 0) {
          edges.accept(new LegEdge.DetachAsked(token, l.session, h.epoch));
        }
      }
      case FrameType.SUSPECT ->
          edges.accept(
              new LegEdge.Suspected(
                  l.session, h.epoch, (int) h.extra, h.generation, TextCodec.decode(payload)));
      case FrameType.LEASE -> {
        long token = ask(l, h, FrameType.LEASE_ACK);
        if (token != 0) {
          edges.accept(new LegEdge.LeaseAsked(token, h.epoch, (int) h.length, h.offset));
        }
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private void heartbeat(ClientLink l, FrameHeader h) {
    out.clear();
    out.type = FrameType.HEARTBEAT_ACK;
    out.handle = l.handle;
    out.lane = h.lane;
    out.sequence = h.sequence;
    out.epoch = h.epoch;
    out.extra = h.extra;
    out.generation = view == null ? 0 : view.generation();
    Accepted a = accepted;
    out.offset = h.offset;
    if ((h.flags & FrameType.FLAG_LEASE) != 0 && a.grants(h.epoch, h.offset)) {
      out.flags = FrameType.FLAG_LEASE;
    }
    l.connection.send(out);
  }

  private long ask(ClientLink l, FrameHeader h, int answer) {
    if (waiting.size() >= MAX_WAITING) {
      answer(
          new Waiting(l, answer, h.sequence, h.epoch, h.extra, h.offset),
          Status.AGAIN,
          "too many questions at once",
          0);
      return 0;
    }
    // A client repeats itself; one open question of a kind is enough. The old token dies.
    waiting.values().removeIf(w -> w.link == l && w.answer == answer);
    waiting.put(++lastToken, new Waiting(l, answer, h.sequence, h.epoch, h.extra, h.offset));
    return lastToken;
  }

  /** The control plane's answer to an edge with a token. */
  void answer(long token, int status, String text, int mask) {
    Waiting w = status == Status.AGAIN ? waiting.get(token) : waiting.remove(token);
    if (w != null && w.link.open) {
      answer(w, status, text, mask);
    }
  }

  private void answer(Waiting w, int status, String text, int mask) {
    out.clear();
    out.type = w.answer;
    out.handle = w.link.handle;
    out.sequence = w.sequence;
    out.epoch = w.epoch;
    out.extra = w.extra;
    out.offset = w.offset;
    out.status = status;
    out.length = mask;
    out.generation = view == null ? 0 : view.generation();
    if (text.isEmpty()) {
      w.link.connection.send(out);
    } else {
      speech.text(w.link.connection, out, text);
    }
  }
}
