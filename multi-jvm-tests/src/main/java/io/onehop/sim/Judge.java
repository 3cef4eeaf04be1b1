package io.onehop.sim;

import io.onehop.client.EngineSettings;
import io.onehop.node.store.Superblock;
import io.onehop.node.store.VoteStore;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The invariants of PROTOCOL §9, looked at after every event, for the blocks that it touched. */
final class Judge {
  private static final long RESUME_NANOS = EngineSettings.DEFAULT_RESUME_NANOS;

  private final World world;
  private final BitSet touched = new BitSet();
  private final Map<Long, Long> askedGeneration = new HashMap<>();
  private final Map<Long, Long> content = new HashMap<>();
  private boolean everything;

  Judge(World world) {
    this.world = world;
  }

  void touched(int block) {
    touched.set(block);
  }

  /** Looks at what the event changed. */
  void afterEvent() {
    if (everything) {
      touched.set(0, world.mix.blocks());
      everything = false;
    }
    if (touched.isEmpty()) {
      return;
    }
    for (int b = touched.nextSetBit(0); b >= 0; b = touched.nextSetBit(b + 1)) {
      acknowledgedIsThere(b);
      differenceIsCovered(b);
    }
    touched.clear();
  }

  /** Invariant 1. */
  private void acknowledgedIsThere(int block) {
    PoolView v = world.chosen.newest();
    for (int i = 0; i < world.shape.legs(); i++) {
      Member m = v.members().get(i);
      SimPlatter p = world.nodes[i].platter;
      if (m.state() == LegState.IN_SYNC
          && m.incarnation() == p.superblock.incarnation()
          && !world.history.holdsAcknowledged(block, p.data[block])) {
        throw new Violation(
            "acknowledged-lost",
            "leg %s, in sync in view %d, holds %s in block %d; %s was acknowledged"
                .formatted(
                    m.node(),
                    v.generation(),
                    History.text(p.data[block]),
                    block,
                    History.text(world.history.acknowledged(block))));
      }
    }
  }

  /**
   * Invariant 3, as any single crash leaves it: a leg in sync that differs from another leg must be
   * able to heal it with nothing but what these two keep.
   */
  private void differenceIsCovered(int block) {
    PoolView v = world.chosen.newest();
    for (int i = 0; i < world.shape.legs(); i++) {
      if (v.members().get(i).state() == LegState.IN_SYNC) {
        for (int j = 0; j < world.shape.legs(); j++) {
          if (j != i) {
            differenceIsCovered(block, world.nodes[i].platter, world.nodes[j].platter);
          }
        }
      }
    }
  }

  private void differenceIsCovered(int block, SimPlatter source, SimPlatter other) {
    if (source.data[block] == other.data[block]
        || source.doubts(block)
        || other.doubts(block)
        || source.map(world.nodes[other.index].id).set.get(block)) {
      return;
    }
    throw new Violation(
        "uncovered",
        "block %d is %s on %s, in sync, and %s on %s, and nothing says so"
            .formatted(
                block,
                History.text(source.data[block]),
                world.nodes[source.index].name,
                History.text(other.data[block]),
                world.nodes[other.index].name));
  }

  /** A write or zero request reached a leg: remembers the newest generation it came with. */
  void requested(int leg, FrameHeader h, ByteBuffer payload) {
    if (h.type == FrameType.WRITE || h.type == FrameType.WRITE_ZEROES) {
      long key = key(leg, h.epoch, h.sequence);
      askedGeneration.merge(key, h.generation, Math::max);
      boolean data = payload.remaining() >= SimDisk.BLOCK;
      content.put(key, data ? SimDisk.decode(payload, payload.position()) : 0L);
    }
  }

  /** What the request for this entry carried in its first block. */
  long expected(SimPlatter p, SimLog.Entry e) {
    return content.getOrDefault(key(p.index, e.epoch(), e.sequence()), -1L);
  }

  private static long key(int leg, long epoch, long sequence) {
    return (long) leg << 60 | epoch << 40 | sequence;
  }

  /** Invariant 4: what is admitted belongs to the adopted view. */
  void admitted(SimPlatter p, SimLog.Entry e) {
    long adopted = p.superblock.adoptedGeneration();
    long asked = askedGeneration.getOrDefault(key(p.index, e.epoch(), e.sequence()), 0L);
    if (asked < adopted) {
      throw new Violation(
          "old-generation",
          "leg %s admitted %s, sent under view %d, after it adopted %d"
              .formatted(world.nodes[p.index].name, e, asked, adopted));
    }
    PoolView v = world.chosen.of(adopted);
    Writer w = v == null ? null : v.writer();
    if (w == null || w.epoch() != e.epoch()) {
      throw new Violation(
          "old-epoch",
          "leg %s admitted %s; the writer of its view %d is %s"
              .formatted(world.nodes[p.index].name, e, adopted, w));
    }
  }

