package io.onehop.node.serve;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.MediaErrors;
import io.onehop.node.books.Ops;
import io.onehop.node.books.Speech;
import io.onehop.node.resync.Digests;
import io.onehop.node.resync.UnionCopier;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.Hello;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.Buf;
import io.onehop.transport.Connection;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

/**
 * Answers other legs: maps, fetches, clears, the union, digests (rules 6.4 to 6.7, 7.2, 5.6). On
 * the data loop.
 */
final class PeerServing implements Ops.Owner {
  private static final int BLOCK = PoolView.BLOCK_SIZE;

  /** A peer's incoming connection. */
  static final class PeerLink {
    final Connection connection;
    final UUID member;
    final long incarnation;
    final int handle;
    final boolean compareOnly;
    boolean open = true;

    PeerLink(
        Connection connection, UUID member, long incarnation, int handle, boolean compareOnly) {
      this.connection = connection;
      this.member = member;
      this.incarnation = incarnation;
      this.handle = handle;
      this.compareOnly = compareOnly;
    }
  }

  private final LegBooks books;
  private final Ops ops;
  private final Speech speech;
  private final UnionCopier copier;
  private final Digests digests;
  private final MediaErrors media;
  private final MapServing maps;
  private final BooleanSupplier viewWaits;
  private final FrameHeader out = new FrameHeader();
  private final List<PeerLink> links = new ArrayList<>();
  private int lastHandle = 1 << 20;
  private long servedBytes;

  /**
   * @param viewWaits whether a view waits at the barrier: then no read is begun (rule 2.1)
   */
  PeerServing(
      LegBooks books,
      Ops ops,
      Speech speech,
      UnionCopier copier,
      Digests digests,
      MediaErrors media,
      BooleanSupplier viewWaits) {
    this.books = books;
    this.ops = ops;
    this.speech = speech;
    this.copier = copier;
    this.digests = digests;
    this.media = media;
    this.maps = new MapServing(books, speech);
    this.viewWaits = viewWaits;
  }

  /**
   * A peer's hello: its link, or null if it was refused. One that names no lineage may compare,
   * nothing else; another lineage is refused (rule 2.6).
   *
   * @param clients answers it
   */
  @Nullable PeerLink hello(Connection c, FrameHeader h, Hello hello, ClientLinks clients) {
    PoolView v = books.view();
    boolean any = hello.lineage().equals(Hello.ANY);
    if (v != null && !any && !hello.lineage().equals(v.lineage())) {
      DataDoor.refuse(c, h, Status.WRONG_POOL, "the pool has another lineage", speech.bufs());
      return null;
    }
    PeerLink l = new PeerLink(c, hello.sender(), hello.incarnation(), ++lastHandle, any);
    links.add(l);
    clients.helloAck(c, h, l.handle, 256);
    return l;
  }

  /** A view of another lineage was adopted: connections are bound to theirs (rule 2.6). */
  void forked() {
    for (PeerLink l : List.copyOf(links)) {
      if (!l.compareOnly) {
        l.connection.close("the pool has another lineage");
      }
    }
  }

  void closed(PeerLink l) {
    l.open = false;
    links.remove(l);
  }

  /** Ends the connections of peers that must be gone: those that live beat. */
  void dropSilent(Silence silence) {
    for (int i = links.size() - 1; i >= 0; i--) {
      silence.judge(links.get(i).connection);
    }
  }

  void closeAll(String why) {
    for (PeerLink l : List.copyOf(links)) {
      l.connection.close(why);
    }
  }

  /** Bytes of content sent to peers. */
  long servedBytes() {
    return servedBytes;
  }

