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
 * tried again, in smaller pieces if it is written all the time. Of three and more legs those are
 * named that differ from the majority. On request it compares with one leg that is out of sync or
 * of the pool, at whatever that one holds. One comparison at a time. On the leg's data thread.
 */
public final class Verifier {
  /** How often a differing range is looked at again before it is reported. */
  private static final int CONFIRMATIONS = 3;

  private static final long ASK_AGAIN_NANOS = 1_000_000_000L;
  private static final long RETRY_NANOS = 5_000_000L;

  /** How long a range that somebody's medium has lost is waited for before it is passed over. */
  private static final long LOST_PATIENCE_NANOS = 3_000_000_000L;

  private static final long PATIENCE_NANOS = 60_000_000_000L;

  /** Who is not connected for so long will not be waited for. */
  private static final long REACH_NANOS = 5_000_000_000L;

  private static final int MOST_DIFFERENCES = 1000;

  private final LegBooks books;
  private final PeerLinks links;
  private final Digests digests;
  private final Loop loop;
  private final Consumer<LegEdge> edges;
  private final List<LegEdge.Difference> differences = new ArrayList<>();
  private final byte[] @Nullable [] theirs = new byte[PoolView.MAX_MEMBERS][];
  private @Nullable UUID request;
  private int against;
  private int size;
  private int lost;
  private int lostOn;
  private long lostBytes;
  private long offset;
  private long compared;
  private int open;
  private int rounds;
  private boolean touched;
  private boolean asking;
  private boolean retry;
  private byte[] mine = new byte[0];
  private long question;
  private long askedAt;
  private long progressAt;
  private int unreached;
  private long reachedAt;

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
  public void start(UUID id, int member) {
    if (request != null) {
      edges.accept(new LegEdge.Verified(id, 0, List.of(), "another comparison is running"));
      return;
    }
    request = id;
    against = member;
    size = Digests.RANGE;
    offset = 0;
    compared = 0;
    lostOn = 0;
    lostBytes = 0;
    rounds = 0;
    differences.clear();
    progressAt = loop.now();
    unreached = 0;
    reachedAt = progressAt;
    begin();
  }

  /** A write to this range was admitted. */
  public void touched(long at, long length) {
    if (request != null && at < offset + size && offset < at + length) {
      touched = true;
    }
  }

  private int length() {
    return (int) Math.min(size, books.disk.blocks() * PoolView.BLOCK_SIZE - offset);
  }

  private void begin() {
    PoolView v = books.view();
    if (v == null || books.state() != LegState.IN_SYNC) {
      end("this leg is not in sync any more");
      return;
    }
    int others = others(v);
    if (others == 0) {
      end(
          against >= 0
              ? "there is no other leg with that number"
              : "no other leg is in sync: there is nothing to compare with");
      return;
    }
    touched = false;
    retry = false;
    asking = false;
    lost = 0;
    open = others;
    Arrays.fill(theirs, null);
    askedAt = loop.now();
    question++;
    long expected = question;
    digests.digest(
        offset,
        length(),
        false,
        (status, digest) -> {
          if (expected != question || request == null) {
            return;
          }
          if (status == Status.MISSING) {
            lost |= 1 << books.self();
            judge();
          } else if (status != Status.OK) {
            again();
          } else {
            mine = digest;
            asking = true;
            ask(others);
          }
        });
  }

  private int others(PoolView v) {
    if (against < 0) {
      return v.inSyncSet() & ~(1 << books.self());
    }
    boolean leg = against < v.members().size() && v.members().get(against).isLeg();
    return leg && against != books.self() ? 1 << against : 0;
  }

  private void ask(int members) {
    unreached = 0;
    for (int i = 0; i < PoolView.MAX_MEMBERS; i++) {
      if ((members & 1 << i) != 0) {
        FrameHeader h = links.header(FrameType.DIGEST, i, question);
        h.offset = offset;
        h.length = length();
        h.flags = against < 0 ? 0 : FrameType.FLAG_AS_IT_IS;
        boolean sent = against < 0 ? links.send(i, h) : links.compare(i, h);
        unreached |= sent ? 0 : 1 << i;
      }
    }
    reachedAt = unreached == 0 ? loop.now() : reachedAt;
    retry |= unreached != 0;
    if (retry) {
      again();
    }
  }

