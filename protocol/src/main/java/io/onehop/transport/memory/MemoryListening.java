package io.onehop.transport.memory;

import io.onehop.protocol.model.Endpoint;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.Transport;
import java.io.IOException;
import java.util.function.Supplier;

/** A simulated server socket. */
final class MemoryListening implements Transport.Listening {
  private final MemoryNetwork network;
  private final MemoryNetwork.Node process;
  private final Supplier<ConnectionListener> listeners;
  private final Endpoint at;

  @SuppressWarnings("this-escape")
  MemoryListening(
      MemoryNetwork network,
      MemoryNetwork.Node process,
      Endpoint wanted,
      Supplier<ConnectionListener> listeners)
      throws IOException {
    this.network = network;
    this.process = process;
    this.listeners = listeners;
    this.at = network.bind(this, wanted);
  }

  MemoryNetwork.Node process() {
    return process;
  }

  ConnectionListener newListener() {
    return listeners.get();
  }

  @Override
  public Endpoint at() {
    return at;
  }

  @Override
  public void close() {
    network.unbind(this, at);
  }
}