  void request(PeerLink l, FrameHeader h, ByteBuffer payload) throws WireException {
    boolean compares =
        h.type == FrameType.HEARTBEAT
            || (h.type == FrameType.DIGEST && (h.flags & FrameType.FLAG_AS_IT_IS) != 0);
    if (l.compareOnly && !compares) {
      l.connection.close("only digests are answered to a peer without lineage");
      return;
    }
    switch (h.type) {
      case FrameType.HEARTBEAT -> {
        reply(l, FrameType.HEARTBEAT_ACK, h, Status.OK);
        out.extra = h.extra;
        l.connection.send(out);
      }
      case FrameType.MAP_REQUEST ->
          maps.map(
              l.connection, asker(l), l.incarnation, h, reply(l, FrameType.MAP, h, exactly(h)));
      case FrameType.FETCH -> fetch(l, h);
      case FrameType.CLEAR -> {
        boolean valid = maps.clear(l.member, asker(l), l.incarnation, h, payload);
        if ((h.flags & FrameType.FLAG_MORE) == 0) {
          ack(l, h.sequence, h.generation, valid ? Status.OK : Status.STALE_VIEW);
        }
      }
      case FrameType.UNION_REQUEST -> union(l, h);
      case FrameType.UNION_RECORD -> {
        int status = copier.record(h, payload);
        if (status >= 0) {
          ack(l, h.sequence, h.generation, status);
        }
      }
      case FrameType.UNION_COPY -> {
        long sequence = h.sequence;
        long generation = h.generation;
        copier.copy(h, status -> ack(l, sequence, generation, status));
      }
      case FrameType.DIGEST -> digest(l, h);
      default -> l.connection.close("unknown frame type " + h.type);
    }
  }

  private FrameHeader reply(PeerLink l, int type, FrameHeader h, int status) {
    out.clear();
    out.type = type;
    out.handle = l.handle;
    out.sequence = h.sequence;
    out.status = status;
    out.generation = books.generation();
    out.epoch = h.epoch;
    out.offset = h.offset;
    out.length = h.length;
    return out;
  }

  private void ack(PeerLink l, long sequence, long generation, int status) {
    if (l.open) {
      out.clear();
      out.type = FrameType.PEER_ACK;
      out.handle = l.handle;
      out.sequence = sequence;
      out.status = status;
      // The generation it was done in; a later adoption makes the asker's check fail.
      out.generation = generation == books.generation() ? generation : books.generation();
      l.connection.send(out);
    }
  }

  private @Nullable Member asker(PeerLink l) {
    PoolView v = books.view();
    int i = v == null ? -1 : v.indexOf(l.member);
    return v == null || i < 0 ? null : v.members().get(i);
  }

  /**
   * AGAIN if this leg is behind, STALE_VIEW if it is ahead, OK if it has adopted exactly that view.
   */
  private int exactly(FrameHeader h) {
    if (h.generation == books.generation()) {
      return Status.OK;
    }
    return h.generation > books.generation() ? Status.AGAIN : Status.STALE_VIEW;
  }

  private void fetch(PeerLink l, FrameHeader h) {
    Member m = asker(l);
    PoolView v = books.view();
    int status = exactly(h);
    boolean inside =
        h.offset >= 0
            && h.length > 0
            && h.length <= FrameHeader.MAX_PAYLOAD
            && h.offset % BLOCK == 0
            && h.length % BLOCK == 0
            && h.length <= books.disk.blocks() * BLOCK - h.offset;
    if (status == Status.OK && !inside) {
      status = Status.INVALID;
    }
    if (status == Status.OK && viewWaits.getAsBoolean()) {
      status = Status.AGAIN;
    }
    if (status == Status.OK && (v == null || m == null || !mayFetch(v, m, l))) {
      status = Status.NOT_IN_SYNC;
    }
    if (status == Status.OK && books.missesAny(h.offset / BLOCK, (h.offset + h.length) / BLOCK)) {
      status = Status.MISSING; // refused at once: two legs must not wait for each other (rule 4.3)
    }
    if (status != Status.OK) {
      l.connection.send(reply(l, FrameType.FETCHED, h, status));
      return;
    }
    // Behind admitted overlapping writes, by the order of operations (rule 6.5).
    Ops.Op op = ops.take();
    op.kind = Ops.Kind.READ;
    op.offset = h.offset;
    op.length = h.length;
    op.buf = speech.bufs().take((int) h.length);
    op.from = 0;
    op.owner = this;
    op.tag = l;
    op.sequence = h.sequence;
    op.generation = h.generation;
    op.epoch = h.epoch;
    ops.submit(
        op,
        null,
        p -> {
          throw new IllegalStateException("a read has no payload");
        });
  }

