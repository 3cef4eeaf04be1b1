package io.onehop.node.serve;

import io.onehop.node.books.FakeDisk;
import io.onehop.node.books.LegRules;
import io.onehop.node.books.TestLoop;
import io.onehop.node.books.TestViews;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
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
import io.onehop.transport.memory.LinkPolicy;
import io.onehop.transport.memory.MemoryNetwork;
import io.onehop.transport.memory.MemoryTransport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Leg 0 under test, its clients and its peers played by the test. */
final class EngineLab {
  static final int B = FakeDisk.BLOCK;

  final TestLoop loop = new TestLoop();
  final BufPool bufs = new BufPool(1 << 24);
  final FakeDisk disk =
      new FakeDisk(
          TestViews.BLOCKS, TestViews.POOL, TestViews.id(0), TestViews.LINEAGE, TestViews.BOOT);
  final List<LegEdge> edges = new ArrayList<>();
  final MemoryNetwork network =
      new MemoryNetwork(
          new LinkPolicy() {
            @Override
            public long delayNanos(String from, String to) {
              return 1000;
            }

            @Override
            public boolean cut(String from, String to) {
              return false;
            }
          });
  final LegEngine engine;
  PoolView view = TestViews.first(3);
  private long connections;

  EngineLab() {
    engine =
        new LegEngine(
            new LegEngine.Setup(
                TestViews.POOL,
                "p",
                TestViews.id(0),
                loop,
                network.join("leg0", loop),
                bufs,
                disk,
                100,
                TestViews.BOOT,
                edges::add,
                LegRules.ALL));
    try {
      engine.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The control plane orders {@code v}. */
  void adopt(PoolView v) {
    view = v;
    engine.order(new LegOrder.Adopt(v));
  }

  /** Adopts a view with the session as writer. */
  EngineLab written() {
    adopt(TestViews.written(view));
    return this;
  }

  <E extends LegEdge> List<E> edges(Class<E> type) {
    return edges.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** A client's connection; {@code handle} is its handle. */
  Client client(UUID session, int lane) {
    TestConnection c = new TestConnection();
    FrameHeader h = new FrameHeader();
    h.type = FrameType.HELLO;
    engine.incoming(
        c,
        h,
        new Hello(
            Hello.SenderRole.CLIENT,
            "p",
            TestViews.POOL,
            TestViews.LINEAGE,
            session,
            0,
            lane,
            ++connections,
            "h",
            1));
    return new Client(c);
  }

  final class Client {
    final TestConnection c;
    final FrameHeader h = new FrameHeader();
    final ByteBuffer payload = ByteBuffer.allocateDirect(1 << 20);

    Client(TestConnection c) {
      this.c = c;
    }

    /** A header under the newest view. */
    FrameHeader header(int type, long sequence, long offset, long length) {
      h.clear();
      h.type = type;
      h.handle = c.sent.isEmpty() ? 0 : c.sent.getFirst().header().handle;
      h.sequence = sequence;
      h.generation = view.generation();
      h.epoch = view.epoch();
      h.offset = offset;
      h.length = length;
      return h;
    }

    void send(FrameHeader header, int bytes) {
      payload.clear().limit(bytes);
      header.payloadBytes = bytes;
      engine.frame(c, header, payload);
    }

    void write(long sequence, int block, long value) {
      payload.clear().putLong(0, value);
      send(header(FrameType.WRITE, sequence, (long) block * B, B), B);
    }

    void read(long id, int block) {
      send(header(FrameType.READ, id, (long) block * B, B), 0);
    }

    void flush(long id) {
      send(header(FrameType.FLUSH, id, 0, 0), 0);
    }

    /** Status of the last answer. */
    int status() {
      return c.last().header().status;
    }
  }

  /** Leg {@code i}, played by the test: what leg 0 asks of it is kept. */
  Peer peer(int i) {
    return new Peer(i);
  }

  final class Peer implements ConnectionListener {
    final List<FrameHeader> asked = new ArrayList<>();

    /** What leg 0 called itself of, hello by hello. */
    final List<UUID> lineages = new ArrayList<>();

    private final int index;
    private @Nullable Connection connection;

    Peer(int index) {
      this.index = index;
      MemoryTransport t = network.join("leg" + index, loop);
      try {
        t.listen(TestViews.at(index), () -> this);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void connected(Connection c) {
      connection = c;
    }

    @Override
    public void frame(Connection c, FrameHeader h, ByteBuffer p) {
      if (h.type == FrameType.HELLO) {
        lineages.add(lineage(p));
        FrameHeader a = new FrameHeader();
        a.type = FrameType.HELLO_ACK;
        Buf b = bufs.take(64 << 10);
        HelloAckCodec.encode(
            new HelloAck(TestViews.id(index), 100 + index, 7, null), b.bytes().clear());
        c.send(a, b, 0, b.bytes().position());
        b.release();
      } else if (h.type == FrameType.HEARTBEAT) {
        FrameHeader a = new FrameHeader();
        a.type = FrameType.HEARTBEAT_ACK;
        c.send(a);
      } else {
        asked.add(new FrameHeader().copyFrom(h));
      }
    }

    private static UUID lineage(ByteBuffer hello) {
      try {
        return HelloCodec.decode(hello).lineage();
      } catch (WireException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void closed(Connection c, String why) {
      if (c.equals(connection)) {
        connection = null;
      }
    }

    /** The connection ends. */
    void drop() {
      java.util.Objects.requireNonNull(connection, "leg 0 is not connected").close("dropped");
    }

    /** Requests of a type. */
    List<FrameHeader> asked(int type) {
      return asked.stream().filter(h -> h.type == type).toList();
    }

    /**
     * Answers {@code request} with {@code words}, little-endian longs, each {@code stride} apart.
     */
    void answer(FrameHeader request, int type, int status, int bytes, int stride, long... words) {
      FrameHeader a = new FrameHeader().copyFrom(request);
      a.type = type;
      a.status = status;
      send(a, bytes, stride, words);
    }

    void send(FrameHeader a, int bytes, int stride, long... words) {
      Connection c = java.util.Objects.requireNonNull(connection, "leg 0 is not connected");
      Buf b = bufs.take(Math.max(1, bytes));
      ByteBuffer p = b.bytes().clear().order(java.nio.ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < words.length; i++) {
        p.putLong(i * stride, words[i]);
      }
      p.order(java.nio.ByteOrder.BIG_ENDIAN);
      c.send(a, bytes == 0 ? null : b, 0, bytes);
      b.release();
    }

    /** Answers every map request: the asker's own with {@code runs}, others with none. */
    void maps(long... runs) {
      for (FrameHeader h : asked(FrameType.MAP_REQUEST)) {
        if (h.extra == 0) {
          answer(h, FrameType.MAP, 0, runs.length * 8, 8, runs);
        } else {
          answer(h, FrameType.MAP, 0, 0, 8);
        }
      }
      asked.clear();
      loop.advance(1);
    }
  }
}
