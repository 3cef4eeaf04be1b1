package io.onehop.node.serve;

import io.onehop.node.books.TestViews;
import io.onehop.node.leg.LegOrder;
import io.onehop.protocol.wire.Hello;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** A leg with peers, for tests of resync from either side. */
abstract class ResyncCase {
  final EngineLab lab = new EngineLab();

  /** Leg 0 is syncing, leg {@code 1} in sync and played, leg 2 stale; the writer is attached. */
  EngineLab.Peer syncing() {
    EngineLab.Peer b = lab.peer(1);
    lab.written();
    lab.adopt(TestViews.syncing(TestViews.evicted(TestViews.evicted(lab.view, 2), 0), 0, 100));
    lab.loop.advance(200);
    return b;
  }

  void maps() {
    lab.engine.order(new LegOrder.RequestMaps(lab.view.generation(), 1 << 1));
    lab.loop.advance(1);
  }

  void heal() {
    lab.engine.order(new LegOrder.Heal(lab.view.generation()));
    lab.loop.advance(1);
  }

  FrameHeader fetched(FrameHeader request) {
    FrameHeader a = new FrameHeader().copyFrom(request);
    a.type = FrameType.FETCHED;
    return a;
  }

  String own() {
    return lab.disk.ownMissing().toString();
  }

  List<Long> union() {
    TestConnection c = peerConnection(1, 101);
    FrameHeader h = request(c, FrameType.UNION_REQUEST);
    lab.engine.frame(c, h, ByteBuffer.allocate(0));
    ByteBuffer p = c.last().payload().order(ByteOrder.BIG_ENDIAN);
    List<Long> words = new java.util.ArrayList<>();
    while (p.hasRemaining()) {
      words.add(Long.reverseBytes(p.getLong()));
    }
    return words;
  }

  TestConnection peerConnection(int index, long incarnation) {
    TestConnection c = new TestConnection();
    lab.engine.incoming(
        c,
        new FrameHeader(),
        new Hello(
            Hello.SenderRole.PEER,
            "p",
            TestViews.POOL,
            TestViews.LINEAGE,
            TestViews.id(index),
            incarnation,
            0,
            1,
            "",
            0));
    return c;
  }

  FrameHeader request(TestConnection c, int type) {
    FrameHeader h = new FrameHeader();
    h.type = type;
    h.handle = c.sent.getFirst().header().handle;
    h.generation = lab.view.generation();
    h.epoch = lab.view.epoch();
    return h;
  }

  int ask(TestConnection c, FrameHeader h) {
    lab.engine.frame(c, h, ByteBuffer.allocate(0));
    return c.last().header().status;
  }
}