  private boolean mayFetch(PoolView v, Member m, PeerLink l) {
    if (books.state() != LegState.IN_SYNC || m.incarnation() != l.incarnation) {
      return false;
    }
    return v.phase() instanceof Phase.Reconciling r
        ? r.authority() == books.self() && m.state() == LegState.IN_SYNC
        : m.state().inWriteSet(); // one in sync mends what its medium has lost
  }

  @Override
  public void ended(Ops.Op op, int status) {
    PeerLink l = java.util.Objects.requireNonNull((PeerLink) op.tag);
    if (!l.open) {
      return;
    }
    out.clear();
    out.type = FrameType.FETCHED;
    out.handle = l.handle;
    out.sequence = op.sequence;
    out.epoch = op.epoch;
    out.offset = op.offset;
    out.length = op.length;
    out.status = status;
    out.generation = books.generation();
    Buf data = java.util.Objects.requireNonNull(op.buf);
    if (status == Status.IO_ERROR) {
      FrameHeader refusal = new FrameHeader().copyFrom(out);
      media.failed(
          op.offset,
          op.length,
          lost -> {
            if (l.open) {
              // Nothing lost after all: it is asked for again.
              refusal.status = lost > 0 ? Status.MISSING : Status.AGAIN;
              l.connection.send(refusal);
            }
          });
      return;
    }
    if (status != Status.OK) {
      l.connection.send(out);
      return;
    }
    out.extra = books.rules.doubtTravels() ? doubt(op.offset, op.length) : 0;
    ByteBuffer v = data.view(0, (int) op.length);
    boolean zero = zeroes(v);
    data.done(v);
    if (zero) {
      out.flags = FrameType.FLAG_HOLE;
      l.connection.send(out);
    } else {
      servedBytes += op.length;
      l.connection.send(out, data, 0, (int) op.length);
    }
  }

  /** Rule 6.6: highest unconfirmed sequence in the range; Long.MAX_VALUE if it has no number. */
  private long doubt(long offset, long length) {
    long own = books.disk.unconfirmed().overlapping(offset, length);
    return books.disk.carried().intersects(offset / BLOCK, (offset + length) / BLOCK)
        ? Math.max(own, books.carriedDoubt())
        : own;
  }

  private static boolean zeroes(ByteBuffer v) {
    while (v.remaining() >= 8) {
      if (v.getLong() != 0) {
        return false;
      }
    }
    return true;
  }

  private void union(PeerLink l, FrameHeader h) {
    PoolView v = books.view();
    int status = exactly(h);
    if (status == Status.OK && (v == null || v.ready() || books.state() != LegState.IN_SYNC)) {
      status = Status.NOT_IN_SYNC;
    }
    FrameHeader r = reply(l, FrameType.UNION, h, status);
    if (status == Status.OK) {
      RoaringBitmap own = books.unconfirmedBlocks();
      speech.runs(l.connection, r, own);
    } else {
      l.connection.send(r);
    }
  }

  private void digest(PeerLink l, FrameHeader h) {
    boolean inside =
        h.offset >= 0
            && h.length > 0
            && h.length <= Digests.RANGE
            && h.offset % BLOCK == 0
            && h.length % BLOCK == 0
            && h.length <= books.disk.blocks() * BLOCK - h.offset;
    // Of a leg that is no part of what is served, whatever it holds (read-only comparison).
    boolean asItIs = (h.flags & FrameType.FLAG_AS_IT_IS) != 0;
    int status =
        !inside
            ? Status.INVALID
            : viewWaits.getAsBoolean() ? Status.AGAIN : asItIs ? Status.OK : exactly(h);
    FrameHeader r = new FrameHeader().copyFrom(reply(l, FrameType.DIGEST_ACK, h, status));
    if (status != Status.OK) {
      l.connection.send(r);
      return;
    }
    digests.digest(
        h.offset,
        (int) h.length,
        asItIs,
        (s, digest) -> {
          if (!l.open) {
            return;
          }
          r.status = s;
          r.generation = books.generation();
          Buf buf = speech.bufs().take(Digests.BYTES);
          buf.bytes().clear().put(digest);
          l.connection.send(r, buf, 0, Digests.BYTES);
          buf.release();
        });
  }
}
