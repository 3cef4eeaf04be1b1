package io.onehop.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.protocol.model.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every transport promises, tried from outside. */
public abstract class TransportContract {
  protected final BufPool pool = new BufPool(64 << 20);
  protected final Recorder server = new Recorder();
  protected final Recorder client = new Recorder();
  protected Endpoint at = new Endpoint("127.0.0.1", 0);

  /** The side that listens. */
  protected abstract Transport a();

  /** The side that connects. */
  protected abstract Transport b();

  /** Runs something on the loop. */
  protected abstract <T> T on(Callable<T> task);

  /**
   * Lets the loop run until {@code done}, tested on it; fails after a while, naming {@code what}.
   */
  protected abstract void until(String what, BooleanSupplier done);

  @BeforeEach
  void listen() {
    at = on(() -> a().listen(at, () -> server)).at();
  }

  @AfterEach
  void buffersCameBack() {
    try {
      until("all buffers are back", () -> pool.outstanding() == 0);
    } finally {
      stop();
    }
  }

  /** Ends what the test started. */
  protected abstract void stop();

  protected final void connect() {
    on(() -> b().connect(at, client));
    until("connected", () -> client.connects == 1 && server.connects == 1);
  }

  /** Sends a payload of {@code length} random bytes; its checksum. */
  protected final long send(Connection c, long sequence, int length, Random random) {
    FrameHeader h = new FrameHeader();
    h.type = FrameType.WRITE;
    h.sequence = sequence;
    if (length == 0) {
      assertTrue(c.send(h));
      return 0;
    }
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    int skip = random.nextInt(100);
    Buf b = pool.take(length + skip);
    b.bytes().put(skip, bytes);
    assertTrue(c.send(h, b, skip, length));
    b.release();
    return crc.getValue();
  }

  @Test
  void manyFramesBothWaysInOrder() {
    connect();
    List<Long> toServer = new ArrayList<>();
    List<Long> toClient = new ArrayList<>();
    Random random = new Random(5);
    for (int round = 0; round < 50; round++) {
      on(() -> {
        for (int i = 0; i < 60; i++) {
          int length = random.nextInt(3) == 0 ? 0 : random.nextInt(20_000);
          toServer.add(send(client.open(), toServer.size(), length, random));
          toClient.add(send(server.open(), toClient.size(), length / 2, random));
        }
        return true;
      });
    }
    until("all arrived", () -> server.sequences.size() == 3000 && client.sequences.size() == 3000);
    assertEquals(toServer, server.checksums);
    assertEquals(toClient, client.checksums);
    for (int i = 0; i < 3000; i++) {
      assertEquals(i, server.sequences.get(i));
      assertEquals(i, client.sequences.get(i));
    }
    assertTrue(server.batches > 0);
    assertEquals(0, on(() -> client.open().queuedBytes()));
  }

  @Test
  void headerArrivesUnchanged() throws IllegalAccessException {
    connect();
    FrameHeader h = new FrameHeader();
    h.type = FrameType.LEASE;
    h.flags = 0xABCD;
    h.status = 9;
    h.handle = -3;
    h.lane = 4;
    h.sequence = -5;
    h.generation = 6;
    h.epoch = 7;
    h.watermark = 8;
    h.offset = 9;
    h.length = 10;
    h.extra = 11;
    on(() -> client.open().send(h));
    until("arrived", () -> !server.headers.isEmpty());
    FrameCodecTest.assertSame(h, server.headers.get(0));
    assertTrue(on(() -> server.open().lastReceived()) > 0);
    assertFalse(on(() -> server.open().peer()).isEmpty());
  }

