package io.onehop.transport.memory;

import io.onehop.protocol.model.Endpoint;
import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.Transport;
import java.io.IOException;
import java.util.function.Supplier;

/** The network as one simulated process sees it. */
public final class MemoryTransport implements Transport {
  private final MemoryNetwork network;
  private final MemoryNetwork.Node process;

  MemoryTransport(MemoryNetwork network, MemoryNetwork.Node process) {
    this.network = network;
    this.process = process;
  }

  @Override
  public Connection connect(Endpoint to, ConnectionListener listener) {
    MemoryConnection c = new MemoryConnection(network, process, () -> listener, network.owner(to));
    c.connect(to);
    return c;
  }

  @Override
  public Listening listen(Endpoint at, Supplier<ConnectionListener> listeners) throws IOException {
    return new MemoryListening(network, process, at, listeners);
  }
}
