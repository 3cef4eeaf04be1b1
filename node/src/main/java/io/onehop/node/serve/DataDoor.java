package io.onehop.node.serve;

import io.onehop.protocol.wire.Hello;
import io.onehop.protocol.wire.HelloCodec;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The node's data port: reads the hello of each incoming connection and hands it to its pool. On
 * the data loop.
 */
public final class DataDoor {
  private final List<PoolPort> pools = new ArrayList<>();
  private final BufPool bufs;

  /** A door with buffers from {@code bufs}. */
  public DataDoor(BufPool bufs) {
    this.bufs = bufs;
  }

  /** From now on connections for this pool are let in. */
  public void add(PoolPort pool) {
    pools.add(pool);
  }

  /** No more connections for this pool. */
  public void remove(UUID pool) {
    pools.removeIf(p -> p.pool().equals(pool));
  }

  /** A listener for one incoming connection. */
  public ConnectionListener newListener() {
    return new Visitor();
  }

  private @Nullable PoolPort find(Hello hello) {
    for (PoolPort p : pools) {
      boolean match =
          hello.pool().equals(Hello.ANY)
              ? p.poolName().equals(hello.poolName())
              : p.pool().equals(hello.pool());
      if (match) {
        return p;
      }
    }
    return null;
  }

  private final class Visitor implements ConnectionListener {
    private @Nullable PoolPort pool;

    @Override
    public void connected(Connection c) {}

    @Override
    public void frame(Connection c, FrameHeader header, ByteBuffer payload) {
      if (pool != null) {
        pool.frame(c, header, payload);
        return;
      }
      if (header.type != FrameType.HELLO) {
        c.close("no hello");
        return;
      }
      try {
        Hello hello = HelloCodec.decode(payload);
        PoolPort p = find(hello);
        if (p == null) {
          String name = hello.poolName().isEmpty() ? hello.pool().toString() : hello.poolName();
          refuse(c, header, Status.UNKNOWN_POOL, "no pool '" + name + "' on this node", bufs);
        } else {
          pool = p;
          p.incoming(c, header, hello);
        }
      } catch (WireException e) {
        c.close(String.valueOf(e.getMessage()));
      }
    }

    @Override
    public void closed(Connection c, String why) {
      if (pool != null) {
        pool.closed(c);
      }
    }
  }

  /**
   * Refuses a hello: sends a HELLO_ACK with {@code status} and a text of at most 1000 characters,
   * then closes.
   */
  static void refuse(Connection c, FrameHeader request, int status, String text, BufPool bufs) {
    FrameHeader h = new FrameHeader();
    h.type = FrameType.HELLO_ACK;
    h.status = status;
    h.sequence = request.sequence;
    sendText(c, h, text, bufs);
    c.close(text);
  }

  /** Sends {@code h} with a text payload. */
  static void sendText(Connection c, FrameHeader h, String text, BufPool bufs) {
    byte[] b = text.getBytes(StandardCharsets.UTF_8);
    int n = Math.min(b.length, 1000);
    Buf buf = bufs.take(n);
    buf.bytes().clear().put(b, 0, n);
    c.send(h, buf, 0, n);
    buf.release();
  }
}