  @Test
  void largestPayloads() {
    connect();
    Random random = new Random(6);
    List<Long> sent = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      int length = FrameHeader.MAX_PAYLOAD - (i % 3 == 0 ? 0 : i);
      int n = i;
      on(() -> sent.add(send(client.open(), n, length, random)));
    }
    until("arrived", () -> server.checksums.size() == 12);
    assertEquals(sent, server.checksums);
    Buf b = on(() -> pool.take(2 << 20));
    FrameHeader h = new FrameHeader();
    h.type = FrameType.WRITE;
    on(() ->
        assertThrows(
            IllegalArgumentException.class,
            () -> client.open().send(h, b, 0, FrameHeader.MAX_PAYLOAD + 1)));
    on(() -> {
      b.release();
      return true;
    });
  }

  @Test
  void closeIsToldExactlyOnceToEach() {
    connect();
    on(() -> {
      client.open().close("enough");
      client.open().close("again");
      assertEquals(0, client.closes, "not from within the call");
      assertFalse(client.open().send(new FrameHeader()));
      return true;
    });
    until("both told", () -> client.closes == 1 && server.closes == 1);
    assertEquals("enough", client.why);
    assertFalse(server.why.isEmpty());
    assertFalse(on(() -> server.open().send(new FrameHeader())));
    on(() -> {
      server.open().close("late");
      return true;
    });
    settle();
    assertEquals(1, client.closes);
    assertEquals(1, server.closes);
  }

  @Test
  void bothCloseAtOnce() {
    connect();
    on(() -> {
      client.open().close("c");
      server.open().close("s");
      return true;
    });
    until("both told", () -> client.closes == 1 && server.closes == 1);
    settle();
    assertEquals(1, client.closes);
    assertEquals(1, server.closes);
  }

  /** Lets pending work run, by a round trip on another connection. */
  private void settle() {
    Recorder probe = new Recorder();
    Endpoint door = on(() -> a().listen(new Endpoint(at.host(), 0), Recorder::new)).at();
    on(() -> b().connect(door, probe));
    until("probe", () -> probe.connects == 1);
  }

  @Test
  void lastWordBeforeClose() {
    connect();
    on(() -> {
      send(server.open(), 1, 100, new Random(7));
      server.open().close("refused");
      return true;
    });
    until("closed", () -> client.closes == 1);
    assertEquals(List.of(1L), client.sequences);
  }

  @Test
  void closeInsideFrameStopsDelivery() {
    connect();
    server.onFrame = (c, _) -> c.close("seen enough");
    Random random = new Random(8);
    on(() -> {
      for (int i = 0; i < 20; i++) {
        send(client.open(), i, 10, random);
      }
      return true;
    });
    until("closed", () -> client.closes == 1 && server.closes == 1);
    assertEquals(List.of(0L), server.sequences);
  }

  @Test
  void queuedBuffersComeBackWhenTheConnectionDies() {
    connect();
    on(() -> {
      server.open().pauseReading(true);
      for (int i = 0; i < 40; i++) {
        send(client.open(), i, FrameHeader.MAX_PAYLOAD, new Random(9));
      }
      client.open().close("dead");
      return true;
    });
    until("told", () -> client.closes == 1);
    on(() -> {
      server.open().close("gone");
      return true;
    });
    until("told", () -> server.closes == 1);
  }

  @Test
  void refusedConnectionIsClosedOnce() {
    Transport.Listening shortLived =
        on(() -> a().listen(new Endpoint(at.host(), 0), Recorder::new));
    Endpoint gone = shortLived.at();
    on(() -> {
      shortLived.close();
      return true;
    });
    on(() -> b().connect(gone, client));
    until("told", () -> client.closes == 1);
    assertEquals(0, client.connects);
    assertTrue(client.why.contains("refused"), client.why);
  }

  @Test
  void secondListenerAtAnAddressIsRefusedByName() {
    RuntimeException e =
        assertThrows(RuntimeException.class, () -> on(() -> a().listen(at, Recorder::new)));
    String text = String.valueOf(e);
    assertTrue(text.contains(at.toString()) && text.contains("in use"), text);
  }

  @Test
  void pausedReaderHoldsTheSenderBack() {
    connect();
    Random random = new Random(10);
    List<Long> sent = new ArrayList<>();
    on(() -> {
      server.open().pauseReading(true);
      for (int i = 0; i < 48; i++) {
        sent.add(send(client.open(), i, FrameHeader.MAX_PAYLOAD, random));
      }
      return true;
    });
    settle();
    assertEquals(List.of(), on(() -> List.copyOf(server.sequences)));
    assertTrue(on(() -> client.open().queuedBytes()) > 20 << 20);
    on(() -> {
      server.open().pauseReading(false);
      return true;
    });
    until("all arrived", () -> server.checksums.size() == 48);
    assertEquals(sent, server.checksums);
    until("drained", () -> client.open().queuedBytes() == 0);
  }

  @Test
  void pauseInsideFrameTakesEffectAtOnce() {
    connect();
    server.onFrame = (c, _) -> c.pauseReading(true);
    Random random = new Random(11);
    on(() -> {
      for (int i = 0; i < 5; i++) {
        send(client.open(), i, 10, random);
      }
      return true;
    });
    for (int i = 1; i <= 5; i++) {
      int n = i;
      until("frame " + n, () -> server.sequences.size() == n);
      settle();
      assertEquals(n, on(() -> server.sequences.size()));
      on(() -> {
        server.open().pauseReading(false);
        return true;
      });
    }
  }

  @Test
  void attachmentIsKept() {
    connect();
    on(() -> {
      client.open().attach("mine");
      return true;
    });
    assertEquals("mine", on(() -> client.open().attachment()));
  }
}
