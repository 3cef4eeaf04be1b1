package io.onehop.node.serve;

import io.onehop.protocol.wire.Hello;
import io.onehop.transport.Connection;
import java.util.UUID;

/** A client's connection as its leg or witness sees it. On the data loop. */
final class ClientLink {
  final Connection connection;
  final UUID session;
  final int lane;
  final long number;
  final int handle;

  /** Lineage that it is bound to; {@link Hello#ANY} until it has a view. */
  UUID lineage = Hello.ANY;

  /** Generation of the newest view sent on it. */
  long knownGeneration;

  boolean open = true;

  /** Requests that came and are not answered; never more than {@link #credits}. */
  int inFlight;

  /** Most requests in flight, as announced. */
  final int credits;

  ClientLink(Connection connection, UUID session, int lane, long number, int handle, int credits) {
    this.connection = connection;
    this.session = session;
    this.lane = lane;
    this.number = number;
    this.handle = handle;
    this.credits = credits;
  }
}
