package io.onehop.node.resync;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.Ops;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/**
 * Pulls blocks from peers: pipelined, adjacent blocks merged, several sources in turn (rule 6.5).
 * What it wants is its {@link Work}'s; when it may is its {@link Pace}'s, but for what a reader
 * waits for: that goes first and at once. Blocks that a source has not got either (rule 4.3) are
 * asked for one by one, of every source, and after a while again. On the leg's data thread.
 */
final class Fetcher implements Ops.Owner {
  /** What is to be fetched. */
  interface Work {
    /** First wanted block at or after {@code from}, or -1. */
    long next(long from);

    /** End (exclusive) of the wanted run that begins at {@code from}, at most {@code max}. */
    long until(long from, long max);

    /** Whether {@code block} is still wanted. */
    boolean wants(long block);

    /** Blocks [from, to) are stored (not yet durable). */
    void stored(long from, long to);

    /** Nothing is wanted, nothing under way. May be called repeatedly. */
    void finished();

    /** The store failed. */
    void failed(int status);
  }

  /**
   * @param losses {@link LegBooks#losses} when it was asked for
   */
  private record Fetch(long id, long from, long to, int source, long losses, long askedAt) {}

  private static final int BLOCK = PoolView.BLOCK_SIZE;

  /** Most blocks in one fetch for a reader. */
  private static final int MOST_BLOCKS = 256;

  private final LegBooks books;
  private final Ops ops;
  private final Ops.PayloadCopier copier;
  private final PeerLinks links;
  private final Loop loop;
  private final Work work;
  private final Pace pace;

  /** Fetches for readers, beyond the pace; more of them wait for the background. */
  private static final int URGENT_DEPTH = 64;

  private final List<Fetch> flying = new ArrayList<>();
  private final RoaringBitmap inFlight = new RoaringBitmap();
  private final RoaringBitmap urgent = new RoaringBitmap();
  private final Refusals refusals;
  private final Sources sources;
  private boolean running;
  private long generation;
  private long ids;
  private long cursor;
  private int storing;
  private boolean pumping;

  Fetcher(
      LegBooks books,
      Ops ops,
      Ops.PayloadCopier copier,
      PeerLinks links,
      Loop loop,
      Work work,
      Pace pace) {
    this.books = books;
    this.ops = ops;
    this.copier = copier;
    this.links = links;
    this.loop = loop;
    this.work = work;
    this.pace = pace;
    this.refusals = new Refusals(loop);
    this.sources = new Sources(links, refusals);
  }

  /**
   * Begins (or goes on) in {@code generation} with the members in {@code from} (mask) as sources.
   */
  void start(long inGeneration, int from) {
    stop();
    running = true;
    generation = inGeneration;
    sources.use(from);
    pump();
  }

  /** What is under way is forgotten; late answers are dropped. */
  void stop() {
    running = false;
    flying.clear();
    inFlight.clear();
    urgent.clear();
    refusals.clear();
    cursor = 0;
  }

  /** Somebody waits for blocks [from, to): those of them that are wanted go first. */
  void urge(long from, long to) {
    urgent.add(from, to);
    pump();
  }

  /** Wanted blocks that no source has. */
  RoaringBitmap refused() {
    return refusals.nowhere();
  }

  /** Nothing is under way. */
  boolean idle() {
    return flying.isEmpty() && storing == 0;
  }

  boolean running() {
    return running;
  }

  /** Sends as many fetches as the pace allows. */
  void pump() {
    if (!running || pumping) {
      return;
    }
    pumping = true;
    try {
      refusals.tick(work);
      overdue();
      fillUrgent();
      boolean wanted = fill();
      if (!wanted && flying.isEmpty() && storing == 0 && refusals.none()) {
        work.finished();
      }
    } finally {
      pumping = false;
    }
  }

  /** What a source does not answer is asked of another one, if there is one that does. */
  private void overdue() {
    for (int i = flying.size() - 1; i >= 0; i--) {
      Fetch f = flying.get(i);
      if (loop.now() - f.askedAt > pace.patience() && sources.giveUp(f.source, f.from)) {
        flying.remove(i);
        inFlight.remove(f.from, f.to);
      }
    }
  }

  private void fillUrgent() {
    for (long b = urgent.nextValue(0); b >= 0; b = urgent.nextValue((int) b)) {
      if (!work.wants(b)) {
        urgent.remove((int) b);
      } else if (inFlight.contains((int) b)) {
        b = inFlight.nextAbsentValue((int) b);
      } else if (refusals.parked(b)) {
        b++;
      } else if (flying.size() < URGENT_DEPTH) {
        long absent = urgent.nextAbsentValue((int) b);
        long e = end(b, Math.min(b + MOST_BLOCKS, absent < 0 ? books.disk.blocks() : absent));
        if (!ask(b, e) && !sources.anyUp()) {
          return;
        }
        b = e;
      } else {
        return;
      }
    }
  }

  /** Returns whether anything is wanted that is not under way. */
  private boolean fill() {
    int wraps = 0;
    boolean skipped = false;
    while (true) {
      long b = nextIdle();
      if (b < 0) {
        if (cursor == 0 || wraps++ > 0) {
          return skipped;
        }
        cursor = 0;
        continue;
      }
      if (flying.size() >= pace.depth()) {
        return true;
      }
      long e = end(b, Math.min(b + pace.runBlocks(), books.disk.blocks()));
      if (sources.of(b) == 0) {
        if (!sources.anyUp()) {
          return true;
        }
        skipped = true;
      } else if (!pace.grant((e - b) * BLOCK) || !ask(b, e)) {
        return true;
      }
      cursor = e;
    }
  }

