package io.onehop.node.serve;

import io.onehop.protocol.wire.Hello;
import io.onehop.transport.Connection;
import io.onehop.transport.FrameHeader;
import java.nio.ByteBuffer;
import java.util.UUID;

/** A pool's data plane as the node's door sees it. On the data loop. */
public interface PoolPort {
  /** The pool. */
  UUID pool();

  /** Its name. */
  String poolName();

  /** A connection said hello; it belongs to this pool now. */
  void incoming(Connection c, FrameHeader header, Hello hello);

  /** A later frame of such a connection. */
  void frame(Connection c, FrameHeader header, ByteBuffer payload);

  /** Such a connection ended. */
  void closed(Connection c);

  /**
   * Ends at once: closes every connection, answers nothing more, does not touch its store again.
   * Idempotent.
   */
  void shutDown(String why);
}
