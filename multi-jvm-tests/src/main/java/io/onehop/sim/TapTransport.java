package io.onehop.sim;

import io.onehop.protocol.model.Endpoint;
import io.onehop.transport.Buf;
import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The in-memory transport of one process with the simulator's ear at it. */
final class TapTransport implements Transport {
  /** Hears every frame; may kill the process by throwing {@link SimKilled}. */
  interface Tap {
    /** {@code from} hands a frame to the network. */
    void sent(SimProcess from, String to, FrameHeader header);

    /** {@code to} is about to get a frame. */
    void delivered(SimProcess to, String from, FrameHeader header, ByteBuffer payload);
  }

  private final Transport inner;
  private final SimProcess process;
  private final Tap tap;

  TapTransport(Transport inner, SimProcess process, Tap tap) {
    this.inner = inner;
    this.process = process;
    this.tap = tap;
  }

  @Override
  public Connection connect(Endpoint to, ConnectionListener listener) {
    process.kill.point(0);
    Tapped tapped = new Tapped(listener);
    tapped.inner = inner.connect(to, tapped);
    return tapped;
  }

  @Override
  public Listening listen(Endpoint at, Supplier<ConnectionListener> listeners) throws IOException {
    return inner.listen(at, () -> new Tapped(listeners.get()));
  }

  /** Both the owner's connection and the network's listener. */
  private final class Tapped implements Connection, ConnectionListener {
    private final ConnectionListener listener;
    private @Nullable Connection inner;

    Tapped(ConnectionListener listener) {
      this.listener = listener;
    }

    private Connection inner() {
      Connection c = inner;
      if (c == null) {
        throw new IllegalStateException("not connected");
      }
      return c;
    }

    @Override
    public void connected(Connection c) {
      inner = c;
      listener.connected(this);
    }

    @Override
    public void frame(Connection c, FrameHeader header, ByteBuffer payload) {
      tap.delivered(process, c.peer(), header, payload);
      listener.frame(this, header, payload);
    }

    @Override
    public void endOfBatch(Connection c) {
      listener.endOfBatch(this);
    }

    @Override
    public void closed(Connection c, String why) {
      listener.closed(this, why);
    }

    @Override
    public boolean send(FrameHeader header, @Nullable Buf payload, int from, int length) {
      process.kill.point(0);
      boolean sent = inner().send(header, payload, from, length);
      if (sent) {
        tap.sent(process, peer(), header);
      }
      return sent;
    }

    @Override
    public long queuedBytes() {
      return inner().queuedBytes();
    }

    @Override
    public void pauseReading(boolean pause) {
      inner().pauseReading(pause);
    }

    @Override
    public long lastReceived() {
      return inner().lastReceived();
    }

    @Override
    public String peer() {
      return inner().peer();
    }

    @Override
    public void close(String why) {
      process.kill.point(0);
      inner().close(why);
    }

    @Override
    public @Nullable Object attachment() {
      return inner().attachment();
    }

    @Override
    public void attach(@Nullable Object attachment) {
      inner().attach(attachment);
    }
  }
}
