package io.onehop.transport;

import io.onehop.protocol.model.Endpoint;
import java.io.IOException;
import java.util.function.Supplier;

/** A network as seen from one loop. */
public interface Transport {
  /**
   * Starts connecting; the outcome comes to {@code listener} ({@code connected} or {@code closed}).
   * Never throws for network reasons.
   *
   * @return the connection, not yet usable for sending
   */
  Connection connect(Endpoint to, ConnectionListener listener);

  /**
   * Accepts connections at {@code at}; each gets a listener of its own from {@code listeners}.
   *
   * @throws IOException if the address cannot be bound; the message names it
   */
  Listening listen(Endpoint at, Supplier<ConnectionListener> listeners) throws IOException;

  /** An open server socket. */
  interface Listening extends AutoCloseable {
    /** Where it listens, with the real port. */
    Endpoint at();

    /** Accepts no more; connections made stay open. */
    @Override
    void close();
  }
}
