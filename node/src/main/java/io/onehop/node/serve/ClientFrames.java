package io.onehop.node.serve;

import io.onehop.node.books.LegBooks;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Takes each frame of a client to the part that it is for. On the data loop. */
final class ClientFrames {
  private final LegBooks books;
  private final ClientLinks clients;
  private final Admission admission;
  private final Consumer<PoolView> adopt;

  /**
   * @param adopt what a client's newer view is handed to (rule 2.6)
   */
  ClientFrames(LegBooks books, ClientLinks clients, Admission admission, Consumer<PoolView> adopt) {
    this.books = books;
    this.clients = clients;
    this.admission = admission;
    this.adopt = adopt;
  }

  void frame(ClientLink l, FrameHeader h, ByteBuffer payload) throws WireException {
    clients.heard(l, h);
    switch (h.type) {
      case FrameType.WRITE, FrameType.WRITE_ZEROES, FrameType.READ, FrameType.FLUSH -> {
        if (++l.inFlight > l.credits) {
          l.connection.close("more than " + l.credits + " requests in flight");
          return;
        }
        admission.request(l, h, payload);
      }
      case FrameType.VIEW -> view(l, h, payload);
      default -> {
        if (h.type == FrameType.HEARTBEAT && writes(l)) {
          books.watermark(h.epoch, h.generation, h.watermark);
        }
        if (!clients.control(l, h, payload)) {
          l.connection.close("unknown frame type " + h.type);
        }
      }
    }
  }

  private boolean writes(ClientLink l) {
    Writer w = books.writer();
    return w != null && w.session().equals(l.session);
  }

  private void view(ClientLink l, FrameHeader h, ByteBuffer payload) throws WireException {
    PoolView now = books.view();
    PoolView v = ViewCodec.decode(payload);
    // Rule 2.6: not before this run's first register round. A view that does not name this leg, or
    // another size, is none of this pool's.
    if (now == null && !books.rules.generationDurable()) {
      adopt.accept(v); // †32: the first view that it hears, however old
      return;
    }
    if (now == null
        || !v.pool().equals(now.pool())
        || !v.lineage().equals(now.lineage())
        || v.sizeBytes() != now.sizeBytes()
        || v.indexOf(books.member) < 0) {
      clients.viewAck(l, h.sequence, Status.NO_VIEW);
      return;
    }
    l.knownGeneration = Math.max(l.knownGeneration, v.generation());
    if (v.generation() > now.generation()) {
      adopt.accept(v);
    } else {
      clients.viewAck(l, h.sequence, Status.OK);
    }
  }
}