  /** Invariant 4: nothing is applied after something newer. */
  void stored(SimPlatter p, int block, long before, long after, boolean client) {
    // A block written in part is stored again as it was, possibly from an older session.
    boolean present = History.epoch(after) == writerEpoch(p);
    if (client && present && before != 0 && after < before) {
      throw new Violation(
          "applied-late",
          "leg %s replaced %s by %s in block %d"
              .formatted(
                  world.nodes[p.index].name, History.text(before), History.text(after), block));
    }
  }

  private long writerEpoch(SimPlatter p) {
    PoolView v = world.chosen.of(p.superblock.adoptedGeneration());
    Writer w = v == null ? null : v.writer();
    return w == null ? -1 : w.epoch();
  }

  /** Invariant 5: the adopted generation only grows, and only chosen views are adopted. */
  void saved(SimPlatter p, Superblock before, Superblock after) {
    everything = true;
    if (after.adoptedGeneration() < before.adoptedGeneration()) {
      throw new Violation(
          "generation-back",
          "leg %s went from view %d to %d"
              .formatted(
                  world.nodes[p.index].name,
                  before.adoptedGeneration(),
                  after.adoptedGeneration()));
    }
    if (world.chosen.of(after.adoptedGeneration()) == null && after.adoptedGeneration() > 0) {
      throw new Violation(
          "not-chosen",
          "leg %s adopted view %d, which is not chosen"
              .formatted(world.nodes[p.index].name, after.adoptedGeneration()));
    }
  }

  /** A view that a node takes for chosen must be it. */
  void learned(String node, PoolView v) {
    if (!v.equals(world.chosen.of(v.generation()))) {
      throw new Violation(
          "not-chosen",
          "%s takes a view %d for chosen that is not".formatted(node, v.generation()));
    }
  }

  /** Invariant 5: two chosen views of one generation are equal. */
  @Nullable PoolView voted(SimPlatter p, VoteStore.Vote vote) {
    PoolView old = world.chosen.newest();
    PoolView v = world.chosen.voted(p.index, vote);
    if (v != null) {
      everything = true;
      ViewLaw.check(old, v);
    }
    return v;
  }

  /** A request was answered; an error needs a reason (invariant 7). */
  void failed(SimClient c, String what, int status) {
    if (status == Status.OK
        || status == Status.FENCED
        || world.mediaFaults
        || world.chosen.errorsAllowed()) {
      return;
    }
    throw new Violation(
        "failed-for-nothing",
        "%s of %s ended with %s though requests shall wait"
            .formatted(what, c.process.name, Status.name(status)));
  }

  /** A client goes on under a new epoch: only if nobody else was admitted since (rule 5.3). */
  void resumed(SimClient c, long before, long epoch) {
    for (Writer w : world.chosen.writers()) {
      if (w.epoch() > before && w.epoch() <= epoch && !w.session().equals(c.session())) {
        throw new Violation(
            "resumed-over-another",
            "%s goes on under epoch %d after %d, though another session had epoch %d"
                .formatted(c.process.name, epoch, before, w.epoch()));
      }
    }
  }

  /**
   * A client's session ended, or did not begin, and not by its own wish: only for another one, by
   * takeover or an operator, or because it could not go on for too long (rules 5.1, 5.3).
   */
  void ended(SimClient c, String reason) {
    boolean other = false;
    for (Writer w : world.chosen.writers()) {
      other |= w.epoch() > c.epoch() && !w.session().equals(c.session());
    }
    if (c.epoch() == 0 && other) {
      world.situations.count(Situation.SECOND_REFUSED);
    }
    if (!other && !world.chosen.barred(c.session()) && c.suspendedNanos() < RESUME_NANOS) {
      throw new Violation(
          "ended-for-nothing",
          "%s's session, of epoch %d, ended: %s".formatted(c.process.name, c.epoch(), reason));
    }
  }

  /** When all is quiet: equal bytes, nothing missing, nothing copied in vain (invariant 6). */
  void quiet() {
    SimPlatter first = world.nodes[0].platter;
    for (int i = 0; i < world.shape.legs(); i++) {
      SimPlatter p = world.nodes[i].platter;
      for (int b = 0; b < world.mix.blocks(); b++) {
        if (p.data[b] != first.data[b]) {
          throw new Violation(
              "different",
              "block %d is %s on a and %s on %s at the end"
                  .formatted(
                      b,
                      History.text(first.data[b]),
                      History.text(p.data[b]),
                      world.nodes[i].name));
        }
      }
      // Without rule 3.1 the disk cannot tell a client's write from a healed block, without 7.2
      // nothing was set down of what is copied.
      boolean counted = world.rules.leg().recordFirst() && world.rules.leg().unionRecorded();
      if (counted && p.healed > p.mayHeal()) {
        throw new Violation(
            "copied-too-much",
            "leg %s copied %d blocks; %d were missing or suspect"
                .formatted(world.nodes[i].name, p.healed, p.mayHeal()));
      }
    }
  }
}
