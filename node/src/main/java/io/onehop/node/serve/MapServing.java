package io.onehop.node.serve;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.Speech;
import io.onehop.node.store.BlockSet;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.RunsCodec;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.Connection;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Gives a syncing leg its map, and those of other absent legs (rules 6.4, 6.8). On the data loop.
 */
final class MapServing {
  /** Most runs of one map: 16 MiB on the wire. */
  private static final int MAX_RUNS = 1 << 20;

  private final LegBooks books;
  private final Speech speech;

  MapServing(LegBooks books, Speech speech) {
    this.books = books;
    this.speech = speech;
  }

  /**
   * Answers one request.
   *
   * @param m the asker as the adopted view has it, or null
   * @param incarnation that the asker said hello with
   * @param r the answer, whose status says whether the adopted generation is the one asked for
   */
  void map(Connection to, @Nullable Member m, long incarnation, FrameHeader h, FrameHeader r) {
    PoolView v = books.view();
    Member of = v == null || m == null ? null : subject(v, m, h.extra);
    int status = r.status;
    if (status != Status.OK && !books.rules.mapGeneration() && v != null) {
      status = Status.OK;
    }
    if (status == Status.OK
        && (v == null
            || m == null
            || !v.ready()
            || books.state() != LegState.IN_SYNC
            || m.state() != LegState.SYNCING
            || m.incarnation() != incarnation
            || m.since() != h.offset
            || of == null)) {
      status = Status.NOT_IN_SYNC;
    }
    r.status = status;
    if (status != Status.OK || of == null) {
      to.send(r);
      return;
    }
    r.extra = h.extra;
    BlockSet map = books.disk.missMap(of.id());
    Speech.RunSender sender = speech.new RunSender(to, r);
    long gap = gap(map);
    for (long b = map.next(0); b >= 0; ) {
      long e = map.nextAbsent(b);
      long next = map.next(e);
      while (next >= 0 && next - e < gap) {
        e = map.nextAbsent(next);
        next = map.next(e);
      }
      sender.add(b, e);
      b = next;
    }
    sender.finish();
  }

  /**
   * Runs closer than this are sent as one: a map in too many pieces would not fit into what a
   * connection queues, and copying more than is missing is allowed.
   */
  private long gap(BlockSet map) {
    int runs = 0;
    for (long b = map.next(0); b >= 0; b = map.next(map.nextAbsent(b))) {
      if (++runs > MAX_RUNS) {
        return Math.max(2, 2 * books.disk.blocks() / MAX_RUNS);
      }
    }
    return 0;
  }

  /** Whose map is asked for: the asker's, or another absent member's (rule 6.8). */
  private @Nullable Member subject(PoolView v, Member asker, long which) {
    if (which == 0) {
      return asker;
    }
    if (which < 0 || which > v.members().size()) {
      return null;
    }
    Member of = v.members().get((int) which - 1);
    return of.isLeg() && of.state() != LegState.IN_SYNC && !of.id().equals(books.member)
        ? of
        : null;
  }

  /**
   * Blocks that a syncing leg has healed leave its map (rule 6.7).
   *
   * @param m the sender as the adopted view has it, or null
   * @param incarnation that it said hello with
   * @return whether it was a clear of the sender's present stay, run and generation
   */
  boolean clear(
      UUID member, @Nullable Member m, long incarnation, FrameHeader h, ByteBuffer payload)
      throws WireException {
    PoolView v = books.view();
    boolean valid =
        v != null
            && m != null
            && h.generation == books.generation()
            && v.ready()
            && m.state() == LegState.SYNCING
            && m.since() == h.offset
            && m.incarnation() == h.extra
            && h.extra == incarnation;
    if (valid || !books.rules.clearChecked()) {
      BlockSet map = books.disk.missMap(member);
      RunsCodec.forEach(
          payload, books.disk.blocks(), (start, count) -> map.remove(start, start + count));
    }
    return valid;
  }
}
