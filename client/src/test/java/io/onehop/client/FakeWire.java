package io.onehop.client;

import io.onehop.protocol.model.Endpoint;
import io.onehop.transport.Buf;
import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Connections between the engine under test and {@link FakeLeg}s: frames wait in order until the
 * test lets them be delivered. Allocates nothing per frame once it has grown.
 */
final class FakeWire implements Transport {
  private final TestLoop loop;
  private final Map<Endpoint, FakeLeg> legs = new HashMap<>();
  private final ArrayDeque<Message> free = new ArrayDeque<>();
  private final ArrayDeque<Message> toLegs = new ArrayDeque<>();
  private final ArrayDeque<Message> toClient = new ArrayDeque<>();

  FakeWire(TestLoop loop) {
    this.loop = loop;
  }

  /** A frame in flight. */
  static final class Message {
    final FrameHeader header = new FrameHeader();
    ByteBuffer payload = ByteBuffer.allocateDirect(4096);
    @Nullable Lane lane;
  }

  void add(FakeLeg leg) {
    legs.put(leg.at, leg);
  }

  /** Another address of {@code leg}. */
  void alias(Endpoint at, FakeLeg leg) {
    legs.put(at, leg);
  }

  @Override
  public Connection connect(Endpoint to, ConnectionListener listener) {
    Lane lane = new Lane(listener, legs.get(to));
    loop.execute(lane::open);
    return lane;
  }

  @Override
  public Listening listen(Endpoint at, Supplier<ConnectionListener> listeners) throws IOException {
    throw new IOException("nobody listens on " + at);
  }

  /** Delivers everything, and what follows from it. */
  void run() {
    boolean more = true;
    while (more) {
      more = loop.runTask() || deliver();
    }
  }

  boolean deliver() {
    Message m = toLegs.poll();
    if (m != null) {
      Lane lane = m.lane;
      if (lane != null && lane.leg != null && !lane.closed) {
        lane.leg.frame(lane, m.header, m.payload);
      }
      free.push(m);
      return true;
    }
    m = toClient.poll();
    if (m != null) {
      Lane lane = m.lane;
      if (lane != null && !lane.closed) {
        lane.received = loop.now();
        lane.listener.frame(lane, m.header, m.payload);
        lane.listener.endOfBatch(lane);
      }
      free.push(m);
      return true;
    }
    return false;
  }

  private Message message(Lane lane, FrameHeader h, int length) {
    Message m = free.poll();
    if (m == null) {
      m = new Message();
    }
    m.lane = lane;
    m.header.copyFrom(h);
    m.header.payloadBytes = length;
    if (m.payload.capacity() < length) {
      m.payload = ByteBuffer.allocateDirect(length);
    }
    m.payload.clear().limit(length);
    return m;
  }

  /** One connection, seen from both ends. */
  final class Lane implements Connection, FakeLeg.Peer {
    private final ConnectionListener listener;
    private final @Nullable FakeLeg leg;
    private boolean closed;
    private long received;
    private @Nullable Object attachment;

    Lane(ConnectionListener listener, @Nullable FakeLeg leg) {
      this.listener = listener;
      this.leg = leg;
    }

    private void open() {
      if (closed) {
        return;
      }
      if (leg == null || leg.down) {
        closed = true;
        listener.closed(this, "Connection refused");
        return;
      }
      received = loop.now();
      leg.lanes.add(this);
      listener.connected(this);
    }

    @Override
    public void answer(FrameHeader h, @Nullable ByteBuffer payload) {
      int length = payload == null ? 0 : payload.remaining();
      Message m = message(this, h, length);
      if (payload != null) {
        m.payload.put(0, payload, payload.position(), length);
      }
      toClient.add(m);
    }

    @Override
    public boolean send(FrameHeader header, @Nullable Buf payload, int from, int length) {
      if (closed) {
        return false;
      }
      Message m = message(this, header, length);
      if (payload != null) {
        m.payload.put(0, payload.bytes(), from, length);
      }
      toLegs.add(m);
      return true;
    }

    @Override
    public long queuedBytes() {
      return 0;
    }

    @Override
    public void pauseReading(boolean pause) {}

    @Override
    public long lastReceived() {
      return received;
    }

    @Override
    public String peer() {
      return leg == null ? "nobody" : leg.at.toString();
    }

    @Override
    public void close(String why) {
      if (!closed) {
        closed = true;
        if (leg != null) {
          leg.lanes.remove(this);
        }
        loop.execute(() -> listener.closed(this, why));
      }
    }

    @Override
    public @Nullable Object attachment() {
      return attachment;
    }

    @Override
    public void attach(@Nullable Object newAttachment) {
      attachment = newAttachment;
    }
  }
}
