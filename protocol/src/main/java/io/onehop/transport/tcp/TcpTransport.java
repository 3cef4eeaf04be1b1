package io.onehop.transport.tcp;

import io.onehop.protocol.model.Endpoint;
import io.onehop.transport.BufPool;
import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.function.Supplier;

/** {@link Transport} over TCP; belongs to one {@link DataLoop}. */
public final class TcpTransport implements Transport {
  private static final long KEEP_BYTES = 16 << 20;

  private final DataLoop loop;
  private final TcpOptions options;
  private final TcpCounters counters = new TcpCounters();
  private final BufPool buffers = new BufPool(KEEP_BYTES);

  /** With {@link TcpOptions#DEFAULT}. */
  public TcpTransport(DataLoop loop) {
    this(loop, TcpOptions.DEFAULT);
  }

  /** A transport whose connections live on {@code loop}. */
  public TcpTransport(DataLoop loop, TcpOptions options) {
    this.loop = loop;
    this.options = options;
  }

  @Override
  public Connection connect(Endpoint to, ConnectionListener listener) {
    TcpConnection c = new TcpConnection(this, listener, to.toString());
    c.startTimeout();
    try {
      c.connectTo(new InetAddress[] {InetAddress.ofLiteral(to.host())}, to.port());
    } catch (IllegalArgumentException notLiteral) {
      resolve(c, to);
    }
    return c;
  }

  /** Asking a name server may take seconds: not on the loop. */
  private void resolve(TcpConnection c, Endpoint to) {
    Thread.ofVirtual()
        .name("resolve " + to.host())
        .start(() -> {
          try {
            InetAddress[] addresses = InetAddress.getAllByName(to.host());
            loop.execute(() -> c.connectTo(addresses, to.port()));
          } catch (UnknownHostException e) {
            loop.execute(() -> c.connectFailed("host " + to.host() + " is unknown"));
          }
        });
  }

  /**
   * {@inheritDoc}
   *
   * <p>On the loop, or before it was started. Blocks while a host name is resolved.
   */
  @Override
  public Listening listen(Endpoint at, Supplier<ConnectionListener> listeners) throws IOException {
    return new TcpListening(this, at, listeners);
  }

  /** What this transport did so far. */
  public TcpCounters counters() {
    return counters;
  }

  DataLoop loop() {
    return loop;
  }

  TcpOptions options() {
    return options;
  }

  BufPool buffers() {
    return buffers;
  }
}
