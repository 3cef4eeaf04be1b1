package io.onehop.sim;

import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.Hello;
import io.onehop.protocol.wire.HelloCodec;
import io.onehop.transport.Buf;
import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Another data connection of a client's session, as one with several data threads has: it brings a
 * late copy of a write that was answered on the first one (rule 3.4).
 */
final class SecondLane implements ConnectionListener {
  private final World world;
  private final SimClient client;
  private final FrameHeader copy;
  private final long value;
  private @Nullable Connection connection;

  /** Whether the leg has answered the copy. */
  boolean answered;

  /** The answer's status; -1 before. */
  int status = -1;

  private SecondLane(World world, SimClient client, FrameHeader copy, long value) {
    this.world = world;
    this.client = client;
    this.copy = new FrameHeader().copyFrom(copy);
    this.value = value;
  }

  /** Sends a copy of the write {@code copy} of one block holding {@code value} to a node. */
  static SecondLane send(World world, SimClient client, SimNode to, FrameHeader copy, long value) {
    SecondLane lane = new SecondLane(world, client, copy, value);
    client.process.loop.execute(
        () -> lane.connection = client.transport().connect(to.endpoint, lane));
    return lane;
  }

  @Override
  public void connected(Connection c) {
    PoolView v = world.chosen.newest();
    Hello hello =
        new Hello(
            Hello.SenderRole.CLIENT,
            World.NAME,
            v.pool(),
            v.lineage(),
            client.session(),
            0,
            1,
            1,
            client.process.name,
            1);
    Buf b = world.bufs.take(HelloCodec.MAX_BYTES);
    b.bytes().clear();
    HelloCodec.encode(hello, b.bytes());
    FrameHeader h = new FrameHeader();
    h.type = FrameType.HELLO;
    h.lane = 1;
    c.send(h, b, 0, b.bytes().position());
    b.release();
  }

  @Override
  public void frame(Connection c, FrameHeader header, ByteBuffer payload) {
    if (header.type == FrameType.HELLO_ACK) {
      Buf b = world.bufs.take((int) SimDisk.BLOCK);
      b.bytes().clear();
      SimDisk.encode(value, b.bytes());
      copy.handle = header.handle;
      copy.lane = 1;
      c.send(copy, b, 0, (int) SimDisk.BLOCK);
      b.release();
    } else if (header.type == FrameType.ACK) {
      answered = true;
      status = header.status;
      c.close("done");
    }
  }

  @Override
  public void closed(Connection c, String why) {
    connection = null;
  }
}
