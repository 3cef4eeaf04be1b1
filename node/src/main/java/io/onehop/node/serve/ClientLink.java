package io.onehop.node.serve;

import io.onehop.transport.Connection;
import java.util.UUID;

/** A client's connection as its leg or witness sees it. On the data loop. */
final class ClientLink {
  final Connection connection;
  final UUID session;
  final int lane;
  final long number;
  final int handle;

  /** Generation of the newest view sent on it. */
  long knownGeneration;

  boolean open = true;

  ClientLink(Connection connection, UUID session, int lane, long number, int handle) {
    this.connection = connection;
    this.session = session;
    this.lane = lane;
    this.number = number;
    this.handle = handle;
  }
}
