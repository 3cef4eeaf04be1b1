package io.onehop.node.serve;

import io.onehop.node.books.Speech;
import io.onehop.node.leg.LegDataPlane;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.leg.LegStatus;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.Hello;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.BufPool;
import io.onehop.transport.Connection;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A witness' data plane: clients' hellos, heartbeats with the lease, control questions. No data.
 */
public final class WitnessEngine implements LegDataPlane, PoolPort {
  private static final long STATUS_NANOS = 100_000_000L;

  private final UUID pool;
  private final String poolName;
  private final Loop loop;
  private final ClientLinks clients;
  private final Consumer<LegEdge> edges;
  private @Nullable PoolView view;
  private volatile LegStatus status = status(null, 0, 0, 0);
  private final Silence silence;
  private boolean stopped;

  /** A witness with member id {@code member}; buffers come from {@code bufs}. */
  public WitnessEngine(
      UUID pool, String poolName, UUID member, Loop loop, BufPool bufs, Consumer<LegEdge> edges) {
    this.pool = pool;
    this.poolName = poolName;
    this.loop = loop;
    this.edges = edges;
    this.silence = new Silence(loop);
    this.clients = new ClientLinks(loop, new Speech(bufs), edges, member, 0);
  }

  /** Begins to publish its status. On the loop. */
  public void start() {
    tick();
  }

  private void tick() {
    if (!stopped) {
      silence.look(view);
      clients.dropSilent(silence);
      publish();
      loop.schedule(STATUS_NANOS, this::tick);
    }
  }

  private void publish() {
    status =
        status(
            clients.heardSession(),
            clients.heardEpoch(),
            clients.heardAt(),
            view == null ? 0 : view.generation());
  }

  private static LegStatus status(
      @Nullable UUID session, long epoch, long heardAt, long generation) {
    return new LegStatus(
        0, generation, 0, 0, session, epoch, heardAt, 0, 0, 0, 0, -1, true, false, "");
  }

  @Override
  public void order(LegOrder order) {
    switch (order) {
      case LegOrder.Adopt a -> {
        if (view == null || a.view().generation() > view.generation()) {
          view = a.view();
          clients.publish(a.view());
          publish();
          edges.accept(new LegEdge.Adopted(a.view().generation()));
        }
      }
      case LegOrder.AnswerAttach a -> clients.answer(a.token(), a.status(), a.text(), 0);
      case LegOrder.AnswerDetach a -> clients.answer(a.token(), a.status(), a.text(), 0);
      case LegOrder.AnswerLease a -> clients.answer(a.token(), Status.OK, "", a.granted());
      case LegOrder.KeepOut k -> clients.keepOut(k);
      case LegOrder.Stop s -> {
        shutDown("the node stops");
        edges.accept(new LegEdge.Stopped());
      }
      case LegOrder.RequestMaps o -> legOnly(o);
      case LegOrder.Heal o -> legOnly(o);
      case LegOrder.RecordPromotion o -> legOnly(o);
      case LegOrder.GatherUnion o -> legOnly(o);
      case LegOrder.RecordUnion o -> legOnly(o);
      case LegOrder.CopyUnion o -> legOnly(o);
      case LegOrder.Verify o -> legOnly(o);
    }
  }

  @Override
  public void shutDown(String why) {
    stopped = true;
    clients.closeAll(why);
  }

  private static void legOnly(LegOrder order) {
    throw new IllegalStateException("a witness has no data: " + order);
  }

  @Override
  public LegStatus status() {
    return status;
  }

  @Override
  public void accepted(long epoch, long voters) {
    clients.accepted(epoch, voters);
  }

  @Override
  public UUID pool() {
    return pool;
  }

  @Override
  public String poolName() {
    return poolName;
  }

  @Override
  public void incoming(Connection c, FrameHeader header, Hello hello) {
    if (stopped) {
      c.close("the node stops");
      return;
    }
    c.attach(clients.hello(c, header, hello, 64));
  }

  @Override
  public void frame(Connection c, FrameHeader h, ByteBuffer payload) {
    if (!(c.attachment() instanceof ClientLink l)) {
      return;
    }
    if (h.handle != l.handle) {
      c.close("wrong handle");
      return;
    }
    clients.heard(l, h);
    try {
      if (h.type == FrameType.VIEW) {
        // Only the register tells a witness of views (rule 1.1).
        clients.viewAck(l, h.sequence, Status.OK);
      } else if (!clients.control(l, h, payload)) {
        c.close("a witness serves no data");
      }
    } catch (WireException e) {
      c.close(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void closed(Connection c) {
    if (c.attachment() instanceof ClientLink l) {
      clients.closed(l);
    }
  }
}
