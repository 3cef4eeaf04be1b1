package io.onehop.multijvm;

import io.onehop.protocol.wire.Hello;
import io.onehop.protocol.wire.HelloCodec;
import io.onehop.transport.FrameCodec;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/** Sends what nobody should: noise, half and oversized frames, well-formed nonsense. */
final class Vandal implements AutoCloseable {
  private static final int NONSENSE_PER_TYPE = 40;

  private final SplittableRandom random;
  private final FrameCodec codec = new FrameCodec();
  private final List<SocketChannel> silent = new ArrayList<>();

  Vandal(SplittableRandom random) {
    this.random = random;
  }

  static SocketAddress local(int port) {
    return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
  }

  /** Noise for any protocol; one connection is left open in the middle of something. */
  void noise(SocketAddress to) throws IOException {
    send(to, random(64 << 10));
    send(to, ByteBuffer.allocate(1 << 20));
    byte[] http =
        "GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n".getBytes(StandardCharsets.UTF_8);
    send(to, ByteBuffer.wrap(http));
    ByteBuffer full = ByteBuffer.allocate(256);
    while (full.hasRemaining()) {
      full.put((byte) 0xFF);
    }
    send(to, full.flip());
    SocketChannel c = SocketChannel.open(to);
    silent.add(c);
    write(c, random(7));
  }

  /** Wrong frames for the data port of a node. */
  void frames(SocketAddress to, String pool) throws IOException {
    FrameHeader h = new FrameHeader();
    h.type = FrameType.HELLO;
    h.payloadBytes = FrameHeader.MAX_PAYLOAD + 1;
    send(to, frame(h, 0));
    h.payloadBytes = -1;
    send(to, frame(h, 0));
    h.payloadBytes = FrameHeader.MAX_PAYLOAD;
    send(to, frame(h, h.payloadBytes)); // a hello of noise
    ByteBuffer torn = frame(h, 0);
    torn.limit(FrameHeader.BYTES / 2);
    send(to, torn);
    ByteBuffer crooked = frame(h, h.payloadBytes);
    crooked.put(FrameCodec.OFFSET_AT, (byte) 77); // its checksum is wrong now
    send(to, crooked);
    for (Hello.SenderRole role : Hello.SenderRole.values()) {
      for (int type = 0; type < 64; type++) {
        nonsense(to, pool, role, type);
      }
    }
  }

  /** A proper hello, then frames of one type with fields of noise. */
  private void nonsense(SocketAddress to, String pool, Hello.SenderRole role, int type)
      throws IOException {
    try (SocketChannel c = SocketChannel.open(to)) {
      write(c, hello(pool, role));
      for (int i = 0; i < NONSENSE_PER_TYPE; i++) {
        FrameHeader h = new FrameHeader();
        h.type = type;
        h.flags = random.nextInt(32);
        h.handle = random.nextInt();
        h.lane = random.nextInt(3);
        h.sequence = number();
        h.generation = number();
        h.epoch = number();
        h.watermark = number();
        h.offset = number();
        h.length = number();
        h.extra = number();
        h.payloadBytes = random.nextInt(4) == 0 ? random.nextInt(9000) : 0;
        write(c, frame(h, h.payloadBytes));
      }
    } catch (IOException e) {
      // Refused and closed in the middle: as it should be.
    }
  }

  private long number() {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextLong();
      case 1 -> random.nextInt(1 << 14) * 4096L;
      case 2 -> random.nextInt(16);
      default -> Long.MAX_VALUE - random.nextInt(8192);
    };
  }

  private ByteBuffer hello(String pool, Hello.SenderRole role) {
    Hello hello =
        new Hello(
            role,
            pool,
            Hello.ANY,
            Hello.ANY,
            new UUID(random.nextLong(), random.nextLong()),
            random.nextLong(),
            0,
            1,
            "nowhere",
            1);
    ByteBuffer payload = ByteBuffer.allocate(HelloCodec.MAX_BYTES);
    HelloCodec.encode(hello, payload);
    payload.flip();
    FrameHeader h = new FrameHeader();
    h.type = FrameType.HELLO;
    h.payloadBytes = payload.remaining();
    ByteBuffer out = FrameCodec.ordered(ByteBuffer.allocate(FrameHeader.BYTES + h.payloadBytes));
    codec.encode(h, out, 0, 0);
    out.position(FrameHeader.BYTES);
    out.put(payload);
    return out.flip();
  }

  private ByteBuffer frame(FrameHeader h, int payload) {
    ByteBuffer out = FrameCodec.ordered(ByteBuffer.allocate(FrameHeader.BYTES + payload));
    codec.encode(h, out, 0, 0);
    out.position(FrameHeader.BYTES);
    while (out.hasRemaining()) {
      out.put((byte) random.nextInt());
    }
    return out.flip();
  }

  private ByteBuffer random(int bytes) {
    byte[] b = new byte[bytes];
    random.nextBytes(b);
    return ByteBuffer.wrap(b);
  }

  private static void send(SocketAddress to, ByteBuffer bytes) throws IOException {
    try (SocketChannel c = SocketChannel.open(to)) {
      write(c, bytes);
    }
  }

  /** A server that has seen enough closes: no error of ours. */
  private static void write(SocketChannel c, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        c.write(bytes);
      }
    } catch (IOException e) {
      bytes.position(bytes.limit());
    }
  }

  @Override
  public void close() throws IOException {
    for (SocketChannel c : silent) {
      c.close();
    }
  }
}