  /** A DIGEST_ACK frame of {@code member}. */
  public void answer(int member, FrameHeader h, ByteBuffer payload) {
    if (request == null || h.sequence != question || (open & 1 << member) == 0) {
      return;
    }
    open &= ~(1 << member);
    boolean same = against >= 0 || h.generation == books.generation();
    if (h.status == Status.MISSING && same) {
      lost |= 1 << member;
    } else if (h.status != Status.OK || !same) {
      retry = true;
    } else {
      byte[] digest = new byte[payload.remaining()];
      payload.get(digest);
      theirs[member] = digest;
    }
    if (open == 0) {
      judge();
    }
  }

  /** Tries the range again, soon; one that is written all the time in smaller pieces. */
  private void again() {
    asking = false;
    retry = false;
    long expected = ++question;
    size = Math.max(PoolView.BLOCK_SIZE, size / 2);
    loop.schedule(
        RETRY_NANOS,
        () -> {
          if (expected == question && request != null) {
            begin();
          }
        });
  }

  private void judge() {
    asking = false;
    boolean waits = lost != 0 && loop.now() - progressAt <= LOST_PATIENCE_NANOS;
    if (touched || retry || waits || (lost == 0 && digests.judge(offset, length()) != Status.OK)) {
      again();
      return;
    }
    if (lost != 0) {
      lostOn |= lost;
      lostBytes += length();
    } else {
      int odd = odd();
      if (odd != 0 && ++rounds < CONFIRMATIONS) {
        begin();
        return;
      }
      if (odd != 0) {
        differ(odd);
      }
      compared += length();
    }
    progressAt = loop.now();
    rounds = 0;
    offset += length();
    size = Math.min(Digests.RANGE, 2 * size);
    if (offset >= books.disk.blocks() * PoolView.BLOCK_SIZE) {
      end("");
    } else {
      // By way of the loop, so that clients are served between two ranges.
      long expected = question;
      loop.execute(() -> {
        if (request != null && expected == question) {
          begin();
        }
      });
    }
  }

  /** Legs that differ from the majority; where there is none, all of them (mask). */
  private int odd() {
    theirs[books.self()] = mine;
    int all = 0;
    int best = 0;
    for (int i = 0; i < theirs.length; i++) {
      if (theirs[i] != null) {
        all |= 1 << i;
        int like = 0;
        for (int j = 0; j < theirs.length; j++) {
          like |= Arrays.equals(theirs[i], theirs[j]) ? 1 << j : 0;
        }
        best = Integer.bitCount(like) > Integer.bitCount(best) ? like : best;
      }
    }
    if (best == all) {
      return 0;
    }
    // With one leg that is out of the pool there is nothing to vote on.
    return against >= 0
        ? 1 << against
        : 2 * Integer.bitCount(best) > Integer.bitCount(all) ? all & ~best : all;
  }

  private void differ(int odd) {
    PoolView v = java.util.Objects.requireNonNull(books.view());
    List<String> nodes = names(v, odd);
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

  private static List<String> names(PoolView v, int mask) {
    List<String> nodes = new ArrayList<>();
    for (int i = 0; i < v.members().size(); i++) {
      if ((mask & 1 << i) != 0) {
        nodes.add(v.members().get(i).node());
      }
    }
    return nodes;
  }

  /** Tries again what was not answered. */
  public void tick() {
    if (request == null) {
      return;
    }
    if (loop.now() - progressAt > PATIENCE_NANOS) {
      end(
          against >= 0
              ? "the leg did not answer for a minute, at byte " + offset
              : "the range at " + offset + " could not be compared for a minute");
    } else if (unreached != 0 && loop.now() - reachedAt > REACH_NANOS) {
      PoolView v = books.view();
      String who = v == null ? "a leg" : String.join(", ", names(v, unreached));
      end(who + " cannot be reached from this leg");
    } else if (asking && loop.now() - askedAt > ASK_AGAIN_NANOS) {
      again();
    }
  }

  private void end(String error) {
    UUID id = java.util.Objects.requireNonNull(request);
    PoolView v = books.view();
    request = null;
    question++;
    long bytes = v == null ? compared : Math.min(compared, v.sizeBytes());
    String all = error;
    if (error.isEmpty() && lostBytes > 0 && v != null) {
      all = lostBytes + " bytes cannot be read on " + String.join(", ", names(v, lostOn));
    }
    edges.accept(new LegEdge.Verified(id, bytes, List.copyOf(differences), all));
  }
}
