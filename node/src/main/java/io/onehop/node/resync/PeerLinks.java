package io.onehop.node.resync;

import io.onehop.node.books.LegBooks;
import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.Hello;
import io.onehop.protocol.wire.HelloAck;
import io.onehop.protocol.wire.HelloAckCodec;
import io.onehop.protocol.wire.HelloCodec;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import io.onehop.transport.Transport;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * This leg's outgoing connections to the other legs of its pool: dialled, kept alive by heartbeats,
 * dialled again. On the leg's data thread; driven by {@link #tick}.
 */
public final class PeerLinks {
  /** Receives what peers answer. */
  public interface Answers {
    /** A frame of member {@code index} on the outgoing link. */
    void answer(int index, FrameHeader h, ByteBuffer payload);

    /** The link to member {@code index} ended; what was asked on it is not going to be answered. */
    void linkDown(int index);
  }

  private static final long REDIAL_NANOS = 200_000_000L;

  private final Loop loop;
  private final Transport transport;
  private final BufPool bufs;
  private final LegBooks books;
  private Answers answers =
      new Answers() {
        @Override
        public void answer(int index, FrameHeader h, ByteBuffer payload) {}

        @Override
        public void linkDown(int index) {}
      };
  private final Link[] links = new Link[PoolView.MAX_MEMBERS];
  private final FrameHeader out = new FrameHeader();
  private @Nullable PoolView view;
  private long connections;
  private Policies policies = Policies.DEFAULT;

  /** No link yet; {@link #view} names the peers. */
  public PeerLinks(Loop loop, Transport transport, BufPool bufs, LegBooks books) {
    this.loop = loop;
    this.transport = transport;
    this.bufs = bufs;
    this.books = books;
  }

  /** From now on answers go to {@code a}. */
  public void answers(Answers a) {
    answers = a;
  }

  /** The members to be linked to are those of {@code v}. */
  public void view(PoolView v) {
    if (view != null && !view.lineage().equals(v.lineage())) {
      close(); // connections are bound to their lineage (rule 2.6)
    }
    view = v;
    policies = v.policies();
    for (int i = 0; i < links.length; i++) {
      Member m = i < v.members().size() ? v.members().get(i) : null;
      boolean wanted = m != null && m.isLeg() && !m.id().equals(books.member);
      Link l = links[i];
      boolean out = m != null && m.state() == LegState.OUT;
      if (l != null
          && (!wanted
              || m == null
              || !l.id.equals(m.id())
              || !l.at.equals(m.data())
              || l.compareOnly != out)) {
        l.drop("member changed");
        links[i] = null;
      }
      if (wanted && m != null && links[i] == null) {
        links[i] = new Link(i, m.id(), m.data(), out);
      }
    }
  }

  /** Dials, beats, gives up on silent links. */
  public void tick() {
    for (Link l : links) {
      if (l != null) {
        l.tick();
      }
    }
  }

  /** Members with a live link: a frame within the failure time (mask). */
  public int alive() {
    int mask = 0;
    for (Link l : links) {
      if (l != null && up(l.index) && loop.now() - l.heard <= policies.failureNanos()) {
        mask |= 1 << l.index;
      }
    }
    return mask;
  }

  /** Whether a request can be sent to member {@code index} now. */
  public boolean up(int index) {
    Link l = links[index];
    return l != null && l.ready && !l.compareOnly;
  }

  /** Sends a frame to a member that may be out of the pool; false if there is no link to it. */
  public boolean compare(int index, FrameHeader h) {
    Link l = links[index];
    Connection c = l != null && l.ready ? l.connection : null;
    return c != null && c.send(h);
  }

  /** Incarnation of the leg at the other end; 0 if the link is not up. */
  public long incarnation(int index) {
    Link l = links[index];
    return l != null && l.ready ? l.incarnation : 0;
  }

  /** Prepares a header to member {@code index}; send it by {@link #send}. */
  public FrameHeader header(int type, int index, long sequence) {
    Link l = links[index];
    out.clear();
    out.type = type;
    out.handle = l == null ? 0 : l.handle;
    out.sequence = sequence;
    out.generation = books.generation();
    out.epoch = view == null ? 0 : view.epoch();
    return out;
  }

