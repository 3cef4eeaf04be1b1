package io.onehop.transport.tcp;

import io.onehop.protocol.model.Endpoint;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.Transport;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.Supplier;

/** A server socket on the loop. */
final class TcpListening implements Transport.Listening, ChannelHandler {
  private static final int BACKLOG = 512;
  private static final int MAX_PER_TURN = 64;
  private static final long RETRY_NANOS = 100_000_000;

  private final TcpTransport transport;
  private final Supplier<ConnectionListener> listeners;
  private final ServerSocketChannel channel;
  private final SelectionKey key;
  private final Endpoint at;

  @SuppressWarnings("this-escape")
  TcpListening(TcpTransport transport, Endpoint at, Supplier<ConnectionListener> listeners)
      throws IOException {
    this.transport = transport;
    this.listeners = listeners;
    this.channel = ServerSocketChannel.open();
    try {
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.configureBlocking(false);
      InetSocketAddress address = new InetSocketAddress(at.host(), at.port());
      if (address.isUnresolved()) {
        throw new IOException("host is unknown");
      }
      channel.bind(address, BACKLOG);
      InetSocketAddress bound = (InetSocketAddress) channel.getLocalAddress();
      this.at = new Endpoint(at.host(), bound.getPort());
      this.key = transport.loop().register(channel, SelectionKey.OP_ACCEPT, this);
    } catch (IOException e) {
      channel.close();
      throw new IOException("cannot listen on " + at + ": " + e.getMessage(), e);
    }
  }

  @Override
  public Endpoint at() {
    return at;
  }

  @Override
  public void ready(SelectionKey ready) {
    try {
      for (int i = 0; i < MAX_PER_TURN; i++) {
        SocketChannel accepted = channel.accept();
        if (accepted == null) {
          return;
        }
        transport.counters().accepted++;
        new TcpConnection(transport, listeners.get(), "?").accepted(accepted);
      }
    } catch (IOException e) {
      // Mostly: no file descriptor left. The connection stays in the backlog and would wake the
      // loop
      // at once again.
      transport.counters().acceptErrors++;
      if (key.isValid()) {
        key.interestOps(0);
        transport.loop().schedule(RETRY_NANOS, this::acceptAgain);
      }
    }
  }

  private void acceptAgain() {
    if (key.isValid()) {
      key.interestOps(SelectionKey.OP_ACCEPT);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // It is closed for us either way.
    }
  }
}
