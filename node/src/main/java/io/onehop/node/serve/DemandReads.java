package io.onehop.node.serve;

import io.onehop.node.books.LegBooks;
import io.onehop.node.resync.Healer;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads of a client at a syncing leg that wait for blocks to be fetched (rule 4.2): those go before
 * all other healing, join what is under way, and are answered as soon as nothing of their range is
 * missing. They are not admitted yet, so a new view judges them again. On the data loop.
 */
final class DemandReads {
  /** Where reads come from and go back to. */
  interface Source {
    /** To be judged again: answered, refused, or waiting once more. */
    void again(ClientLink link, FrameHeader h);

    /** Not to be had here. */
    void refuse(ClientLink link, FrameHeader h, int status);
  }

  private record Waiting(ClientLink link, FrameHeader header, long since) {
    long from() {
      return header.offset / PoolView.BLOCK_SIZE;
    }

    long to() {
      return (header.offset + header.length) / PoolView.BLOCK_SIZE;
    }
  }

  /** Most reads that wait; more are answered NOT_IN_SYNC. */
  static final int MOST = 256;

  private final LegBooks books;
  private final Loop loop;
  private final Healer healer;
  private final Source source;
  private final List<Waiting> waiting = new ArrayList<>();
  private long taken;
  private long refused;

  DemandReads(LegBooks books, Loop loop, Healer healer, Source source) {
    this.books = books;
    this.loop = loop;
    this.healer = healer;
    this.source = source;
    healer.whenStored(this::progress);
  }

  /** Reads that had to wait in this run. */
  long taken() {
    return taken;
  }

  /** Those of them, and those beyond {@link #MOST}, that were not served. */
  long refused() {
    return refused;
  }

  /** Whether a syncing leg may serve reads at all: all in-sync peers' maps have come. */
  boolean mapsCame() {
    PoolView v = books.view();
    return v != null && (!books.rules.mapsBeforeReads() || (v.inSyncSet() & ~books.mapsFrom) == 0);
  }

  /** Something of the range is missing: waits for it; false if too many do. */
  boolean await(ClientLink link, FrameHeader h) {
    if (waiting.size() >= MOST) {
      refused++;
      return false;
    }
    taken++;
    Waiting w = new Waiting(link, new FrameHeader().copyFrom(h), loop.now());
    waiting.add(w);
    healer.urge(w.from(), w.to());
    return true;
  }

  /** Something healed. */
  private void progress() {
    for (int i = waiting.size() - 1; i >= 0; i--) {
      Waiting w = waiting.get(i);
      if (!books.missesAny(w.from(), w.to())) {
        waiting.remove(i);
        source.again(w.link, w.header);
        i = Math.min(i, waiting.size());
      }
    }
  }

  /** Asks again, and gives up what waits too long or is nowhere to be had. */
  void tick() {
    PoolView v = books.view();
    for (int i = waiting.size() - 1; i >= 0 && v != null; i--) {
      Waiting w = waiting.get(i);
      boolean late = loop.now() - w.since > v.policies().deadlineNanos();
      boolean nowhere = healer.nowhere().intersects(w.from(), w.to());
      if (!w.link.open) {
        waiting.remove(i);
      } else if (late || nowhere) {
        waiting.remove(i);
        refused++;
        source.refuse(w.link, w.header, nowhere ? Status.MISSING : Status.NOT_IN_SYNC);
      } else {
        healer.urge(w.from(), w.to());
      }
    }
    progress();
  }

  /** Another view is adopted: all are judged by it. */
  void adopted() {
    List<Waiting> before = List.copyOf(waiting);
    waiting.clear();
    before.forEach(w -> source.again(w.link, w.header));
  }

  /** Nothing is answered any more. */
  void end() {
    waiting.clear();
  }
}
