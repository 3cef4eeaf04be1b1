package io.onehop.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.nbd.RawSocket.Chunk;
import io.onehop.nbd.RawSocket.Simple;
import io.onehop.nbd.wire.Nbd;
import io.onehop.transport.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class ErrorRulesTest {
  private static final long SIZE = (48 << 20) + 123;

  private Running running;

  @BeforeEach
  void start() throws IOException {
    running = Running.tcp(loop -> new MemoryDevice(loop, (int) SIZE, null));
  }

  @AfterEach
  void stop() {
    running.close();
  }

  /** Every row: flags, command, offset from the device's end, length, expected error. */
  @ParameterizedTest
  @CsvSource({
    "0, 0, -10, 10, 0",
    "0, 0, -10, 11, 22", // read past the end
    "0, 0, 1, 0, 22",
    "0, 0, -40000000, 33554433, 22", // read above the maximum
    "4, 0, -10, 10, 22", // DF without structured replies
    "2, 0, -10, 10, 22",
    "1, 0, -10, 10, 0", // FUA is legal everywhere
    "0, 1, -10, 10, 0",
    "0, 1, -10, 11, 28", // write past the end
    "1, 1, -10, 10, 0",
    "16, 1, -10, 10, 22",
    "0, 1, 0, 0, 0",
    "0, 4, -8192, 8192, 0",
    "0, 4, -8192, 8193, 22",
    "2, 4, -8192, 8192, 22",
    "0, 5, -10, 10, 0",
    "0, 5, -10, 11, 22",
    "1024, 5, -10, 10, 22",
    "0, 6, -8192, 8192, 0",
    "3, 6, -8192, 8192, 0",
    "0, 6, -8192, 8193, 28", // write zeroes past the end
    "0, 6, -8192, 4294967295, 28",
    "16, 6, -9000, 8999, 0",
    "16, 6, -100, 100, 95", // no whole block: not fast
    "18, 6, -9000, 8999, 95", // no leave to punch: not fast
    "0, 7, -8192, 8192, 22", // no context agreed
    "0, 8, -8192, 8192, 22", // RESIZE, not supported
    "0, 999, 0, 0, 22",
    "65535, 0, -10, 10, 22",
  })
  void everyRefusalKeepsTheSession(int flags, int command, long fromEnd, long length, int error)
      throws IOException {
    try (RawSocket s = RawSocket.transmitting(running, false, false)) {
      s.request(flags, command, 77, SIZE + fromEnd, length);
      if (command == Nbd.CMD_WRITE) {
        ByteBuffer payload = ByteBuffer.allocate((int) length);
        s.send(payload.position(payload.limit()));
      }
      assertThat(s.simple()).isEqualTo(new Simple(error, 77));
      if (command == Nbd.CMD_READ && error == 0) {
        s.read((int) length);
      }
      s.request(0, Nbd.CMD_FLUSH, 78, 0, 0);
      assertThat(s.simple()).isEqualTo(new Simple(0, 78));
      s.request(0, Nbd.CMD_FLUSH, 79, 1, 0);
      assertThat(s.simple()).isEqualTo(new Simple(Nbd.EINVAL, 79));
    }
  }

  @Test
  void offsetsThatOverflowAreRefused() throws IOException {
    try (RawSocket s = RawSocket.transmitting(running, false, false)) {
      for (long offset : new long[] {-1, Long.MAX_VALUE, Long.MIN_VALUE, -4096}) {
        s.request(0, Nbd.CMD_READ, offset, offset, 4096);
        assertThat(s.simple()).isEqualTo(new Simple(Nbd.EINVAL, offset));
        s.request(0, Nbd.CMD_WRITE_ZEROES, 1, offset, 0xffffffffL);
        assertThat(s.simple().error()).isEqualTo(Nbd.ENOSPC);
      }
    }
  }

  @Test
  void aRefusedLargeWriteIsDrained() throws IOException {
    try (RawSocket s = RawSocket.transmitting(running, false, false)) {
      s.request(0, Nbd.CMD_WRITE, 1, SIZE, 32 << 20);
      ByteBuffer payload = ByteBuffer.allocate(32 << 20);
      s.send(payload.position(payload.limit()));
      assertThat(s.simple()).isEqualTo(new Simple(Nbd.ENOSPC, 1));
      s.request(0, Nbd.CMD_WRITE, 2, 0, 1);
      s.send(ByteBuffer.allocate(1).put((byte) 9));
      assertThat(s.simple()).isEqualTo(new Simple(0, 2));
    }
    assertThat(running.memory().content()[0]).isEqualTo((byte) 9);
  }

  @Test
  void aWriteAboveTheMaximumEndsTheConnection() throws IOException {
    try (RawSocket s = RawSocket.transmitting(running, false, false)) {
      s.request(0, Nbd.CMD_WRITE, 1, 0, (32 << 20) + 1);
      assertThat(s.closedByServer()).isTrue();
    }
  }

  @Test
  void aRequestWithoutMagicEndsTheConnection() throws IOException {
    try (RawSocket s = RawSocket.transmitting(running, false, false)) {
      s.send(ByteBuffer.allocate(28).putInt(0x12345678).position(28));
      assertThat(s.closedByServer()).isTrue();
    }
  }

  @Test
  void disconnectAnswersWhatIsInFlight() throws IOException {
    running.onLoop(() -> running.memory().held = true);
    try (RawSocket s = RawSocket.transmitting(running, false, false)) {
      s.request(0, Nbd.CMD_FLUSH, 1, 0, 0);
      s.request(0, Nbd.CMD_DISC, 2, 0, 0);
      while (running.loop.call(() -> running.memory().inFlight) == 0) {}
      running.onLoop(running.memory()::letGo);
      assertThat(s.simple()).isEqualTo(new Simple(0, 1));
      assertThat(s.closedByServer()).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    Status.IO_ERROR + "," + Nbd.EIO,
    Status.NO_SPACE + "," + Nbd.ENOSPC,
    Status.INVALID + "," + Nbd.EINVAL,
    Status.FENCED + "," + Nbd.ESHUTDOWN,
    Status.DISCONNECTED + "," + Nbd.EIO,
  })
  void deviceErrorsHaveTheirNames(int status, int error) throws IOException {
    running.onLoop(() -> running.memory().status = status);
    try (RawSocket s = RawSocket.transmitting(running, false, false);
        RawSocket t = RawSocket.transmitting(running, true, true)) {
      s.request(0, Nbd.CMD_READ, 1, 0, 8192);
      assertThat(s.simple()).isEqualTo(new Simple(error, 1));
      s.request(0, Nbd.CMD_WRITE, 2, 0, 1);
      s.send(ByteBuffer.allocate(1).put((byte) 0));
      assertThat(s.simple()).isEqualTo(new Simple(error, 2));
      t.request(0, Nbd.CMD_READ, 3, 0, 8192);
      Chunk c = t.chunk();
      assertThat(c.type()).isEqualTo(Nbd.REPLY_ERROR);
      assertThat(c.flags()).isEqualTo(Nbd.REPLY_FLAG_DONE);
      assertThat(c.cookie()).isEqualTo(3);
      assertThat(c.data().getInt()).isEqualTo(error);
      t.request(0, Nbd.CMD_TRIM, 4, 0, 8192);
      assertThat(t.simple()).isEqualTo(new Simple(error, 4));
    }
  }

  @Test
  void structuredReads() throws IOException {
    running.memory().content()[8191] = 5;
    try (RawSocket s = RawSocket.transmitting(running, true, true)) {
      s.request(Nbd.CMD_FLAG_DF, Nbd.CMD_READ, 1, 4096, 4096);
      Chunk data = s.chunk();
      assertThat(data.type()).isEqualTo(Nbd.REPLY_OFFSET_DATA);
      assertThat(data.data().getLong(0)).isEqualTo(4096);
      assertThat(data.data().get(8 + 4095)).isEqualTo((byte) 5);
      s.request(0, Nbd.CMD_READ, 2, 1 << 20, 1 << 20);
      Chunk hole = s.chunk();
      assertThat(hole.type()).isEqualTo(Nbd.REPLY_OFFSET_HOLE);
      assertThat(hole.data().getLong()).isEqualTo(1 << 20);
      assertThat(hole.data().getInt()).isEqualTo(1 << 20);
      s.request(0, Nbd.CMD_READ, 3, 0, 0);
      assertThat(s.chunk().type()).isEqualTo(Nbd.REPLY_NONE);
      s.request(Nbd.CMD_FLAG_REQ_ONE, Nbd.CMD_BLOCK_STATUS, 4, 5, 1000);
      ByteBuffer extent = s.chunk().data();
      assertThat(extent.getInt()).isEqualTo(1);
      assertThat(extent.getInt()).isEqualTo(1000);
      assertThat(extent.getInt()).isZero();
      assertThat(extent.hasRemaining()).isFalse();
      s.request(0, Nbd.CMD_BLOCK_STATUS, 5, 5, 0);
      assertThat(s.chunk().type()).isEqualTo(Nbd.REPLY_ERROR);
    }
  }

  @Test
  void flagsReachTheDevice() throws IOException {
    MemoryDevice device = running.memory();
    try (RawSocket s = RawSocket.transmitting(running, false, false)) {
      s.request(Nbd.CMD_FLAG_FUA, Nbd.CMD_WRITE, 1, 0, 1);
      s.send(ByteBuffer.allocate(1).put((byte) 0));
      s.simple();
      s.request(Nbd.CMD_FLAG_FUA, Nbd.CMD_TRIM, 2, 0, 4096);
      s.simple();
      s.request(Nbd.CMD_FLAG_FUA | Nbd.CMD_FLAG_NO_HOLE, Nbd.CMD_WRITE_ZEROES, 3, 0, 4096);
      s.simple();
      s.request(0, Nbd.CMD_WRITE_ZEROES, 4, 0, 4096);
      s.simple();
      s.request(0, Nbd.CMD_FLUSH, 5, 0, 0);
      s.simple();
    }
    assertThat(running.loop.<Long>call(() -> device.fuas)).isEqualTo(3);
    assertThat(running.loop.<Long>call(() -> device.punches)).isEqualTo(1);
    assertThat(running.loop.<Long>call(() -> device.flushes)).isEqualTo(1);
    assertThat(running.loop.<Long>call(() -> device.trims)).isEqualTo(1);
  }
}