  /** The connection to member {@code index}, or null if the link is not up. */
  public @Nullable Connection connection(int index) {
    Link l = links[index];
    return l != null && up(index) ? l.connection : null;
  }

  /** Sends a header without payload; false if the link is not up. */
  public boolean send(int index, FrameHeader h) {
    Connection c = connection(index);
    return c != null && c.send(h);
  }

  /** Ends all links. */
  public void close() {
    for (int i = 0; i < links.length; i++) {
      Link l = links[i];
      links[i] = null;
      if (l != null) {
        l.drop("stopped");
      }
    }
  }

  private final class Link implements ConnectionListener {
    final int index;
    final UUID id;
    final Endpoint at;

    /** To a member that is kept out: hello without a lineage, nothing but digests. */
    final boolean compareOnly;

    @Nullable Connection connection;
    boolean ready;
    int handle;
    long incarnation;
    long heard;
    long dialled = Long.MIN_VALUE / 2;
    long beaten;

    Link(int index, UUID id, Endpoint at, boolean compareOnly) {
      this.index = index;
      this.id = id;
      this.at = at;
      this.compareOnly = compareOnly;
    }

    void tick() {
      long now = loop.now();
      if (connection == null) {
        if (now - dialled >= REDIAL_NANOS) {
          dialled = now;
          connection = transport.connect(at, this);
        }
        return;
      }
      long since = ready ? heard : dialled;
      if (now - since > policies.failureNanos()) {
        drop("silent for " + (now - since) / 1_000_000 + " ms");
      } else if (ready && now - beaten >= policies.heartbeatNanos()) {
        beaten = now;
        FrameHeader h = header(FrameType.HEARTBEAT, index, 0);
        h.extra = now;
        compare(index, h);
      }
    }

    void drop(String why) {
      Connection c = connection;
      if (c != null) {
        boolean was = ready;
        connection = null;
        ready = false;
        c.close(why);
        if (was) {
          answers.linkDown(index);
        }
      }
    }

    @Override
    public void connected(Connection c) {
      PoolView v = view;
      if (!c.equals(connection) || v == null) {
        c.close("not wanted any more");
        return;
      }
      FrameHeader h = new FrameHeader();
      h.type = FrameType.HELLO;
      Buf buf = bufs.take(4096);
      ByteBuffer b = buf.bytes().clear();
      HelloCodec.encode(
          new Hello(
              Hello.SenderRole.PEER,
              v.name(),
              v.pool(),
              compareOnly ? Hello.ANY : v.lineage(),
              books.member,
              books.incarnation,
              0,
              ++connections,
              "",
              0),
          b);
      c.send(h, buf, 0, b.position());
      buf.release();
    }

    @Override
    public void frame(Connection c, FrameHeader h, ByteBuffer payload) {
      if (!c.equals(connection)) {
        return;
      }
      heard = loop.now();
      if (!ready) {
        hello(h, payload);
      } else if (h.type != FrameType.HEARTBEAT_ACK) {
        answers.answer(index, h, payload);
      }
    }

    private void hello(FrameHeader h, ByteBuffer payload) {
      try {
        if (h.type != FrameType.HELLO_ACK || h.status != Status.OK) {
          drop("hello refused: " + Status.name(h.status));
          return;
        }
        HelloAck ack = HelloAckCodec.decode(payload);
        if (!ack.member().equals(id)) {
          drop("another member answers at " + at);
          return;
        }
        handle = ack.handle();
        incarnation = ack.incarnation();
        ready = true;
        beaten = loop.now();
      } catch (WireException e) {
        drop(String.valueOf(e.getMessage()));
      }
    }

    @Override
    public void closed(Connection c, String why) {
      if (c.equals(connection)) {
        boolean was = ready;
        connection = null;
        ready = false;
        if (was) {
          answers.linkDown(index);
        }
      }
    }
  }
}
