package io.onehop.node.serve;

import io.onehop.node.resync.Healer;
import io.onehop.node.resync.MapTaker;
import io.onehop.node.resync.Mender;
import io.onehop.node.resync.PeerLinks;
import io.onehop.node.resync.Reconciler;
import io.onehop.node.resync.UnionCopier;
import io.onehop.node.resync.Verifier;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Takes what peers answer to the part that asked. On the data loop. */
record PeerAnswers(
    MapTaker maps,
    Healer healer,
    Mender mender,
    UnionCopier copier,
    Reconciler reconciler,
    Verifier verifier,
    Consumer<String> diskFailed)
    implements PeerLinks.Answers {
  @Override
  public void answer(int index, FrameHeader h, ByteBuffer payload) {
    try {
      switch (h.type) {
        case FrameType.MAP -> maps.map(index, h, payload);
        case FrameType.FETCHED -> {
          if (!copier.fetched(index, h, payload) && !mender.fetched(index, h, payload)) {
            healer.fetched(index, h, payload);
          }
        }
        case FrameType.UNION, FrameType.PEER_ACK -> reconciler.answer(index, h, payload);
        case FrameType.DIGEST_ACK -> verifier.answer(index, h, payload);
        default -> {} // HEARTBEAT_ACK, and what a later version may add
      }
    } catch (WireException e) {
      // An answer that makes no sense is no answer: it is asked for again.
    } catch (UncheckedIOException | InternalError e) {
      diskFailed.accept("metadata: " + e.getMessage());
    }
  }

  @Override
  public void linkDown(int index) {
    maps.linkDown(index);
    healer.linkDown(index);
    mender.linkDown(index);
    copier.linkDown(index);
    reconciler.linkDown(index);
  }
}
