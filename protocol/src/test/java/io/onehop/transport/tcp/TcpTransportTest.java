package io.onehop.transport.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.onehop.protocol.model.Endpoint;
import io.onehop.transport.Buf;
import io.onehop.transport.FrameCodec;
import io.onehop.transport.FrameFault;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Recorder;
import io.onehop.transport.Transport;
import io.onehop.transport.TransportContract;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class TcpTransportTest extends TransportContract {
  private final AtomicReference<@Nullable Throwable> bug = new AtomicReference<>();
  private final DataLoop loop = new DataLoop("tcp-test", bug::set).start();
  private final TcpTransport a = new TcpTransport(loop);
  private final TcpTransport b = new TcpTransport(loop);
  private final FrameCodec codec = new FrameCodec();

  @Override
  protected Transport a() {
    return a;
  }

  @Override
  protected Transport b() {
    return b;
  }

  @Override
  protected <T> T on(Callable<T> task) {
    return loop.call(task);
  }

  @Override
  protected void until(String what, BooleanSupplier done) {
    long end = System.nanoTime() + 20_000_000_000L;
    while (!loop.call(done::getAsBoolean)) {
      if (System.nanoTime() > end) {
        fail("never: " + what + (bug.get() == null ? "" : ", loop died of " + bug.get()));
      }
    }
  }

  @Override
  protected void stop() {
    loop.close();
    assertEquals(null, bug.get());
  }

  private byte[] frame(int type, int payload, int crc) {
    ByteBuffer wire =
        FrameCodec.ordered(ByteBuffer.allocate(FrameHeader.BYTES + Math.max(0, payload)));
    FrameHeader h = new FrameHeader();
    h.type = type;
    h.payloadBytes = payload;
    codec.encode(h, wire, 0, crc);
    return wire.array();
  }

  /** Sends raw bytes to a fresh listener's connection and returns why it was closed. */
  private String closedAfter(byte[] bytes, boolean hangUp) throws IOException {
    Recorder victim = new Recorder();
    Transport.Listening l = on(() -> a.listen(new Endpoint("127.0.0.1", 0), () -> victim));
    try (Socket s = new Socket(InetAddress.getLoopbackAddress(), l.at().port())) {
      s.getOutputStream().write(bytes);
      if (hangUp) {
        s.shutdownOutput();
      }
      until("closed", () -> victim.closes == 1);
    }
    on(() -> {
      l.close();
      return true;
    });
    return victim.why;
  }

  @Test
  void faultsAreNamedAndCounted() throws IOException {
    byte[] version = frame(FrameType.ACK, 0, 0);
    version[FrameCodec.VERSION_AT] = 2;
    byte[] checksum = frame(FrameType.ACK, 0, 0);
    checksum[FrameCodec.EXTRA_AT]++;
    byte[] http = new byte[200];
    System.arraycopy(
        "GET / HTTP/1.1\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII), 0, http, 0, 16);
    assertTrue(closedAfter(http, false).contains(FrameFault.BAD_MAGIC.text()));
    assertTrue(closedAfter(version, false).contains(FrameFault.BAD_VERSION.text()));
    assertTrue(closedAfter(checksum, false).contains(FrameFault.BAD_HEADER_CHECKSUM.text()));
    assertTrue(closedAfter(frame(200, 0, 0), false).contains(FrameFault.UNKNOWN_TYPE.text()));
    byte[] huge = frame(FrameType.ACK, 0, 0);
    FrameCodec.ordered(ByteBuffer.wrap(huge)).putInt(FrameCodec.PAYLOAD_BYTES_AT, 1 << 30);
    ByteBuffer again = FrameCodec.ordered(ByteBuffer.wrap(huge));
    again.putInt(FrameCodec.HEADER_CRC_AT, codec.checksum(again, 0, FrameCodec.HEADER_CRC_AT));
    assertTrue(closedAfter(huge, false).contains(FrameFault.OVERSIZE.text()));
    assertTrue(
        closedAfter(frame(FrameType.WRITE, 100, 77), false)
            .contains(FrameFault.BAD_PAYLOAD_CHECKSUM.text()));
    for (FrameFault f : FrameFault.values()) {
      assertEquals(f == FrameFault.NONE ? 0 : 1, on(() -> a.counters().faults(f)), f.name());
    }
  }

  @Test
  void aPeerThatDiesInTheMiddleOfAFrame() throws IOException {
    byte[] whole = frame(FrameType.WRITE, 5000, 0);
    for (int n : new int[] {1, 95, 96, 97, 5095}) {
      String why = closedAfter(java.util.Arrays.copyOf(whole, n), true);
      assertTrue(why.contains("middle of a frame"), why);
    }
    assertTrue(closedAfter(new byte[0], true).contains("closed the connection"));
  }

  @Test
  void garbageNeverHurtsTheOthers() throws IOException {
    connect();
    Random random = new Random(13);
    for (int i = 0; i < 100; i++) {
      byte[] garbage = random.nextBoolean() ? frame(FrameType.WRITE, 300, 0) : new byte[400];
      for (int n = 1 + random.nextInt(20); n > 0; n--) {
        garbage[random.nextInt(FrameHeader.BYTES)] = (byte) random.nextInt();
      }
      closedAfter(garbage, true);
    }
    on(() -> send(client.open(), 1, 1000, random));
    until("still works", () -> server.sequences.size() == 1);
  }

  @Test
  void bytesInDrops() throws IOException {
    Random random = new Random(14);
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      frames.add(frame(FrameType.WRITE, random.nextInt(3000), 0));
    }
    try (Socket s = new Socket(InetAddress.getLoopbackAddress(), at.port())) {
      s.setTcpNoDelay(true);
      for (byte[] f : frames) {
        for (int from = 0; from < f.length; ) {
          int n = Math.min(f.length - from, 1 + random.nextInt(500));
          s.getOutputStream().write(f, from, n);
          from += n;
        }
      }
      until("all frames", () -> server.sequences.size() == 40);
    }
    until("closed", () -> server.closes == 1);
  }

  @Test
  void payloadChecksumsOnRequest() {
    TcpTransport checked = new TcpTransport(loop, new TcpOptions(true, 1_000_000_000L, 1 << 20, 0));
    on(() -> checked.connect(at, client));
    until("connected", () -> client.connects == 1);
    Random random = new Random(15);
    on(() -> send(client.open(), 1, 5000, random));
    until("arrived", () -> server.sequences.size() == 1);
  }

  @Test
  void tooMuchQueuedClosesTheConnection() {
    TcpTransport small = new TcpTransport(loop, new TcpOptions(false, 1_000_000_000L, 1 << 20, 0));
    on(() -> small.connect(at, client));
    until("connected", () -> client.connects == 1 && server.connects == 1);
    FrameHeader h = new FrameHeader();
    h.type = FrameType.WRITE;
    on(() -> {
      Buf buf = pool.take(600_000);
      server.open().pauseReading(true);
      int sent = 0;
      while (client.open().send(h, buf, 0, 600_000)) {
        sent++;
        assertTrue(sent < 1000, "no bound");
      }
      buf.release();
      return true;
    });
    until("closed", () -> client.closes == 1);
    assertEquals(1, on(() -> small.counters().overflows()));
    assertTrue(client.why.contains("queued"), client.why);
  }

  @Test
  void namesAndAddresses() {
    on(() -> b.connect(new Endpoint("localhost", at.port()), client));
    until("connected by name", () -> client.connects == 1);
    Recorder unknown = new Recorder();
    on(() -> b.connect(new Endpoint("no-such-host.invalid", 1), unknown));
    until("unknown host", () -> unknown.closes == 1);
    // Where name servers do not answer, the timeout comes first.
    assertTrue(unknown.why.contains("unknown") || unknown.why.contains("timed out"), unknown.why);
  }

  /** Linux drops further connects when nobody accepts: they neither succeed nor fail. */
  @Test
  void connectTimesOut() throws IOException {
    TcpTransport hasty = new TcpTransport(loop, new TcpOptions(false, 300_000_000L, 1 << 20, 0));
    try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      List<Recorder> all = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        Recorder r = new Recorder();
        all.add(r);
        Endpoint to = new Endpoint("127.0.0.1", deaf.getLocalPort());
        on(() -> hasty.connect(to, r));
      }
      until("decided", () -> all.stream().allMatch(r -> r.connects + r.closes > 0));
      long late = all.stream().filter(r -> r.why.contains("timed out")).count();
      assertTrue(late > 0, "none timed out");
      assertEquals(late, on(() -> hasty.counters().connectErrors()));
    }
  }

  @Test
  void versionSix() {
    Recorder six = new Recorder();
    Endpoint v6;
    try {
      v6 = on(() -> a.listen(new Endpoint("::1", 0), Recorder::new)).at();
    } catch (IllegalStateException e) {
      org.junit.jupiter.api.Assumptions.abort("no IPv6 here: " + e.getMessage());
      return;
    }
    on(() -> b.connect(v6, six));
    until("connected", () -> six.connects == 1);
  }

  /** 20,000 frames there and back, 4 KiB each: the loop's thread allocates (nearly) nothing. */
  @Test
  void steadyStateAllocatesNothing() {
    connect();
    FrameHeader request = new FrameHeader();
    FrameHeader answer = new FrameHeader();
    long[] left = {0};
    io.onehop.transport.ConnectionListener echo =
        new QuietListener((c, h) -> {
          answer.clear();
          answer.type = FrameType.ACK;
          answer.sequence = h.sequence;
          c.send(answer);
        });
    Endpoint door = on(() -> a.listen(new Endpoint("127.0.0.1", 0), () -> echo)).at();
    QuietListener asker =
        new QuietListener((c, h) -> {
          if (--left[0] > 0) {
            ask(c, request);
          }
        });
    on(() -> b.connect(door, asker));
    until("connected", () -> asker.connection != null);
    var threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    long id = on(() -> Thread.currentThread().threadId());
    long allocated = Long.MAX_VALUE;
    // The first rounds warm up compilers and arrays; take the best of the later ones.
    for (int round = 0; round < 6; round++) {
      long before = threads.getThreadAllocatedBytes(id);
      on(() -> {
        left[0] = 20_000;
        for (int i = 0; i < 32; i++) {
          ask(java.util.Objects.requireNonNull(asker.connection), request);
        }
        return true;
      });
      until("round", () -> left[0] <= 0);
      allocated = Math.min(allocated, threads.getThreadAllocatedBytes(id) - before);
    }
    assertTrue(allocated < 40_000, allocated + " bytes for 40,000 frames");
  }

  private void ask(io.onehop.transport.Connection c, FrameHeader request) {
    Buf buf = pool.take(4096);
    request.clear();
    request.type = FrameType.WRITE;
    c.send(request, buf, 0, 4096);
    buf.release();
  }
}
