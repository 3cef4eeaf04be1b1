package io.onehop.transport.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.onehop.transport.Buf;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Transport;
import io.onehop.transport.TransportContract;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

final class MemoryTransportTest extends TransportContract {
  private static final long MS = 1_000_000;

  private final ManualLoop loop = new ManualLoop();
  private final Random random = new Random(12);
  private boolean cut;
  private long closeDelay = 1;
  private final MemoryNetwork network =
      new MemoryNetwork(
          new LinkPolicy() {
            @Override
            public long delayNanos(String from, String to) {
              return random.nextInt((int) MS);
            }

            @Override
            public boolean cut(String from, String to) {
              return cut;
            }

            @Override
            public long closeDelayNanos(String from, String to) {
              return closeDelay;
            }
          });
  private final MemoryTransport a = network.join("a", loop);
  private final MemoryTransport b = network.join("b", loop);

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
    try {
      return task.call();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  protected void until(String what, BooleanSupplier done) {
    for (int i = 0; i < 1_000_000; i++) {
      if (done.getAsBoolean()) {
        return;
      }
      if (!loop.step()) {
        break;
      }
    }
    if (!done.getAsBoolean()) {
      fail("never: " + what);
    }
  }

  @Override
  protected void stop() {
    // Nothing runs by itself.
  }

  @Test
  void cutLinkHoldsFramesBack() {
    connect();
    cut = true;
    send(client.open(), 1, 10, random);
    loop.advance(5_000 * MS);
    assertEquals(List.of(), server.sequences);
    cut = false;
    loop.advance(20 * MS);
    assertEquals(List.of(1L), server.sequences);
  }

  @Test
  void connectOverACutLinkTimesOut() {
    cut = true;
    b.connect(at, client);
    loop.advance(3_000 * MS);
    assertEquals(1, client.closes);
    assertTrue(client.why.contains("timed out"), client.why);
  }

  @Test
  void killLosesFramesInFlightAndTellsThePeer() {
    connect();
    send(client.open(), 1, 10, random);
    send(server.open(), 1, 10, random);
    network.kill("b");
    loop.advance(100 * MS);
    assertEquals(List.of(), server.sequences);
    assertEquals(List.of(), client.sequences);
    assertEquals(1, server.closes);
    assertEquals(0, client.closes, "the dead hear nothing");
    assertEquals(2, network.lost());
  }

  @Test
  void aSilentDeathIsNeverTold() {
    closeDelay = -1;
    connect();
    network.kill("b");
    assertTrue(server.open().send(typed()));
    loop.advance(60_000 * MS);
    assertEquals(0, server.closes);
    assertEquals(0, pool.outstanding());
  }

  @Test
  void anOrderlyEndIsAlwaysTold() {
    closeDelay = -1;
    connect();
    send(client.open(), 1, 10, random);
    client.open().close("done");
    loop.advance(10 * MS);
    assertEquals(List.of(1L), server.sequences);
    assertEquals(1, server.closes);
  }

  @Test
  void restartedProcessIsAnother() {
    connect();
    network.kill("a");
    loop.advance(MS);
    assertEquals(1, client.closes);
    assertThrows(IllegalStateException.class, () -> network.join("b", loop));
    MemoryTransport again = network.join("a", loop);
    on(() -> again.listen(at, () -> server));
    b.connect(at, client);
    until("again", () -> client.connects == 2);
  }

  @Test
  void pausedProcessGetsEverythingLater() {
    connect();
    network.pause("a");
    for (int i = 0; i < 10; i++) {
      send(client.open(), i, 100, random);
    }
    loop.advance(10_000 * MS);
    assertEquals(List.of(), server.sequences);
    network.resume("a");
    loop.advance(MS);
    assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L), server.sequences);
  }

  @Test
  void brokenConnectionIsToldToBoth() {
    connect();
    send(client.open(), 1, 100, random);
    network.disconnect("a", "b");
    loop.advance(MS);
    assertEquals(List.of(), server.sequences);
    assertEquals(1, client.closes);
    assertEquals(1, server.closes);
  }

  @Test
  void aBufferChangedTooEarlyIsFoundOut() {
    connect();
    Buf buf = pool.take(100);
    client.open().send(typed(), buf, 0, 100);
    buf.bytes().put(5, (byte) (buf.bytes().get(5) + 1));
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> loop.advance(10 * MS));
    assertTrue(String.valueOf(e.getMessage()).contains("changed"), e.getMessage());
    buf.release();
    buf.release();
  }

  private static FrameHeader typed() {
    FrameHeader h = new FrameHeader();
    h.type = FrameType.WRITE;
    return h;
  }
}
