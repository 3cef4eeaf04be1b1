package io.onehop.protocol.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import io.onehop.protocol.model.Writer;
import io.onehop.transport.FrameHeader;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class WireCodecTest {
  private static final UUID POOL = new UUID(0x0102030405060708L, 0x090a0b0c0d0e0f10L);
  private static final UUID OTHER = new UUID(0x1112131415161718L, 0x191a1b1c1d1e1f20L);

  private interface Decoder {
    Object decode(ByteBuffer from) throws WireException;
  }

  private static PoolView view() {
    return new PoolView(
        POOL,
        "vol0",
        (1L << 30) + 1,
        4096,
        OTHER,
        7,
        List.of(
            new Member(
                POOL,
                "a",
                Role.DATA,
                new Endpoint("10.0.0.1", 7400),
                LegState.IN_SYNC,
                5,
                1,
                1,
                ""),
            new Member(
                OTHER,
                "b",
                Role.DATA,
                new Endpoint("::1", 7401),
                LegState.STALE,
                0,
                6,
                1,
                "killed"),
            new Member(
                new UUID(1, 2),
                "w",
                Role.WITNESS,
                new Endpoint("w", 1),
                LegState.NONE,
                0,
                0,
                0,
                "")),
        3,
        new Writer(OTHER, 3, "client.example", 4711, 1_700_000_000_000L),
        new LastSession(POOL, false, true),
        new Phase.Reconciling(0),
        Policies.DEFAULT);
  }

  private static Hello hello() {
    return new Hello(
        Hello.SenderRole.PEER, "vol0", POOL, Hello.ANY, OTHER, -9, 2, 77, "host.example", 4711);
  }

  private static byte[] bytes(ByteBuffer b) {
    byte[] bytes = new byte[b.position()];
    b.get(0, bytes);
    return bytes;
  }

  private static byte[] helloBytes() {
    ByteBuffer b = ByteBuffer.allocate(HelloCodec.MAX_BYTES);
    HelloCodec.encode(hello(), b);
    return bytes(b);
  }

  private static byte[] ackBytes() {
    ByteBuffer b = ByteBuffer.allocate(HelloAckCodec.MAX_BYTES);
    HelloAckCodec.encode(new HelloAck(OTHER, 12, 34, view()), b);
    return bytes(b);
  }

  private static byte[] attachBytes() {
    ByteBuffer b = ByteBuffer.allocate(AttachRequestCodec.MAX_BYTES);
    AttachRequestCodec.encode(new AttachRequest(POOL, "hé", 99, true), b);
    return bytes(b);
  }

  /** The layout is what it was when it was shipped; a change needs a new layout version. */
  @Test
  void goldenBytes() throws Exception {
    golden("view-1.hex", ViewCodec.encode(view()));
    golden("hello-1.hex", helloBytes());
    golden("hello-ack-1.hex", ackBytes());
    golden("attach-request-2.hex", attachBytes());
  }

  private static void golden(String name, byte[] actual) throws Exception {
    try (InputStream in = WireCodecTest.class.getResourceAsStream(name)) {
      assertNotNull(in, name);
      String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      String hex = text.replaceAll("\\s", "");
      assertEquals(hex, HexFormat.of().formatHex(actual), name);
    }
  }

  @Test
  void goldenBytesAreRead() throws WireException {
    assertEquals(view(), ViewCodec.decode(ViewCodec.encode(view())));
    assertEquals(hello(), HelloCodec.decode(ByteBuffer.wrap(helloBytes())));
    assertEquals(
        new HelloAck(OTHER, 12, 34, view()), HelloAckCodec.decode(ByteBuffer.wrap(ackBytes())));
    assertEquals(
        new AttachRequest(POOL, "hé", 99, true),
        AttachRequestCodec.decode(ByteBuffer.wrap(attachBytes())));
  }

  @Test
  void attachRequestOfTheFirstLayoutKnowsNoTakeover() throws Exception {
    try (InputStream in = WireCodecTest.class.getResourceAsStream("attach-request-1.hex")) {
      assertNotNull(in);
      String hex = new String(in.readAllBytes(), StandardCharsets.US_ASCII).replaceAll("\\s", "");
      assertEquals(
          new AttachRequest(POOL, "hé", 99, false),
          AttachRequestCodec.decode(ByteBuffer.wrap(HexFormat.of().parseHex(hex))));
    }
  }

  @Test
  void helloAckWithoutView() throws WireException {
    ByteBuffer b = ByteBuffer.allocate(HelloAckCodec.MAX_BYTES);
    HelloAck ack = new HelloAck(POOL, 0, -1, null);
    HelloAckCodec.encode(ack, b);
    assertEquals(ack, HelloAckCodec.decode(b.flip()));
  }

  @Test
  void randomViewsComeBackEqual() throws WireException {
    RandomViews random = new RandomViews(1);
    ByteBuffer direct = ByteBuffer.allocateDirect(ViewCodec.MAX_BYTES);
    for (int i = 0; i < 2000; i++) {
      PoolView view = random.view();
      ViewCodec.encode(view, direct.clear());
      assertEquals(ByteOrder.BIG_ENDIAN, direct.order());
      assertEquals(view, ViewCodec.decode(direct.flip()));
      assertEquals(0, direct.position());
      assertArrayEquals(ViewCodec.encode(view), ViewCodec.encode(view));
    }
  }

  @Test
  void largestViewFits() throws WireException {
    String name = "n".repeat(ViewCodec.MAX_NAME);
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < PoolView.MAX_MEMBERS; i++) {
      Endpoint at = new Endpoint(name, 65535);
      members.add(
          new Member(
              new UUID(i, i), name, Role.DATA, at, LegState.IN_SYNC, -1, 1, 1, "漢".repeat(999)));
    }
    PoolView v = view();
    PoolView big =
        new PoolView(
            v.pool(),
            name,
            Long.MAX_VALUE,
            4096,
            v.lineage(),
            Long.MAX_VALUE,
            members,
            1,
            new Writer(POOL, 1, name, 1, 1),
            v.lastSession(),
            v.phase(),
            v.policies());
    byte[] bytes = ViewCodec.encode(big);
    assertTrue(bytes.length <= ViewCodec.MAX_BYTES, bytes.length + " bytes");
    // 255 bytes hold 85 of these characters; none is torn.
    assertEquals("漢".repeat(85), ViewCodec.decode(bytes).members().get(0).reason());
  }

  @Test
  void unknownVersionIsRefusedByName() {
    byte[] bytes = ViewCodec.encode(view());
    bytes[0] = 9;
    WireException e = assertThrows(WireException.class, () -> ViewCodec.decode(bytes));
    assertEquals("view: layout version 9 is unknown, this program knows 3", e.getMessage());
  }

  @Test
  void namesTooLongAreTheSendersError() {
    Hello h = hello();
    Hello bad =
        new Hello(
            h.role(), "x".repeat(256), h.pool(), h.lineage(), h.sender(), 0, 0, 0, h.host(), 0);
    ByteBuffer b = ByteBuffer.allocate(HelloCodec.MAX_BYTES);
    assertThrows(IllegalArgumentException.class, () -> HelloCodec.encode(bad, b));
  }

  @Test
  void everyTruncationAndSurplusIsRefused() {
    truncate(ViewCodec.encode(view()), ViewCodec::decode);
    truncate(helloBytes(), HelloCodec::decode);
    truncate(ackBytes(), HelloAckCodec::decode);
    truncate(attachBytes(), AttachRequestCodec::decode);
  }

  private static void truncate(byte[] good, Decoder decoder) {
    for (int n = 0; n < good.length; n++) {
      ByteBuffer cut = ByteBuffer.wrap(good, 0, n);
      WireException e = assertThrows(WireException.class, () -> decoder.decode(cut));
      assertFalse(String.valueOf(e.getMessage()).isEmpty());
    }
    ByteBuffer longer = ByteBuffer.wrap(Arrays.copyOf(good, good.length + 1));
    assertThrows(WireException.class, () -> decoder.decode(longer));
  }

  /** Whatever comes: a value or a WireException, nothing else. */
  @Test
  void garbageIsRefusedOrRead() {
    Random random = new Random(2);
    List<byte[]> seeds = List.of(ViewCodec.encode(view()), helloBytes(), ackBytes(), attachBytes());
    List<Decoder> decoders =
        List.of(
            ViewCodec::decode,
            HelloCodec::decode,
            HelloAckCodec::decode,
            AttachRequestCodec::decode,
            TextCodec::decode);
    int refused = 0;
    for (int i = 0; i < 40_000; i++) {
      byte[] bytes = seeds.get(random.nextInt(seeds.size())).clone();
      if (random.nextInt(4) == 0) {
        random.nextBytes(bytes);
        bytes[0] = 1;
        bytes[1] = 0;
      }
      for (int n = random.nextInt(8); n > 0; n--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      for (Decoder d : decoders) {
        try {
          assertNotNull(d.decode(ByteBuffer.wrap(bytes)));
        } catch (WireException e) {
          refused++;
        }
      }
    }
    assertTrue(refused > 40_000, "refused " + refused);
  }

  @Test
  void texts() throws WireException {
    ByteBuffer b = ByteBuffer.allocate(2000);
    TextCodec.encode("because é", b);
    assertEquals("because é", TextCodec.decode(b.flip()));
    TextCodec.encode("🐧".repeat(1000), b.clear());
    assertEquals("🐧".repeat(256), TextCodec.decode(b.flip()));
    ByteBuffer broken = ByteBuffer.wrap(new byte[] {(byte) 0xC3});
    assertThrows(WireException.class, () -> TextCodec.decode(broken));
    ByteBuffer tooLong = ByteBuffer.allocate(1025);
    assertThrows(WireException.class, () -> TextCodec.decode(tooLong));
  }

  @Test
  void runsComeBackInOrder() throws WireException {
    Random random = new Random(3);
    ByteBuffer b = ByteBuffer.allocateDirect(4096);
    List<String> sent = new ArrayList<>();
    while (true) {
      long start = random.nextInt(1000);
      long count = 1L + random.nextInt(24);
      if (!RunsCodec.append(b, start, count)) {
        break;
      }
      sent.add(start + "+" + count);
    }
    assertEquals(4096 / RunsCodec.RUN_BYTES, sent.size());
    List<String> got = new ArrayList<>();
    RunsCodec.forEach(b.flip(), 1024, (start, count) -> got.add(start + "+" + count));
    assertEquals(sent, got);
    got.clear();
    RunsCodec.forEach(
        b.order(ByteOrder.LITTLE_ENDIAN), 1024, (start, count) -> got.add(start + "+" + count));
    assertEquals(sent, got, "the bytes do not depend on the buffer's order");
  }

  @Test
  void goldenRun() {
    ByteBuffer b = ByteBuffer.allocate(16);
    RunsCodec.append(b, 0x0102030405060708L, 9);
    assertEquals("08070605040302010900000000000000", HexFormat.of().formatHex(bytes(b)));
  }

  @Test
  void badRunsAreRefusedWhole() {
    long[][] bad = {
      {-1, 1}, {0, 0}, {0, -1}, {100, 1}, {99, 2}, {Long.MAX_VALUE, 1}, {0, Long.MAX_VALUE}
    };
    for (long[] run : bad) {
      ByteBuffer b = ByteBuffer.allocate(64);
      RunsCodec.append(b, 1, 1);
      RunsCodec.append(b, run[0], run[1]);
      b.flip();
      List<Long> seen = new ArrayList<>();
      assertThrows(
          WireException.class, () -> RunsCodec.forEach(b, 100, (start, _) -> seen.add(start)));
      assertEquals(List.of(), seen);
    }
    ByteBuffer odd = ByteBuffer.allocate(17);
    assertThrows(WireException.class, () -> RunsCodec.check(odd, 100));
    ByteBuffer huge = ByteBuffer.allocate(FrameHeader.MAX_PAYLOAD + 16);
    assertThrows(WireException.class, () -> RunsCodec.check(huge, 100));
  }

  @Test
  void aFrameOfRunsIsFullAtItsLimit() {
    ByteBuffer b = ByteBuffer.allocate(FrameHeader.MAX_PAYLOAD * 2);
    int n = 0;
    while (RunsCodec.append(b, n, 1)) {
      n++;
    }
    assertEquals(RunsCodec.MAX_RUNS, n);
  }
}
