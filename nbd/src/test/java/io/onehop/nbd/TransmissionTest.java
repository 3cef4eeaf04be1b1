package io.onehop.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.onehop.nbd.client.NbdClient;
import io.onehop.nbd.client.NbdException;
import io.onehop.nbd.transmission.CommandLoop;
import io.onehop.nbd.wire.Nbd;
import io.onehop.transport.Status;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TransmissionTest {
  private static final int MIB = 1 << 20;

  /** Random requests at random, unaligned places against a model, with late completions. */
  @ParameterizedTest
  @CsvSource({"true, 1", "false, 2"})
  void randomRequestsMatchTheModel(boolean structured, long seed) throws Exception {
    int size = 8 * MIB + 77;
    byte[] model = new byte[size];
    Random random = new Random(seed);
    try (Running r = Running.tcp(loop -> new MemoryDevice(loop, size, seed));
        NbdClient c = NbdClient.connect(r.server.uri(), structured)) {
      assertThat(c.sizeBytes()).isEqualTo(size);
      for (int round = 0; round < 30; round++) {
        // the ranges of one round do not overlap: their order of completion is free
        int lane = size / 16;
        CountDownLatch left = new CountDownLatch(16);
        AtomicInteger errors = new AtomicInteger();
        List<ByteBuffer> reads = new ArrayList<>();
        List<Integer> readAt = new ArrayList<>();
        NbdClient.Callback done =
            e -> {
              errors.addAndGet(e == 0 ? 0 : 1);
              left.countDown();
            };
        for (int i = 0; i < 16; i++) {
          int at = i * lane + random.nextInt(lane / 2);
          int max = (i + 1) * lane - at;
          int length = 1 + random.nextInt(random.nextInt(4) == 0 ? max : Math.min(max, 9000));
          switch (random.nextInt(4)) {
            case 0, 1 -> {
              ByteBuffer data = ByteBuffer.allocateDirect(length);
              while (data.hasRemaining()) {
                data.put((byte) random.nextInt());
              }
              data.flip().get(model, at, length).flip();
              c.write(at, data, random.nextBoolean(), done);
            }
            case 2 -> {
              Arrays.fill(model, at, at + length, (byte) 0);
              c.writeZeroes(at, length, random.nextBoolean(), false, done);
            }
            default -> {
              ByteBuffer into = ByteBuffer.allocateDirect(length);
              reads.add(into);
              readAt.add(at);
              c.read(at, into, done);
            }
          }
        }
        left.await();
        assertThat(errors).hasValue(0);
        for (int i = 0; i < reads.size(); i++) {
          byte[] got = new byte[reads.get(i).remaining()];
          reads.get(i).get(got);
          int at = readAt.get(i);
          assertThat(Arrays.mismatch(got, Arrays.copyOfRange(model, at, at + got.length)))
              .isEqualTo(-1);
        }
      }
      c.flush();
      assertThat(Arrays.mismatch(r.memory().content(), model)).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tcp:127.0.0.1:0", "tcp:[::1]:0"})
  void thirtyTwoMegabytesAtOnce(String at) throws Exception {
    int size = 40 * MIB;
    try (Running r =
            new Running(
                loop -> new MemoryDevice(loop, size, 3L), io.onehop.nbd.wire.NbdAddress.parse(at));
        NbdClient c = NbdClient.connect(r.server.uri())) {
      ByteBuffer out = ByteBuffer.allocateDirect(Nbd.MAX_PAYLOAD);
      new Random(4).ints(MIB).forEach(out::putInt);
      out.clear();
      // several at a time: more than one connection may hold
      CountDownLatch left = new CountDownLatch(4);
      for (int i = 0; i < 4; i++) {
        c.write(12345, out.duplicate(), true, e -> left.countDown());
      }
      left.await();
      ByteBuffer in = ByteBuffer.allocateDirect(Nbd.MAX_PAYLOAD);
      c.read(12345, in);
      assertThat(in.mismatch(out)).isEqualTo(-1);
      assertThatThrownBy(() -> c.read(0, ByteBuffer.allocate(Nbd.MAX_PAYLOAD + 1)))
          .isInstanceOfSatisfying(
              NbdException.class, e -> assertThat(e.error()).isEqualTo(Nbd.EINVAL))
          .hasMessageContaining("EINVAL");
      c.trim(0, size, false);
      assertThat(r.memory().content()).containsOnly(0);
    }
  }

  @Test
  void whatOneConnectionFlushedAnotherSees() throws Exception {
    try (Running r = Running.tcp(loop -> new MemoryDevice(loop, MIB, 5L));
        NbdClient a = NbdClient.connect(r.server.uri());
        NbdClient b = NbdClient.connect(r.server.uri() + "/vol")) {
      assertThat(a.flags() & Nbd.CAN_MULTI_CONN).isNotZero();
      for (int i = 1; i < 50; i++) {
        a.write(i, ByteBuffer.wrap(new byte[] {(byte) i}), false);
        b.flush();
        ByteBuffer one = ByteBuffer.allocate(1);
        b.read(i, one);
        assertThat(one.get(0)).isEqualTo((byte) i);
      }
    }
  }

  @Test
  void anUnknownExportIsRefusedByName() throws Exception {
    try (Running r = Running.tcp(loop -> new MemoryDevice(loop, MIB, null))) {
      assertThatThrownBy(() -> NbdClient.connect(r.server.uri() + "/other"))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("refused export 'other'");
    }
  }

  /**
   * Clients that submit and never read their answers, in number, hold up neither others nor memory.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void slowReadersDoNotBlockOthers(boolean reads) throws Exception {
    int size = 64 * MIB;
    try (Running r = Running.tcp(loop -> new MemoryDevice(loop, size, null))) {
      Arrays.fill(r.memory().content(), (byte) 7);
      List<RawSocket> slow = new ArrayList<>();
      try {
        for (int i = 0; i < 8; i++) {
          RawSocket s = RawSocket.transmitting(r, false, false);
          s.channel.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
          slow.add(s);
          for (int k = 0; k < 40; k++) {
            s.request(0, reads ? Nbd.CMD_READ : Nbd.CMD_FLUSH, k, 0, reads ? 8 * MIB : 0);
          }
        }
        try (NbdClient c = NbdClient.connect(r.server.uri())) {
          for (int i = 0; i < 200; i++) {
            c.write(4096L * i, ByteBuffer.allocate(4096), false);
            c.read(4096L * i, ByteBuffer.allocate(4096));
          }
          c.read(0, ByteBuffer.allocateDirect(32 * MIB));
        }
        long bytes = r.loop.call(() -> r.server.service().bytesInFlight());
        assertThat(bytes).isLessThanOrEqualTo((256L + 64 + 9) * MIB);
      } finally {
        for (RawSocket s : slow) {
          s.close();
        }
      }
    }
  }

  @Test
  void onlySoManyRequestsOfOneConnectionAreInFlight() throws Exception {
    try (Running r = Running.tcp(loop -> new MemoryDevice(loop, MIB, null));
        RawSocket s = RawSocket.transmitting(r, false, false);
        NbdClient other = NbdClient.connect(r.server.uri())) {
      r.onLoop(() -> r.memory().held = true);
      int count = CommandLoop.MAX_REQUESTS * 3;
      ByteBuffer all = ByteBuffer.allocate(28 * count);
      for (int i = 0; i < count; i++) {
        all.putInt(Nbd.REQUEST_MAGIC).putInt(Nbd.CMD_FLUSH).putLong(i).putLong(0).putInt(0);
      }
      s.send(all);
      while (r.loop.call(() -> r.memory().inFlight) < CommandLoop.MAX_REQUESTS) {}
      r.onLoop(r.memory()::letGo);
      for (int i = 0; i < count; i++) {
        assertThat(s.simple()).isEqualTo(new RawSocket.Simple(0, i));
      }
      assertThat(r.loop.call(() -> r.memory().maxInFlight)).isEqualTo(CommandLoop.MAX_REQUESTS);
      other.flush();
    }
  }

  /** Connections killed with requests half sent and in flight leave nothing behind. */
  @Test
  void killedConnectionsLeaveNothingBehind() throws Exception {
    int size = 4 * MIB;
    Random random = new Random(6);
    try (Running r = Running.tcp(loop -> new MemoryDevice(loop, size, 6L))) {
      for (int round = 0; round < 60; round++) {
        try (RawSocket s = RawSocket.transmitting(r, round % 2 == 0, false)) {
          for (int i = 0; i < 20; i++) {
            s.request(0, Nbd.CMD_READ, i, 4096L * i, 100_000);
            int length = 1 + random.nextInt(200_000);
            s.request(0, Nbd.CMD_WRITE, 100 + i, 0, length);
            ByteBuffer data = ByteBuffer.allocate(length);
            s.send(data.position(i == 19 ? random.nextInt(length) : length));
          }
          if (round % 3 == 0) {
            s.channel.setOption(StandardSocketOptions.SO_LINGER, 0); // ends with a reset
          }
        }
      }
      try (NbdClient c = NbdClient.connect(r.server.uri())) {
        c.write(0, ByteBuffer.allocate(1), false);
      }
    }
  }

  @Test
  void theClientReportsADisconnect() throws Exception {
    Running r = Running.tcp(loop -> new MemoryDevice(loop, MIB, null));
    try (NbdClient c = NbdClient.connect(r.server.uri())) {
      r.onLoop(() -> r.memory().held = true);
      Semaphore called = new Semaphore(0);
      List<Integer> errors = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        c.flush(e -> {
          errors.add(e);
          called.release();
        });
      }
      while (r.loop.call(() -> r.memory().inFlight) < 16) {}
      r.server.shutdown(1_000_000).join();
      called.acquire(16);
      assertThat(errors).containsOnly(NbdClient.DISCONNECTED).hasSize(16);
      assertThat(c.endedBecause()).isNotEmpty();
      assertThatThrownBy(c::flush).hasMessageContaining("disconnected");
      r.onLoop(r.memory()::letGo);
    } finally {
      r.close();
    }
  }

  @Test
  void shutdownFinishesWhatIsInFlightAndRefusesTheRest() throws Exception {
    try (Running r = Running.tcp(loop -> new MemoryDevice(loop, MIB, null));
        RawSocket s = RawSocket.transmitting(r, false, false);
        RawSocket idle = RawSocket.transmitting(r, false, false)) {
      r.onLoop(() -> r.memory().held = true);
      s.request(0, Nbd.CMD_FLUSH, 1, 0, 0);
      while (r.loop.call(() -> r.memory().inFlight) < 1) {}
      var stopped = r.server.shutdown(60_000_000_000L);
      assertThat(idle.closedByServer()).isTrue();
      s.request(0, Nbd.CMD_FLUSH, 2, 0, 0);
      assertThat(s.simple()).isEqualTo(new RawSocket.Simple(Nbd.ESHUTDOWN, 2));
      r.onLoop(r.memory()::letGo);
      assertThat(s.simple()).isEqualTo(new RawSocket.Simple(0, 1));
      assertThat(s.closedByServer()).isTrue();
      stopped.join();
      assertThatThrownBy(() -> RawSocket.to(r)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void afterTheEndOfTheSessionEverythingIsRefused() throws Exception {
    try (Running r = Running.tcp(loop -> new MemoryDevice(loop, MIB, null));
        NbdClient c = NbdClient.connect(r.server.uri())) {
      c.write(0, ByteBuffer.allocate(4096), false);
      r.onLoop(() -> r.memory().status = Status.FENCED);
      assertThatThrownBy(c::flush).hasMessageContaining("ESHUTDOWN");
      r.onLoop(() -> r.memory().status = Status.OK);
      r.server.ended("taken over");
      r.onLoop(() -> {});
      assertThatThrownBy(c::flush).hasMessageContaining("ESHUTDOWN");
      assertThatThrownBy(() -> c.write(0, ByteBuffer.allocate(4096), false))
          .hasMessageContaining("ESHUTDOWN");
      assertThatThrownBy(() -> c.read(0, ByteBuffer.allocate(4096)))
          .hasMessageContaining("ESHUTDOWN");
    }
  }

  @Test
  void oneConnectionTooManyIsClosed() throws Exception {
    try (Running r = Running.tcp(loop -> new MemoryDevice(loop, MIB, null))) {
      List<RawSocket> all = new ArrayList<>();
      try {
        for (int i = 0; i < NbdServer.MAX_CONNECTIONS; i++) {
          all.add(RawSocket.greeted(r));
        }
        try (RawSocket one = RawSocket.to(r)) {
          assertThat(one.closedByServer()).isTrue();
        }
      } finally {
        for (RawSocket s : all) {
          s.close();
        }
      }
    }
  }

  /** Garbage at every stage: the server survives, and so do its buffers. */
  @Test
  void garbageHarmsNobody() throws Exception {
    Random random = new Random(7);
    try (Running r = Running.tcp(loop -> new MemoryDevice(loop, MIB, 7L));
        NbdClient witness = NbdClient.connect(r.server.uri())) {
      for (int round = 0; round < 300; round++) {
        try (RawSocket s =
            switch (round % 3) {
              case 0 -> RawSocket.to(r);
              case 1 -> RawSocket.greeted(r);
              default -> RawSocket.transmitting(r, round % 2 == 0, round % 4 == 0);
            }) {
          byte[] noise = new byte[random.nextInt(3000)];
          random.nextBytes(noise);
          ByteBuffer b = ByteBuffer.wrap(noise);
          for (int at = 0; at + 40 < noise.length; at += 28 + random.nextInt(8)) {
            if (round % 3 == 1) {
              b.putLong(at, Nbd.OPTION_MAGIC).putInt(at + 8, random.nextInt(14));
              b.putInt(at + 12, random.nextInt(40));
            } else if (round % 3 == 2) {
              b.putInt(at, Nbd.REQUEST_MAGIC).putShort(at + 6, (short) random.nextInt(10));
              if (random.nextBoolean()) {
                b.putLong(at + 16, random.nextInt(2 * MIB)).putInt(at + 24, random.nextInt(50));
                b.putShort(at + 4, (short) 0);
              }
            }
          }
          s.send(b.position(noise.length));
        } catch (IOException e) {
          // The server hung up, as it should.
        }
        if (round % 20 == 0) {
          witness.flush();
        }
      }
      witness.write(0, ByteBuffer.allocate(4096), true);
    }
  }
}
