package io.onehop.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class FrameCodecTest {
  private final FrameCodec codec = new FrameCodec();
  private final ByteBuffer wire = FrameCodec.ordered(ByteBuffer.allocateDirect(8192));

  private static FrameHeader sample() {
    FrameHeader h = new FrameHeader();
    h.type = FrameType.WRITE;
    h.flags = FrameType.FLAG_FUA | 0x8000;
    h.status = Status.AGAIN;
    h.handle = 0xF1020304;
    h.lane = 5;
    h.sequence = 0x1111111111111111L;
    h.generation = 0x2222222222222222L;
    h.epoch = 0x3333333333333333L;
    h.watermark = 0x4444444444444444L;
    h.offset = 0x5555555555555000L;
    h.length = 0x6666666666666000L;
    h.extra = -2;
    h.payloadBytes = 4096;
    return h;
  }

  static void assertSame(FrameHeader a, FrameHeader b) throws IllegalAccessException {
    for (Field f : FrameHeader.class.getFields()) {
      assertEquals(f.get(a), f.get(b), f.getName());
    }
  }

  @Test
  void goldenHeader() {
    codec.encode(sample(), wire, 0, 0x0A0B0C0D);
    byte[] bytes = new byte[FrameHeader.BYTES];
    wire.get(0, bytes);
    assertEquals(
        "31484f50010a0180070000000403"
            + "02f10500000000100000"
            + "1111111111111111"
            + "2222222222222222"
            + "3333333333333333"
            + "4444444444444444"
            + "0050555555555555"
            + "0060666666666666"
            + "feffffffffffffff"
            + "0000000000000000"
            + "0d0c0b0a",
        HexFormat.of().formatHex(bytes, 0, 92));
  }

  @Test
  void everyFieldComesBack() throws IllegalAccessException {
    Random random = new Random(4);
    for (int i = 0; i < 1000; i++) {
      FrameHeader h = sample();
      h.flags = random.nextInt(65536);
      h.status = random.nextInt(65536);
      h.handle = random.nextInt();
      h.sequence = random.nextLong();
      h.payloadBytes = random.nextInt(FrameHeader.MAX_PAYLOAD + 1);
      int at = random.nextInt(4000);
      codec.encode(h, wire, at, 0);
      FrameHeader read = new FrameHeader();
      assertEquals(FrameFault.NONE, codec.decode(wire, at, read));
      assertSame(h, read);
    }
  }

  @Test
  void everyFlippedBitIsSeen() {
    codec.encode(sample(), wire, 0, 0);
    for (int bit = 0; bit < FrameHeader.BYTES * 8; bit++) {
      byte before = wire.get(bit / 8);
      wire.put(bit / 8, (byte) (before ^ 1 << bit % 8));
      assertNotEquals(FrameFault.NONE, codec.decode(wire, 0, new FrameHeader()), "bit " + bit);
      wire.put(bit / 8, before);
    }
  }

  @Test
  void limitsAreNamed() {
    FrameHeader h = sample();
    h.payloadBytes = FrameHeader.MAX_PAYLOAD + 1;
    codec.encode(h, wire, 0, 0);
    assertEquals(FrameFault.OVERSIZE, codec.decode(wire, 0, new FrameHeader()));
    h.payloadBytes = -1;
    codec.encode(h, wire, 0, 0);
    assertEquals(FrameFault.OVERSIZE, codec.decode(wire, 0, new FrameHeader()));
    h.payloadBytes = 0;
    h.type = 99;
    codec.encode(h, wire, 0, 0);
    assertEquals(FrameFault.UNKNOWN_TYPE, codec.decode(wire, 0, new FrameHeader()));
  }

  @Test
  void payloadChecksum() {
    for (int i = 0; i < 4096; i++) {
      wire.put(FrameHeader.BYTES + i, (byte) i);
    }
    codec.encode(sample(), wire, 0, codec.checksum(wire, FrameHeader.BYTES, 4096));
    assertTrue(codec.payloadIntact(wire, 0));
    wire.put(FrameHeader.BYTES + 4095, (byte) 0);
    assertFalse(codec.payloadIntact(wire, 0));
    codec.encode(sample(), wire, 0, 0);
    assertTrue(codec.payloadIntact(wire, 0), "0 = not computed");
    assertEquals(8192, wire.limit());
  }

  @Test
  void knownTypesAreTheDeclaredOnes() throws IllegalAccessException {
    boolean[] declared = new boolean[256];
    for (Field f : FrameType.class.getFields()) {
      if (!f.getName().startsWith("FLAG_")) {
        int code = f.getInt(null);
        assertFalse(declared[code], "code " + code + " twice");
        declared[code] = true;
      }
    }
    for (int i = 0; i < 256; i++) {
      assertEquals(declared[i], FrameType.known(i), "type " + i);
    }
  }

  @Test
  void bootClockRuns() {
    BootClock clock = new BootClock();
    long first = clock.nanos();
    assertTrue(first > 0);
    assertTrue(clock.nanos() >= first);
  }
}
