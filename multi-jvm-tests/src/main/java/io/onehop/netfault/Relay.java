package io.onehop.netfault;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * One connection from a party to a node. It is made to the node only once nothing is cut between
 * the two: as with a lost SYN, the node does not hear of it before, and never if the party has
 * given up.
 */
final class Relay {
  private final Selector selector;
  private final int port;
  private final Gates.Way there;
  private final Gates.Way back;
  private final SocketChannel near;
  private @Nullable SocketChannel far;
  private final Flow out;
  private final Flow in;

  /**
   * An accepted connection.
   *
   * @param there from who has connected to whom he wants
   * @param back the other direction
   */
  Relay(Selector selector, SocketChannel near, int port, Gates.Way there, Gates.Way back)
      throws IOException {
    this.selector = selector;
    this.near = near;
    this.port = port;
    this.there = there;
    this.back = back;
    this.out = new Flow(there);
    this.in = new Flow(back);
    near.configureBlocking(false);
    near.setOption(StandardSocketOptions.TCP_NODELAY, true);
    near.register(selector, 0, this);
  }

  /** Nanoseconds until delayed bytes are due; 0 = now; -1 = none wait. */
  long dueNanos(long now) {
    long a = out.dueNanos(now);
    long b = in.dueNanos(now);
    return a < 0 ? b : b < 0 ? a : Math.min(a, b);
  }

  /**
   * Carries what can be carried and asks the selector for the rest.
   *
   * @param chunk a buffer to use
   * @return whether the connection still lives
   */
  boolean progress(ByteBuffer chunk) {
    try {
      return !refused() && connected() && carry(chunk);
    } catch (IOException e) {
      reset();
      return false;
    }
  }

  private boolean refused() {
    if (there.refused || back.refused) {
      reset();
      return true;
    }
    return false;
  }

  /** Whether there is something to carry from or to; false if the connection is over. */
  private boolean connected() throws IOException {
    if (far != null || there.cut || back.cut) {
      return true;
    }
    // Has he given up meanwhile? Then the node never hears of it.
    if (!out.peek(near)) {
      reset();
      return false;
    }
    SocketChannel c = SocketChannel.open();
    far = c;
    c.configureBlocking(false);
    c.setOption(StandardSocketOptions.TCP_NODELAY, true);
    c.register(selector, 0, this);
    c.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
    return true;
  }

  private boolean carry(ByteBuffer chunk) throws IOException {
    SocketChannel to = far;
    if (to == null) {
      interest(near, 0);
      return true;
    }
    if (!to.isConnected() && !to.finishConnect()) {
      interest(to, SelectionKey.OP_CONNECT);
      interest(near, 0);
      return true;
    }
    long now = System.nanoTime();
    out.carry(near, to, chunk, now, back.cut);
    in.carry(to, near, chunk, now, there.cut);
    if (out.over() && in.over()) {
      near.close();
      to.close();
      return false;
    }
    interest(near, out.reads() | in.writes());
    interest(to, in.reads() | out.writes());
    return true;
  }

  private void interest(SocketChannel c, int ops) {
    SelectionKey key = c.keyFor(selector);
    if (key != null && key.isValid() && key.interestOps() != ops) {
      key.interestOps(ops);
    }
  }

  /** RST to both sides. */
  void reset() {
    abort(near);
    if (far != null) {
      abort(far);
    }
  }

  private static void abort(SocketChannel c) {
    try {
      if (c.isConnected()) {
        c.setOption(StandardSocketOptions.SO_LINGER, 0);
      }
      c.close();
    } catch (IOException e) {
      // It is gone, which is what was wanted.
    }
  }
}
