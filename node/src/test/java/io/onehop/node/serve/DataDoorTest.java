package io.onehop.node.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.node.books.TestViews;
import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.Hello;
import io.onehop.protocol.wire.HelloCodec;
import io.onehop.transport.BufPool;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Who is refused is told why, and its connection does not stay open. */
final class DataDoorTest {
  private final EngineLab lab = new EngineLab();

  private static Hello hello(UUID pool, UUID lineage, long connection) {
    return new Hello(
        Hello.SenderRole.CLIENT, "p", pool, lineage, TestViews.SESSION, 0, 0, connection, "h", 1);
  }

  private static void refused(TestConnection c, int status) {
    assertThat(c.last().header().type).isEqualTo(FrameType.HELLO_ACK);
    assertThat(c.last().header().status).isEqualTo(status);
    ByteBuffer why = c.last().payload();
    byte[] text = new byte[why.remaining()];
    why.get(text);
    assertThat(c.closed).isEqualTo(new String(text, StandardCharsets.UTF_8)).isNotEmpty();
  }

  @Test
  void anUnknownPool() {
    DataDoor door = new DataDoor(new BufPool(1 << 20));
    door.add(lab.engine);
    TestConnection c = new TestConnection();
    ByteBuffer payload = ByteBuffer.allocate(4096);
    HelloCodec.encode(hello(new UUID(1, 1), Hello.ANY, 1), payload);
    FrameHeader h = new FrameHeader();
    h.type = FrameType.HELLO;
    door.newListener().frame(c, h, payload.flip());
    refused(c, Status.UNKNOWN_POOL);
  }

  @Test
  void anotherLineage() {
    lab.written();
    TestConnection c = new TestConnection();
    lab.engine.incoming(c, new FrameHeader(), hello(TestViews.POOL, new UUID(1, 1), 1));
    refused(c, Status.WRONG_POOL);
  }

  @Test
  void anOlderConnectionOfALane() {
    lab.written();
    TestConnection first = new TestConnection();
    lab.engine.incoming(first, new FrameHeader(), hello(TestViews.POOL, TestViews.LINEAGE, 5));
    TestConnection c = new TestConnection();
    lab.engine.incoming(c, new FrameHeader(), hello(TestViews.POOL, TestViews.LINEAGE, 4));
    refused(c, Status.REFUSED);
    assertThat(first.closed).isNull();
  }

  @Test
  void aForkClosesWhatBelongsToTheFormerLineage() {
    lab.written();
    EngineLab.Client client = lab.client(TestViews.SESSION, 0);
    TestConnection peer = new TestConnection();
    lab.engine.incoming(
        peer,
        new FrameHeader(),
        new Hello(
            Hello.SenderRole.PEER,
            "p",
            TestViews.POOL,
            TestViews.LINEAGE,
            TestViews.id(1),
            101,
            0,
            1,
            "",
            0));
    lab.adopt(lab.view.forked(new UUID(66, 66), lab.view.generation() + 1, null, d -> d));
    assertThat(client.c.closed).isNotNull();
    assertThat(peer.closed).isNotNull();
  }

  @Test
  void aLineageThatWasLeftBehindIsOverForGood() {
    lab.written();
    lab.adopt(lab.view.forked(new UUID(66, 66), lab.view.generation() + 1, null, d -> d));
    TestConnection c = new TestConnection();
    lab.engine.incoming(c, new FrameHeader(), hello(TestViews.POOL, TestViews.LINEAGE, 9));
    refused(c, Status.FENCED);
    TestConnection other = new TestConnection();
    lab.engine.incoming(other, new FrameHeader(), hello(TestViews.POOL, new UUID(1, 1), 9));
    refused(other, Status.WRONG_POOL);
  }

  @Test
  void whoIsKeptOutServesNobodyUntilAnotherLineageTakesItAlong() {
    lab.written();
    EngineLab.Client client = lab.client(TestViews.SESSION, 0);
    PoolView by = lab.view.forked(new UUID(66, 66), lab.view.generation() + 1, null, d -> d);
    lab.engine.order(new LegOrder.KeepOut(by, "kept out, by test"));
    assertThat(client.c.closed).contains("kept out");
    TestConnection bound = new TestConnection();
    lab.engine.incoming(bound, new FrameHeader(), hello(TestViews.POOL, TestViews.LINEAGE, 9));
    refused(bound, Status.FENCED);
    TestConnection any = new TestConnection();
    lab.engine.incoming(any, new FrameHeader(), hello(TestViews.POOL, Hello.ANY, 10));
    refused(any, Status.WRONG_POOL);
    lab.adopt(by);
    TestConnection c = new TestConnection();
    lab.engine.incoming(c, new FrameHeader(), hello(TestViews.POOL, by.lineage(), 11));
    assertThat(c.closed).isNull();
  }
}
