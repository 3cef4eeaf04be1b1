package io.onehop.transport.memory;

import io.onehop.transport.Buf;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** What is on its way to one end of a connection, in order. */
sealed interface InFlight {
  /** When it arrives, on the receiver's clock. */
  long at();

  /** Bytes on the wire. */
  default int bytes() {
    return 0;
  }

  /** Lets go of what it holds. */
  default void drop() {}

  /** The connection is open. */
  record Opened(long at) implements InFlight {}

  /** The other end is gone. */
  record Closed(long at, String why) implements InFlight {}

  /**
   * A frame. The payload stays the sender's buffer until delivery: the longest that a real network
   * may take, so that a sender that changes it too early is found out.
   */
  record Frame(long at, ByteBuffer header, @Nullable Buf payload, int from, int length)
      implements InFlight {
    @Override
    public int bytes() {
      return header.capacity() + length;
    }

    @Override
    public void drop() {
      if (payload != null) {
        payload.release();
      }
    }
  }
}