  /** End of the wanted run at {@code b} that can be asked for in one piece. */
  private long end(long b, long max) {
    if (refusals.single(b)) {
      return b + 1;
    }
    long busy = inFlight.nextValue((int) b);
    long e = work.until(b, busy >= 0 ? Math.min(max, busy) : max);
    long alone = refusals.nextSingle(b);
    return alone >= 0 ? Math.min(e, alone) : e;
  }

  /** Sends one fetch; false if nobody can be asked now. */
  private boolean ask(long b, long e) {
    int source = sources.next(b);
    if (source < 0) {
      return false;
    }
    FrameHeader h = links.header(FrameType.FETCH, source, ++ids);
    h.generation = generation;
    h.offset = b * BLOCK;
    h.length = (e - b) * BLOCK;
    if (!links.send(source, h)) {
      return false;
    }
    flying.add(new Fetch(ids, b, e, source, books.losses(), loop.now()));
    inFlight.add(b, e);
    return true;
  }

  private long nextIdle() {
    long b = cursor;
    while (true) {
      b = work.next(b);
      if (b < 0) {
        return b;
      }
      if (inFlight.contains((int) b)) {
        long free = inFlight.nextAbsentValue((int) b);
        if (free < 0 || free >= books.disk.blocks()) {
          return -1;
        }
        b = free;
      } else if (refusals.parked(b)) {
        b++;
      } else {
        return b;
      }
    }
  }

  /** A FETCHED frame of member {@code source}. */
  void answer(int source, FrameHeader h, ByteBuffer payload) {
    sources.heard(source);
    Fetch f = null;
    for (int i = 0; i < flying.size(); i++) {
      if (flying.get(i).id == h.sequence && flying.get(i).source == source) {
        f = flying.remove(i);
        break;
      }
    }
    if (f == null && (books.rules.fetchChecked() || h.status != Status.OK)) {
      return;
    }
    if (f == null) {
      long from = h.offset / BLOCK;
      f = new Fetch(h.sequence, from, (h.offset + h.length) / BLOCK, source, books.losses(), 0);
    }
    inFlight.remove(f.from, f.to);
    if (h.status == Status.MISSING && running && h.generation == generation) {
      refusals.refused(f.from, f.to, source, sources.all());
    }
    // What was lost since (rule 4.3) may have been written in between: the answer is older than
    // that.
    boolean current =
        h.generation == generation
            && books.generation() == generation
            && f.losses == books.losses();
    boolean whole = (h.flags & FrameType.FLAG_HOLE) != 0 || payload.remaining() == h.length;
    if (h.status == Status.OK
        && whole
        && h.offset == f.from * BLOCK
        && h.length == (f.to - f.from) * BLOCK
        && (current || !books.rules.fetchChecked())) {
      pace.arrived(h.length);
      store(f, h, payload);
    }
    // Anything else (not adopted yet, overtaken) stays wanted; the next tick asks again.
    if (h.status == Status.OK || h.status == Status.MISSING) {
      pump();
    }
  }

  private void store(Fetch f, FrameHeader h, ByteBuffer payload) {
    boolean hole = (h.flags & FrameType.FLAG_HOLE) != 0;
    int base = payload.position();
    // Held up by one while the answer is taken apart, so that no part's end looks like the last.
    storing++;
    for (long b = f.from; b < f.to; ) {
      if (!keep(b)) {
        b++;
        continue;
      }
      long e = b + 1;
      while (e < f.to && keep(e)) {
        e++;
      }
      if (h.extra != 0) {
        books.carry(b, e, h.extra);
      }
      Ops.Op op = ops.take();
      op.kind = hole ? Ops.Kind.ZERO : Ops.Kind.WRITE;
      op.punch = hole;
      op.offset = b * BLOCK;
      op.length = (e - b) * BLOCK;
      op.owner = this;
      op.generation = generation;
      storing++;
      // Not asked for again while it is being stored.
      inFlight.add(b, e);
      if (hole) {
        ops.submit(op, null, copier);
      } else {
        payload
            .limit(base + (int) ((e - f.from) * BLOCK))
            .position(base + (int) ((b - f.from) * BLOCK));
        ops.submit(op, payload, copier);
      }
      b = e;
    }
    storing--;
  }

  private boolean keep(long block) {
    return !books.rules.fetchChecked() || (work.wants(block) && !ops.writing(block * BLOCK, BLOCK));
  }

  @Override
  public void ended(Ops.Op op, int status) {
    storing--;
    inFlight.remove(op.offset / BLOCK, (op.offset + op.length) / BLOCK);
    if (status != Status.OK) {
      running = false;
      work.failed(status);
      return;
    }
    work.stored(op.offset / BLOCK, (op.offset + op.length) / BLOCK);
    if (storing == 0) {
      pump();
    }
  }

  /** Member {@code index} is not going to answer. */
  void linkDown(int index) {
    sources.heard(index);
    for (int i = flying.size() - 1; i >= 0; i--) {
      if (flying.get(i).source == index) {
        Fetch f = flying.remove(i);
        inFlight.remove(f.from, f.to);
      }
    }
  }
}
