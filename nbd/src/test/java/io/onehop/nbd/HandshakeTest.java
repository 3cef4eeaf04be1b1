package io.onehop.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.nbd.RawSocket.OptionReply;
import io.onehop.nbd.handshake.Haggling;
import io.onehop.nbd.wire.Nbd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class HandshakeTest {
  private static final int SIZE = 1 << 20;
  private static final int FLAGS =
      Nbd.HAS_FLAGS
          | Nbd.SEND_FLUSH
          | Nbd.SEND_FUA
          | Nbd.SEND_TRIM
          | Nbd.SEND_WRITE_ZEROES
          | Nbd.CAN_MULTI_CONN
          | Nbd.SEND_CACHE
          | Nbd.SEND_FAST_ZERO;

  private Running running;

  @BeforeEach
  void start() throws IOException {
    running = Running.tcp(loop -> new MemoryDevice(loop, SIZE, null));
  }

  @AfterEach
  void stop() {
    running.close();
  }

  @Test
  void greetsAsFixedNewstyle() throws IOException {
    try (RawSocket s = RawSocket.to(running)) {
      ByteBuffer g = s.read(18);
      assertThat(g.getLong()).isEqualTo(Nbd.MAGIC);
      assertThat(g.getLong()).isEqualTo(Nbd.OPTION_MAGIC);
      assertThat(g.getShort()).isEqualTo((short) 3);
    }
  }

  @Test
  void unknownClientFlagsEndTheConnection() throws IOException {
    try (RawSocket s = RawSocket.to(running)) {
      s.read(18);
      s.send(ByteBuffer.allocate(4).putInt(1 | 1 << 7));
      assertThat(s.closedByServer()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {Nbd.OPT_PEEK_EXPORT, Nbd.OPT_STARTTLS, Nbd.OPT_EXTENDED_HEADERS, 12, 99, -1})
  void unsupportedOptionsAreRefusedAndTheTalkGoesOn(int option) throws IOException {
    try (RawSocket s = RawSocket.greeted(running)) {
      s.option(option, new byte[100]);
      OptionReply r = s.reply();
      assertThat(r.option()).isEqualTo(option);
      assertThat(r.type()).isEqualTo(Nbd.REP_ERR_UNSUP);
      s.option(Nbd.OPT_LIST, new byte[0]);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_SERVER);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ACK);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void exportNameWithAndWithoutZeroes(boolean noZeroes) throws IOException {
    try (RawSocket s = RawSocket.to(running)) {
      s.read(18);
      s.send(ByteBuffer.allocate(4).putInt(noZeroes ? 3 : 1));
      s.option(Nbd.OPT_EXPORT_NAME, "vol".getBytes(StandardCharsets.UTF_8));
      ByteBuffer r = s.read(noZeroes ? 10 : 134);
      assertThat(r.getLong()).isEqualTo(SIZE);
      assertThat(r.getShort() & 0xffff).isEqualTo(FLAGS);
      s.request(0, Nbd.CMD_FLUSH, 5, 0, 0);
      assertThat(s.simple()).isEqualTo(new RawSocket.Simple(0, 5));
    }
  }

  @Test
  void exportNameOfAnotherExportEndsTheConnection() throws IOException {
    try (RawSocket s = RawSocket.greeted(running)) {
      s.option(Nbd.OPT_EXPORT_NAME, "other".getBytes(StandardCharsets.UTF_8));
      assertThat(s.closedByServer()).isTrue();
    }
  }

  @Test
  void abortIsAcknowledged() throws IOException {
    try (RawSocket s = RawSocket.greeted(running)) {
      s.option(Nbd.OPT_ABORT, new byte[0]);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ACK);
      assertThat(s.closedByServer()).isTrue();
    }
  }

  @Test
  void listNamesTheExport() throws IOException {
    try (RawSocket s = RawSocket.greeted(running)) {
      s.option(Nbd.OPT_LIST, new byte[0]);
      ByteBuffer d = s.reply().data();
      byte[] name = new byte[d.getInt()];
      d.get(name);
      assertThat(new String(name, StandardCharsets.UTF_8)).isEqualTo("vol");
      assertThat(StandardCharsets.UTF_8.decode(d).toString()).isEqualTo("a test volume");
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ACK);
      s.option(Nbd.OPT_LIST, new byte[1]);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ERR_INVALID);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "vol"})
  void infoThenGoSayTheSame(String name) throws IOException {
    try (RawSocket s = RawSocket.greeted(running)) {
      for (int option : new int[] {Nbd.OPT_INFO, Nbd.OPT_GO}) {
        s.option(option, RawSocket.info(name, 1, 2, 3, 77));
        ByteBuffer export = s.reply().data();
        assertThat(export.getShort()).isEqualTo((short) Nbd.INFO_EXPORT);
        assertThat(export.getLong()).isEqualTo(SIZE);
        assertThat(export.getShort() & 0xffff).isEqualTo(FLAGS);
        assertThat(s.reply().text().substring(2)).isEqualTo("vol");
        assertThat(s.reply().text().substring(2)).isEqualTo("a test volume");
        ByteBuffer block = s.reply().data();
        assertThat(block.getShort()).isEqualTo((short) Nbd.INFO_BLOCK_SIZE);
        assertThat(block.getInt()).isEqualTo(1);
        assertThat(block.getInt()).isEqualTo(4096);
        assertThat(block.getInt()).isEqualTo(32 << 20);
        assertThat(s.reply().type()).isEqualTo(Nbd.REP_ACK);
      }
      s.request(0, Nbd.CMD_FLUSH, 1, 0, 0);
      assertThat(s.simple().error()).isZero();
    }
  }

  @Test
  void structuredRepliesBringTheDfFlag() throws IOException {
    try (RawSocket s = RawSocket.greeted(running)) {
      s.option(Nbd.OPT_STRUCTURED_REPLY, new byte[1]);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ERR_INVALID);
      s.option(Nbd.OPT_STRUCTURED_REPLY, new byte[0]);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ACK);
      s.option(Nbd.OPT_GO, RawSocket.info(""));
      assertThat(s.reply().data().getShort(10) & 0xffff).isEqualTo(FLAGS | Nbd.SEND_DF);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {Nbd.OPT_INFO, Nbd.OPT_GO})
  void wrongAndMalformedExportsAreRefusedAndTheTalkGoesOn(int option) throws IOException {
    try (RawSocket s = RawSocket.greeted(running)) {
      s.option(option, RawSocket.info("other"));
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ERR_UNKNOWN);
      s.option(option, new byte[3]);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ERR_INVALID);
      s.option(option, new byte[7]);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ERR_INVALID);
      s.option(option, ByteBuffer.allocate(6).putInt(1 << 30).array());
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ERR_INVALID);
      s.option(option, ByteBuffer.allocate(6).putShort(4, (short) 9).array());
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ERR_INVALID);
      s.option(Nbd.OPT_GO, RawSocket.info(""));
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_INFO);
    }
  }

  @Test
  void metaContexts() throws IOException {
    try (RawSocket s = RawSocket.greeted(running)) {
      s.option(Nbd.OPT_LIST_META_CONTEXT, RawSocket.query(""));
      assertThat(s.reply().type()).as("before structured replies").isEqualTo(Nbd.REP_ERR_INVALID);
      s.option(Nbd.OPT_STRUCTURED_REPLY, new byte[0]);
      s.reply();
      for (String[] all : new String[][] {{}, {"base:"}, {"x:y", "base:allocation", "base:"}}) {
        s.option(Nbd.OPT_LIST_META_CONTEXT, RawSocket.query("vol", all));
        assertThat(s.reply().text().substring(4)).isEqualTo("base:allocation");
        assertThat(s.reply().type()).isEqualTo(Nbd.REP_ACK);
      }
      for (String[] none : new String[][] {{}, {"base:"}, {"qemu:dirty"}}) {
        s.option(Nbd.OPT_SET_META_CONTEXT, RawSocket.query("vol", none));
        assertThat(s.reply().type()).isEqualTo(Nbd.REP_ACK);
      }
      s.option(Nbd.OPT_SET_META_CONTEXT, RawSocket.query("other", "base:allocation"));
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ERR_UNKNOWN);
      s.option(Nbd.OPT_SET_META_CONTEXT, RawSocket.query("vol", "base:allocation"));
      assertThat(s.reply().data().getInt()).isEqualTo(Haggling.CONTEXT_ID);
      s.reply();
      s.option(Nbd.OPT_SET_META_CONTEXT, new byte[5]);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ERR_INVALID);
      s.option(Nbd.OPT_GO, RawSocket.info("vol"));
      s.reply();
      s.reply();
      s.request(0, Nbd.CMD_BLOCK_STATUS, 1, 0, 4096);
      RawSocket.Chunk c = s.chunk();
      assertThat(c.type()).as("a failed SET selects nothing").isEqualTo(Nbd.REPLY_ERROR);
      assertThat(c.data().getInt()).isEqualTo(Nbd.EINVAL);
    }
  }

  @Test
  void aContextIsBoundToTheNameItWasAskedFor() throws IOException {
    try (RawSocket s = RawSocket.greeted(running)) {
      s.option(Nbd.OPT_STRUCTURED_REPLY, new byte[0]);
      s.reply();
      s.option(Nbd.OPT_SET_META_CONTEXT, RawSocket.query("vol", "base:allocation"));
      s.reply();
      s.reply();
      s.option(Nbd.OPT_GO, RawSocket.info(""));
      s.reply();
      s.reply();
      s.request(0, Nbd.CMD_BLOCK_STATUS, 1, 0, 4096);
      assertThat(s.chunk().type()).isEqualTo(Nbd.REPLY_ERROR);
    }
  }

  @Test
  void oversizedOptionsAreSkippedOrEndTheConnection() throws IOException {
    try (RawSocket s = RawSocket.greeted(running)) {
      s.option(Nbd.OPT_GO, new byte[Haggling.MAX_OPTION_BYTES + 1]);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ERR_TOO_BIG);
      s.option(Nbd.OPT_INFO, new byte[Haggling.MAX_OPTION_BYTES]);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ERR_INVALID);
      s.option(Nbd.OPT_LIST, new byte[0]);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_SERVER);
      s.reply();
      s.send(ByteBuffer.allocate(16).putLong(Nbd.OPTION_MAGIC).putInt(7).putInt(-1));
      assertThat(s.closedByServer()).isTrue();
    }
  }

  @Test
  void garbageEndsTheConnection() throws IOException {
    try (RawSocket s = RawSocket.greeted(running)) {
      s.send(ByteBuffer.allocate(16).putLong(0x1234));
      s.send(ByteBuffer.allocate(0));
      s.send(ByteBuffer.allocate(8).putLong(0));
      s.send(ByteBuffer.allocate(8).putLong(0));
      assertThat(s.closedByServer()).isTrue();
    }
    assertThat(running.loop.<Long>call(running.server::protocolErrors)).isEqualTo(1);
  }

  @Test
  void thePatienceForOptionsIsLimited() throws IOException {
    try (RawSocket s = RawSocket.greeted(running)) {
      for (int i = 0; i < Haggling.MAX_OPTIONS; i++) {
        s.option(99, new byte[0]);
        assertThat(s.reply().type()).isEqualTo(Nbd.REP_ERR_UNSUP);
      }
      s.option(99, new byte[0]);
      assertThat(s.closedByServer()).isTrue();
    }
  }

  @Test
  void bytesMayComeOneByOneAndAllTogether() throws IOException {
    try (RawSocket s = RawSocket.to(running)) {
      s.read(18);
      byte[] go = RawSocket.info("vol");
      ByteBuffer all = ByteBuffer.allocate(200).putInt(3);
      all.putLong(Nbd.OPTION_MAGIC).putInt(Nbd.OPT_GO).putInt(go.length).put(go);
      all.putInt(Nbd.REQUEST_MAGIC).putShort((short) 0).putShort((short) Nbd.CMD_WRITE);
      all.putLong(7).putLong(0).putInt(3).put(new byte[] {1, 2, 3});
      byte[] bytes = java.util.Arrays.copyOf(all.array(), all.position());
      for (int i = 0; i < 10; i++) {
        s.send(ByteBuffer.allocate(1).put(bytes[i]));
      }
      s.send(ByteBuffer.allocate(bytes.length).put(bytes, 10, bytes.length - 10));
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_INFO);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ACK);
      assertThat(s.simple()).isEqualTo(new RawSocket.Simple(0, 7));
    }
    assertThat(running.memory().content()).startsWith(1, 2, 3, 0);
  }

  @Test
  void whenThePoolIsGoneOptionsAreRefused() throws IOException {
    running.server.ended("another client took over");
    running.onLoop(() -> {});
    try (RawSocket s = RawSocket.greeted(running)) {
      s.option(Nbd.OPT_GO, RawSocket.info(""));
      OptionReply refused = s.reply();
      assertThat(refused.type()).isEqualTo(Nbd.REP_ERR_SHUTDOWN);
      assertThat(refused.text()).isEqualTo("another client took over");
      s.option(Nbd.OPT_ABORT, new byte[0]);
      assertThat(s.reply().type()).isEqualTo(Nbd.REP_ACK);
    }
  }
}
