package io.onehop.node.resync;

import io.onehop.node.books.LegBooks;
import io.onehop.node.leg.LegEdge;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Compares this in-sync leg with every other one, range by range, by digests taken at confirmed
 * positions (rule 5.6): both sides have no unconfirmed write in the range when they digest it, and
 * none is admitted here between this leg's digest and the peer's answer; otherwise the range is
 * tried again. One comparison at a time. On the leg's data thread.
 */
public final class Verifier {
  /** How often a differing range is looked at again before it is reported. */
  private static final int CONFIRMATIONS = 3;

  private static final long ASK_AGAIN_NANOS = 1_000_000_000L;
  private static final long PATIENCE_NANOS = 60_000_000_000L;
  private static final int MOST_DIFFERENCES = 1000;

  private final LegBooks books;
  private final PeerLinks links;
  private final Digests digests;
  private final Loop loop;
  private final Consumer<LegEdge> edges;
  private final List<LegEdge.Difference> differences = new ArrayList<>();
  private @Nullable UUID request;
  private long offset;
  private long compared;
  private int open;
  private int differing;
  private int rounds;
  private boolean touched;
  private boolean asking;
  private boolean retry;
  private byte[] mine = new byte[0];
  private long question;
  private long askedAt;
  private long progressAt;

  /** Parts as named. */
  public Verifier(
      LegBooks books, PeerLinks links, Digests digests, Loop loop, Consumer<LegEdge> edges) {
    this.books = books;
    this.links = links;
    this.digests = digests;
    this.loop = loop;
    this.edges = edges;
  }

  /** See {@code LegOrder.Verify}. */
  public void start(UUID id) {
    if (request != null) {
      edges.accept(new LegEdge.Verified(id, 0, List.of(), "another comparison is running"));
      return;
    }
    request = id;
    offset = 0;
    compared = 0;
    rounds = 0;
    differences.clear();
    progressAt = loop.now();
    begin();
  }

  /** A write to this range was admitted. */
  public void touched(long at, long length) {
    if (request != null && at < offset + Digests.RANGE && offset < at + length) {
      touched = true;
    }
  }

  private int length() {
    return (int) Math.min(Digests.RANGE, books.disk.blocks() * PoolView.BLOCK_SIZE - offset);
  }

  private void begin() {
    PoolView v = books.view();
    if (v == null || books.state() != LegState.IN_SYNC) {
      end("this leg is not in sync any more");
      return;
    }
    int others = v.inSyncSet() & ~(1 << books.self());
    if (others == 0) {
      end("no other leg is in sync: there is nothing to compare with");
      return;
    }
    touched = false;
    retry = false;
    askedAt = loop.now();
    question++;
    long expected = question;
    digests.digest(
        offset,
        length(),
        (status, digest) -> {
          if (expected != question || request == null) {
            return;
          }
          if (status != Status.OK) {
            retry = true;
            return;
          }
          mine = digest;
          open = others;
          differing = 0;
          asking = true;
          ask(others);
        });
  }

  private void ask(int members) {
    for (int i = 0; i < PoolView.MAX_MEMBERS; i++) {
      if ((members & 1 << i) != 0) {
        FrameHeader h = links.header(FrameType.DIGEST, i, question);
        h.offset = offset;
        h.length = length();
        retry |= !links.send(i, h);
      }
    }
  }

  /** A DIGEST_ACK frame of {@code member}. */
  public void answer(int member, FrameHeader h, ByteBuffer payload) {
    if (request == null || h.sequence != question || (open & 1 << member) == 0) {
      return;
    }
    open &= ~(1 << member);
    byte[] theirs = new byte[payload.remaining()];
    payload.get(theirs);
    if (h.status != Status.OK || h.generation != books.generation()) {
      retry = true;
    } else if (!Arrays.equals(mine, theirs)) {
      differing |= 1 << member;
    }
    if (open == 0) {
      judge();
    }
  }

  private void judge() {
    asking = false;
    if (touched || retry || digests.judge(offset, length()) != Status.OK) {
      retry = true;
      return;
    }
    progressAt = loop.now();
    if (differing != 0 && ++rounds < CONFIRMATIONS) {
      begin();
      return;
    }
    if (differing != 0) {
      differ();
    }
    rounds = 0;
    compared += length();
    offset += length();
    if (offset >= books.disk.blocks() * PoolView.BLOCK_SIZE) {
      end("");
    } else {
      // By way of the loop, so that clients are served between two ranges.
      loop.execute(() -> {
        if (request != null) {
          begin();
        }
      });
    }
  }

  private void differ() {
    PoolView v = java.util.Objects.requireNonNull(books.view());
    List<String> nodes = new ArrayList<>();
    nodes.add(v.members().get(books.self()).node());
    for (int i = 0; i < v.members().size(); i++) {
      if ((differing & 1 << i) != 0) {
        nodes.add(v.members().get(i).node());
      }
    }
    long length = Math.min(length(), v.sizeBytes() - offset);
    if (!differences.isEmpty()) {
      LegEdge.Difference last = differences.getLast();
      if (last.offset() + last.length() == offset && last.nodes().equals(nodes)) {
        differences.removeLast();
        differences.add(new LegEdge.Difference(last.offset(), last.length() + length, nodes));
        return;
      }
    }
    if (differences.size() < MOST_DIFFERENCES) {
      differences.add(new LegEdge.Difference(offset, length, nodes));
    }
  }

  /** Tries again what could not be compared. */
  public void tick() {
    if (request == null) {
      return;
    }
    if (loop.now() - progressAt > PATIENCE_NANOS) {
      end("the range at " + offset + " could not be compared for a minute");
    } else if (retry || (asking && loop.now() - askedAt > ASK_AGAIN_NANOS)) {
      asking = false;
      begin();
    }
  }

  private void end(String error) {
    UUID id = java.util.Objects.requireNonNull(request);
    PoolView v = books.view();
    request = null;
    long bytes = v == null ? compared : Math.min(compared, v.sizeBytes());
    edges.accept(new LegEdge.Verified(id, bytes, List.copyOf(differences), error));
  }
}
