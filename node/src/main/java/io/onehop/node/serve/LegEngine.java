package io.onehop.node.serve;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.LegRules;
import io.onehop.node.books.MediaErrors;
import io.onehop.node.books.Ops;
import io.onehop.node.books.Speech;
import io.onehop.node.leg.LegDataPlane;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.leg.LegStatus;
import io.onehop.node.resync.Digests;
import io.onehop.node.resync.Healer;
import io.onehop.node.resync.MapTaker;
import io.onehop.node.resync.Mender;
import io.onehop.node.resync.PeerLinks;
import io.onehop.node.resync.Reconciler;
import io.onehop.node.resync.UnionCopier;
import io.onehop.node.resync.Verifier;
import io.onehop.node.store.LegDisk;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.Hello;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.BufPool;
import io.onehop.transport.Connection;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import io.onehop.transport.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One leg's data plane: connections of clients and peers in, orders of the control plane in, edges
 * out. Puts the parts together and keeps the barrier of adoption (rule 2.1); decides nothing else.
 * All of it on one data loop, but {@link #status} and {@link #accepted}.
 */
public final class LegEngine implements LegDataPlane, PoolPort {
  /**
   * What a leg is made of.
   *
   * @param incarnation of this run, not 0
   * @param bootId of the running kernel
   * @param edges where edges go; called on the loop
   * @param rules {@link LegRules#ALL} outside the simulator
   */
  public record Setup(
      UUID pool,
      String poolName,
      UUID member,
      Loop loop,
      Transport transport,
      BufPool bufs,
      LegDisk disk,
      long incarnation,
      UUID bootId,
      Consumer<LegEdge> edges,
      LegRules rules) {}

  private static final long TICK_NANOS = 50_000_000L;

  /** Requests that a client may have in flight beside its window of writes, twice. */
  private static final int CREDITS = 1024;

  private final Setup setup;
  private final Loop loop;
  private final LegBooks books;
  private final Ops ops;
  private final ClientLinks clients;
  private final Admission admission;
  private final ClientFrames frames;
  private final PeerServing peers;
  private final PeerLinks links;
  private final MediaErrors media;
  private final DemandReads demand;
  private final MapTaker maps;
  private final Healer healer;
  private final Mender mender;
  private final Reconciler reconciler;
  private final UnionCopier copier;
  private final Verifier verifier;
  private final Silence silence;
  private Loop.@Nullable Timer polling;
  private @Nullable PoolView pending;
  private volatile LegStatus status;
  private boolean cleanBefore;
  private boolean stopping;
  private boolean dead;

  /** Touches nothing yet; call {@link #start}. */
  public LegEngine(Setup setup) {
    this.setup = setup;
    this.loop = setup.loop;
    this.books = new LegBooks(setup.disk, setup.rules, setup.member, setup.incarnation);
    Speech speech = new Speech(setup.bufs);
    this.ops = new Ops(setup.disk, books.unsynced, this::idle);
    Consumer<LegEdge> edges = this::edge;
    this.clients = new ClientLinks(loop, speech, edges, setup.member, setup.incarnation);
    this.links = new PeerLinks(loop, setup.transport, setup.bufs, books);
    this.media = new MediaErrors(books, ops, setup.bufs, loop, this::fail);
    Digests digests = new Digests(books, ops, setup.bufs, media);
    this.verifier = new Verifier(books, links, digests, loop, edges);
    this.admission = new Admission(books, ops, speech, loop, verifier::touched, media, this::fail);
    this.frames = new ClientFrames(books, clients, admission, this::adopt);
    this.copier = new UnionCopier(books, ops, admission.copier(), links, loop, edges);
    this.healer =
        new Healer(
            books, ops, admission.copier(), links, speech, loop, edges, admission::lastForeground);
    this.maps = new MapTaker(books, links, loop, edges, healer::mapsArrived);
    this.mender =
        new Mender(books, ops, admission.copier(), links, loop, edges, admission::lastForeground);
    this.demand = admission.reads().fetchBy(healer, loop);
    this.reconciler = new Reconciler(books, links, speech, loop, edges);
    this.peers = new PeerServing(books, ops, speech, copier, digests, media, () -> pending != null);
    links.answers(new PeerAnswers(maps, healer, mender, copier, reconciler, verifier, this::fail));
    this.silence = new Silence(loop);
    this.status = snapshot();
  }

  /**
   * Records this leg's suspects and marks the run (rules 6.2, 8.3). On the loop.
   *
   * @throws IOException if that cannot be made durable
   */
  public void start() throws IOException {
    cleanBefore = setup.disk.superblock().clean();
    books.start(setup.bootId);
    polling = setup.loop.atEndOfTurn(this::poll);
    tick();
  }

  private void poll() {
    try {
      if (!dead) {
        setup.disk.poll();
      }
    } catch (UncheckedIOException | InternalError e) {
      fail(e);
    }
  }

  private void tick() {
    if (dead) {
      return;
    }
    try {
      setup.disk.poll();
      links.tick();
      maps.tick();
      healer.tick();
      mender.tick();
      demand.tick();
      copier.tick();
      reconciler.tick();
      verifier.tick();
    } catch (UncheckedIOException | InternalError e) {
      fail(e);
    }
    silence.look(books.view());
    clients.dropSilent(silence);
    peers.dropSilent(silence);
    status = snapshot();
    loop.schedule(TICK_NANOS, this::tick);
  }

  private void edge(LegEdge edge) {
    if (dead) {
      return;
    }
    status = snapshot();
    setup.edges.accept(edge);
    if (edge instanceof LegEdge.DiskFailed f) {
      // Whichever part noticed it: this run is over, nothing is served from here any more.
      shutDown(f.reason());
    }
  }

  private LegStatus snapshot() {
    return Snapshot.of(books, links, clients, healer, peers, media, demand, cleanBefore);
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
    return setup.pool;
  }

  @Override
  public String poolName() {
    return setup.poolName;
  }

  @Override
  public void order(LegOrder order) {
    if (dead) {
      return;
    }
    try {
      carryOut(order);
    } catch (UncheckedIOException | InternalError e) {
      fail(e);
    }
  }

  private void carryOut(LegOrder order) {
    switch (order) {
      case LegOrder.Adopt a -> adopt(a.view());
      case LegOrder.RequestMaps m -> maps.requestMaps(m.generation(), m.sources());
      case LegOrder.Heal h -> healer.heal(h.generation());
      case LegOrder.RecordPromotion p -> recordPromotion(p.generation());
      case LegOrder.GatherUnion u -> reconciler.gather(u.generation(), u.members());
      case LegOrder.RecordUnion u -> reconciler.record(u.generation(), u.members());
      case LegOrder.CopyUnion u -> reconciler.copy(u.generation(), u.members());
      case LegOrder.AnswerAttach a -> clients.answer(a.token(), a.status(), a.text(), 0);
      case LegOrder.AnswerDetach a -> clients.answer(a.token(), a.status(), a.text(), 0);
      case LegOrder.AnswerLease a -> clients.answer(a.token(), Status.OK, "", a.granted());
      case LegOrder.Verify v -> verifier.start(v.request(), v.against());
      case LegOrder.KeepOut k -> clients.keepOut(k);
      case LegOrder.Stop s -> stop();
    }
  }

  private void recordPromotion(long generation) {
    try {
      books.recordPromotion(generation);
      edge(new LegEdge.PromotionRecorded(generation));
    } catch (IOException e) {
      fail("superblock: " + e.getMessage());
    }
  }

  private void adopt(PoolView v) {
    if (stopping || dead || v.indexOf(setup.member) < 0 || !books.newer(v)) {
      return;
    }
    if (pending == null || v.generation() > pending.generation()) {
      pending = v;
    }
    admission.hold();
    // Nor may resync keep the store busy; it begins again in the new generation.
    healer.hold();
    mender.hold();
    copier.hold();
    idle();
  }

  /** The barrier (rule 2.1): passed when nothing is in progress. */
  private void idle() {
    if (dead) {
      return;
    }
    if (stopping && ops.inProgress() == 0) {
      finishStop();
      return;
    }
    PoolView v = pending;
    if (v == null || (books.rules.barrier() && ops.inProgress() > 0)) {
      return;
    }
    pending = null;
    PoolView before = books.view();
    UUID was = before == null ? setup.disk.superblock().lineage() : before.lineage();
    if (!was.equals(v.lineage())) {
      peers.forked();
    }
    long stint = books.stint;
    try {
      books.adopt(v);
    } catch (UncheckedIOException e) {
      fail("adopting generation " + v.generation() + ": " + e.getMessage());
      return;
    }
    maps.adopted();
    healer.adopted(v, stint != books.stint);
    mender.adopted(v);
    reconciler.adopted();
    copier.adopted();
    links.view(v);
    clients.publish(v);
    edge(new LegEdge.Adopted(v.generation()));
    admission.resume();
  }

  private void stop() {
    if (!stopping) {
      stopping = true;
      admission.stop();
      if (ops.inProgress() == 0) {
        finishStop();
      }
    }
  }

  private void finishStop() {
    if (dead) {
      return;
    }
    books.sync(s -> {
      if (dead) {
        return;
      }
      if (s != Status.OK) {
        fail(books.syncFailed(Status.name(s)));
        return;
      }
      try {
        books.markCleanStop();
      } catch (IOException | UncheckedIOException e) {
        fail("clean stop: " + e.getMessage());
        return;
      }
      edge(new LegEdge.Stopped());
      shutDown("the node stops");
    });
  }

  private void fail(String reason) {
    edge(new LegEdge.DiskFailed(reason));
  }

  /** An InternalError is a page of mapped metadata that cannot be read or written. */
  private void fail(Throwable e) {
    fail("metadata: " + e.getMessage());
  }

  @Override
  public void shutDown(String why) {
    dead = true;
    if (polling != null) {
      polling.cancel();
    }
    admission.end();
    clients.closeAll(why);
    links.close();
    peers.closeAll(why);
  }

  @Override
  public void incoming(Connection c, FrameHeader h, Hello hello) {
    if (dead || stopping) {
      c.close("the node stops");
      return;
    }
    switch (hello.role()) {
      case CLIENT ->
          c.attach(clients.hello(c, h, hello, CREDITS + 2 * setup.disk.unconfirmed().window()));
      case PEER -> c.attach(peers.hello(c, h, hello, clients));
    }
  }

  @Override
  public void frame(Connection c, FrameHeader h, ByteBuffer payload) {
    Object who = c.attachment();
    try {
      if (dead) {
        return;
      }
      if (who instanceof ClientLink l) {
        if (h.handle == l.handle) {
          frames.frame(l, h, payload);
        } else {
          c.close("wrong handle");
        }
      } else if (who instanceof PeerServing.PeerLink l) {
        if (h.handle == l.handle) {
          peers.request(l, h, payload);
        } else {
          c.close("wrong handle");
        }
      }
    } catch (WireException e) {
      c.close(String.valueOf(e.getMessage()));
    } catch (UncheckedIOException | InternalError e) {
      fail(e);
    }
  }

  @Override
  public void closed(Connection c) {
    Object who = c.attachment();
    if (who instanceof ClientLink l) {
      clients.closed(l);
    } else if (who instanceof PeerServing.PeerLink l) {
      peers.closed(l);
    }
  }
}
