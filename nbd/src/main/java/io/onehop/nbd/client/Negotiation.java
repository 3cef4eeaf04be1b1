package io.onehop.nbd.client;

import io.onehop.nbd.wire.Nbd;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;

/**
 * The client's side of the handshake, blocking.
 *
 * @param sizeBytes size of the export
 * @param flags transmission flags
 * @param structured structured replies were agreed
 */
record Negotiation(long sizeBytes, int flags, boolean structured) {
  private static final int MAX_REPLY = 64 << 10;

  /** Asks for the export {@code name} by GO. */
  static Negotiation run(ByteChannel channel, String name, boolean wantStructured)
      throws IOException {
    ByteBuffer greeting = readFully(channel, 18);
    if (greeting.getLong() != Nbd.MAGIC || greeting.getLong() != Nbd.OPTION_MAGIC) {
      throw new IOException("the server does not speak NBD (newstyle)");
    }
    int offered = greeting.getShort();
    if ((offered & Nbd.FLAG_FIXED_NEWSTYLE) == 0) {
      throw new IOException("the server does not speak fixed newstyle");
    }
    int flags = Nbd.FLAG_FIXED_NEWSTYLE | (offered & Nbd.FLAG_NO_ZEROES);
    writeFully(channel, ByteBuffer.allocate(4).putInt(flags).flip());
    boolean structured = false;
    if (wantStructured) {
      option(channel, Nbd.OPT_STRUCTURED_REPLY, new byte[0]);
      structured = reply(channel).type == Nbd.REP_ACK;
    }
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    option(
        channel,
        Nbd.OPT_GO,
        ByteBuffer.allocate(6 + utf8.length)
            .putInt(utf8.length)
            .put(utf8)
            .putShort((short) 0)
            .array());
    long size = -1;
    int transmission = 0;
    while (true) {
      Reply r = reply(channel);
      if (r.type == Nbd.REP_ACK) {
        break;
      }
      if (r.type < 0) {
        String text = StandardCharsets.UTF_8.decode(r.data).toString();
        throw new IOException(
            "the server refused export '" + name + "': error " + (r.type & 0xffff) + " " + text);
      }
      if (r.type == Nbd.REP_INFO && r.data.getShort() == Nbd.INFO_EXPORT) {
        size = r.data.getLong();
        transmission = r.data.getShort() & 0xffff;
      }
    }
    if (size < 0) {
      throw new IOException("the server did not say how large the export is");
    }
    return new Negotiation(size, transmission, structured);
  }

  private record Reply(int type, ByteBuffer data) {}

  private static void option(ByteChannel channel, int option, byte[] data) throws IOException {
    writeFully(
        channel,
        ByteBuffer.allocate(16 + data.length)
            .putLong(Nbd.OPTION_MAGIC)
            .putInt(option)
            .putInt(data.length)
            .put(data)
            .flip());
  }

  private static Reply reply(ByteChannel channel) throws IOException {
    ByteBuffer head = readFully(channel, 20);
    if (head.getLong() != Nbd.OPTION_REPLY_MAGIC) {
      throw new IOException("garbage instead of an option's reply");
    }
    head.getInt();
    int type = head.getInt();
    int length = head.getInt();
    if (length < 0 || length > MAX_REPLY) {
      throw new IOException("an option's reply of " + length + " bytes");
    }
    return new Reply(type, readFully(channel, length));
  }

  private static ByteBuffer readFully(ByteChannel channel, int bytes) throws IOException {
    ByteBuffer b = ByteBuffer.allocate(bytes);
    while (b.hasRemaining()) {
      if (channel.read(b) < 0) {
        throw new EOFException("the server closed the connection during the handshake");
      }
    }
    return b.flip();
  }

  private static void writeFully(ByteChannel channel, ByteBuffer b) throws IOException {
    while (b.hasRemaining()) {
      channel.write(b);
    }
  }
}
