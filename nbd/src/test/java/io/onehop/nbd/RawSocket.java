package io.onehop.nbd;

import io.onehop.nbd.wire.Nbd;
import io.onehop.nbd.wire.NbdAddress;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** An NBD client that says whatever a test wants, byte by byte. */
final class RawSocket implements AutoCloseable {
  final SocketChannel channel;

  record OptionReply(int option, int type, ByteBuffer data) {
    String text() {
      return StandardCharsets.UTF_8.decode(data.duplicate()).toString();
    }
  }

  record Simple(int error, long cookie) {}

  record Chunk(int flags, int type, long cookie, ByteBuffer data) {}

  RawSocket(NbdAddress at) throws IOException {
    channel = SocketChannel.open(at.socketAddress());
  }

  static RawSocket to(Running r) throws IOException {
    return new RawSocket(r.server.address());
  }

  /** Connected, greeted, flags sent. */
  static RawSocket greeted(Running r) throws IOException {
    RawSocket s = to(r);
    s.read(18);
    s.send(ByteBuffer.allocate(4).putInt(3));
    return s;
  }

  /** In the transmission phase. */
  static RawSocket transmitting(Running r, boolean structured, boolean context) throws IOException {
    RawSocket s = greeted(r);
    if (structured) {
      s.option(Nbd.OPT_STRUCTURED_REPLY, new byte[0]);
      s.reply();
    }
    if (context) {
      s.option(Nbd.OPT_SET_META_CONTEXT, query("", Nbd.BASE_ALLOCATION));
      s.reply();
      s.reply();
    }
    s.option(Nbd.OPT_GO, new byte[6]);
    while (s.reply().type != Nbd.REP_ACK) {}
    return s;
  }

  static byte[] info(String name, int... wanted) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer b = ByteBuffer.allocate(6 + utf8.length + 2 * wanted.length);
    b.putInt(utf8.length).put(utf8).putShort((short) wanted.length);
    for (int w : wanted) {
      b.putShort((short) w);
    }
    return b.array();
  }

  static byte[] query(String name, String... queries) {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer b = ByteBuffer.allocate(4096);
    b.putInt(utf8.length).put(utf8).putInt(queries.length);
    for (String q : queries) {
      b.putInt(q.length()).put(q.getBytes(StandardCharsets.UTF_8));
    }
    return java.util.Arrays.copyOf(b.array(), b.position());
  }

  void option(int option, byte[] data) throws IOException {
    send(
        ByteBuffer.allocate(16 + data.length)
            .putLong(Nbd.OPTION_MAGIC)
            .putInt(option)
            .putInt(data.length)
            .put(data));
  }

  OptionReply reply() throws IOException {
    ByteBuffer h = read(20);
    if (h.getLong() != Nbd.OPTION_REPLY_MAGIC) {
      throw new IOException("no option reply");
    }
    int option = h.getInt();
    int type = h.getInt();
    return new OptionReply(option, type, read(h.getInt()));
  }

  void request(int flags, int command, long cookie, long offset, long length) throws IOException {
    send(
        ByteBuffer.allocate(28)
            .putInt(Nbd.REQUEST_MAGIC)
            .putShort((short) flags)
            .putShort((short) command)
            .putLong(cookie)
            .putLong(offset)
            .putInt((int) length));
  }

  Simple simple() throws IOException {
    ByteBuffer h = read(16);
    if (h.getInt() != Nbd.SIMPLE_REPLY_MAGIC) {
      throw new IOException("no simple reply");
    }
    return new Simple(h.getInt(), h.getLong());
  }

  Chunk chunk() throws IOException {
    ByteBuffer h = read(20);
    if (h.getInt() != Nbd.STRUCTURED_REPLY_MAGIC) {
      throw new IOException("no structured reply");
    }
    int flags = h.getShort();
    int type = h.getShort() & 0xffff;
    long cookie = h.getLong();
    return new Chunk(flags, type, cookie, read(h.getInt()));
  }

  /** Sends what was put into {@code b}. */
  void send(ByteBuffer b) throws IOException {
    b.flip();
    while (b.hasRemaining()) {
      channel.write(b);
    }
  }

  ByteBuffer read(int bytes) throws IOException {
    ByteBuffer b = ByteBuffer.allocate(bytes);
    while (b.hasRemaining()) {
      if (channel.read(b) < 0) {
        throw new EOFException();
      }
    }
    return b.flip();
  }

  /** Whether the server closes the connection, with nothing more to say. */
  boolean closedByServer() {
    try {
      return channel.read(ByteBuffer.allocate(1)) < 0;
    } catch (IOException e) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
