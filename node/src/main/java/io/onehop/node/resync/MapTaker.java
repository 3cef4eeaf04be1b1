package io.onehop.node.resync;

import io.onehop.node.books.LegBooks;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.store.BlockSet;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.RunsCodec;
import io.onehop.protocol.wire.WireException;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * A syncing leg takes the maps of all in-sync peers: its own, and those of every other leg that is
 * not in sync (rules 6.4, 6.8). On the leg's data thread.
 */
public final class MapTaker {
  private static final long ASK_AGAIN_NANOS = 300_000_000L;

  private final LegBooks books;
  private final PeerLinks links;
  private final Loop loop;
  private final Consumer<LegEdge> edges;
  private final Runnable arrived;
  private final long[] askedAt = new long[PoolView.MAX_MEMBERS];

  /** Per source: the members whose maps it has not given yet, this leg among them (mask). */
  private final int[] awaited = new int[PoolView.MAX_MEMBERS];

  private int wantedMaps;
  private long mapGeneration;
  private long ids;

  /**
   * Parts as named.
   *
   * @param arrived called when all maps have come, before the edge
   */
  public MapTaker(
      LegBooks books, PeerLinks links, Loop loop, Consumer<LegEdge> edges, Runnable arrived) {
    this.books = books;
    this.links = links;
    this.loop = loop;
    this.edges = edges;
    this.arrived = arrived;
  }

  /** A view was adopted: what was under way is void. */
  public void adopted() {
    wantedMaps = 0;
  }

  /** See {@code LegOrder.RequestMaps}. */
  public void requestMaps(long generation, int sources) {
    PoolView v = books.view();
    if (v == null || generation != books.generation() || books.state() != LegState.SYNCING) {
      return;
    }
    mapGeneration = generation;
    wantedMaps = sources;
    for (int i = 0; i < v.members().size(); i++) {
      awaited[i] = 1 << books.self() | (books.rules.thirdLegMaps() ? absent(v) & ~(1 << i) : 0);
    }
    java.util.Arrays.fill(askedAt, Long.MIN_VALUE / 2);
    ask();
    if (!books.rules.allMapsFirst()) {
      books.mapsFrom |= sources; // the naive form: what its own books say is enough
      mapsComplete();
    }
  }

  /** The other legs that are not in sync: rule 6.8 wants the peers' maps of them, too. */
  private int absent(PoolView v) {
    int mask = 0;
    for (int i = 0; i < v.members().size(); i++) {
      Member m = v.members().get(i);
      if (i != books.self() && m.isLeg() && m.state() != LegState.IN_SYNC) {
        mask |= 1 << i;
      }
    }
    return mask;
  }

  private void ask() {
    PoolView v = books.view();
    int open = wantedMaps & ~books.mapsFrom;
    if (v == null || wantedMaps == 0) {
      return;
    }
    if (open == 0) {
      mapsComplete();
      return;
    }
    long now = loop.now();
    for (int i = 0; i < v.members().size(); i++) {
      if ((open & 1 << i) != 0 && links.up(i) && now - askedAt[i] >= ASK_AGAIN_NANOS) {
        askedAt[i] = now;
        for (int of = 0; of < v.members().size(); of++) {
          if ((awaited[i] & 1 << of) != 0) {
            FrameHeader h = links.header(FrameType.MAP_REQUEST, i, ++ids);
            h.generation = mapGeneration;
            h.offset = v.members().get(books.self()).since();
            h.extra = of == books.self() ? 0 : of + 1;
            links.send(i, h);
          }
        }
      }
    }
  }

  private void mapsComplete() {
    wantedMaps = 0;
    try {
      books.disk.ownMissing().force();
      PoolView v = java.util.Objects.requireNonNull(books.view());
      for (int i = 0; i < v.members().size(); i++) {
        if ((absent(v) & 1 << i) != 0) {
          books.disk.missMap(v.members().get(i).id()).force();
        }
      }
    } catch (IOException e) {
      edges.accept(new LegEdge.DiskFailed("own-missing set: " + e.getMessage()));
      return;
    }
    arrived.run();
    edges.accept(new LegEdge.MapsArrived(mapGeneration));
  }

  /** A MAP frame of member {@code source}. */
  public void map(int source, FrameHeader h, ByteBuffer payload) throws WireException {
    boolean current = h.generation == mapGeneration && books.generation() == mapGeneration;
    if (h.status != Status.OK) {
      if (h.status == Status.AGAIN) {
        askedAt[source] = loop.now() - ASK_AGAIN_NANOS + 20_000_000L;
      }
      return;
    }
    if (books.state() != LegState.SYNCING || (books.rules.mapGeneration() && !current)) {
      return;
    }
    askedAt[source] = loop.now(); // a long map may take its time; asked again it would take more
    PoolView v = java.util.Objects.requireNonNull(books.view());
    int of = h.extra == 0 ? books.self() : (int) h.extra - 1;
    if (of < 0 || of >= v.members().size()) {
      return;
    }
    if ((awaited[source] & 1 << of) == 0) {
      return; // a second answer: what it names may be healed by now, and would stay missing for
      // ever
    }
    if (of == books.self()) {
      ownMap(payload);
    } else if ((absent(v) & 1 << of) != 0) {
      BlockSet map = books.disk.missMap(v.members().get(of).id());
      RunsCodec.forEach(
          payload, books.disk.blocks(), (start, count) -> map.add(start, start + count));
    }
    if ((h.flags & FrameType.FLAG_MORE) == 0) {
      awaited[source] &= ~(1 << of);
      if (awaited[source] == 0) {
        books.mapsFrom |= 1 << source;
      }
      ask();
    }
  }

  private void ownMap(ByteBuffer payload) throws WireException {
    BlockSet own = books.disk.ownMissing();
    RunsCodec.forEach(
        payload,
        books.disk.blocks(),
        (start, count) -> {
          for (long b = start; b < start + count; ) {
            // Rule 6.4: a late bit does not make a fresh block missing.
            if (books.fresh.contains((int) b)) {
              b = Math.min(start + count, books.fresh.nextAbsentValue((int) b));
              continue;
            }
            long f = books.fresh.nextValue((int) b);
            long e = f >= 0 ? Math.min(f, start + count) : start + count;
            own.add(b, e);
            b = e;
          }
        });
  }

  /** Asks again whoever did not answer. */
  public void tick() {
    ask();
  }

  /** See {@link PeerLinks.Answers#linkDown}. */
  public void linkDown(int index) {
    askedAt[index] = Long.MIN_VALUE / 2;
  }
}
