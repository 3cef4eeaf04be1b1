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
import java.util.List;
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
    for (Lineage l : world.chosen.lineages()) {
      History h = l.history();
      if (h != null) {
        acknowledgedIsThere(block, l, h);
      }
    }
  }

  private void acknowledgedIsThere(int block, Lineage l, History h) {
    PoolView v = l.newest();
    for (int i = 0; i < world.shape.legs(); i++) {
      Member m = v.members().get(i);
      SimPlatter p = world.nodes[i].platter;
      if (m.state() == LegState.IN_SYNC
          && isOf(p, v)
          && m.incarnation() == p.superblock.incarnation()
          && !h.holdsAcknowledged(block, p.data[block])) {
        throw new Violation(
            "acknowledged-lost",
            "leg %s, in sync in view %d, holds %s in block %d; %s was acknowledged"
                .formatted(
                    m.node(),
                    v.generation(),
                    History.text(p.data[block]),
                    block,
                    History.text(h.acknowledged(block))));
      }
    }
  }

  /**
   * Invariant 3, as any single crash leaves it: a leg in sync that differs from another leg must be
   * able to heal it with nothing but what these two keep.
   */
  private void differenceIsCovered(int block) {
    for (Lineage l : world.chosen.lineages()) {
      PoolView v = l.newest();
      for (int i = 0; i < world.shape.legs(); i++) {
        SimPlatter source = world.nodes[i].platter;
        if (v.members().get(i).state() == LegState.IN_SYNC && isOf(source, v)) {
          for (int j = 0; j < world.shape.legs(); j++) {
            SimPlatter other = world.nodes[j].platter;
            // What is of another lineage, or a new disk, will miss everything (rules 6.1, 8.6).
            if (j != i && isOf(other, v) && !other.isNew()) {
              differenceIsCovered(block, source, other);
            }
          }
        }
      }
    }
  }

  /** Whether this disk is the one that the view means, and has come along into its lineage. */
  private static boolean isOf(SimPlatter p, PoolView v) {
    return p.superblock.lineage().equals(v.lineage())
        && v.members().get(p.index).id().equals(p.id)
        && v.isVoter(p.index);
  }

  private void differenceIsCovered(int block, SimPlatter source, SimPlatter other) {
    if (source.data[block] == other.data[block]
        || source.doubts(block)
        || other.doubts(block)
        || source.map(other.id).set.get(block)) {
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
      long key = key(world.nodes[leg].platter, h.epoch, h.sequence);
      askedGeneration.merge(key, h.generation, Math::max);
      boolean data = payload.remaining() >= SimDisk.BLOCK;
      content.put(key, data ? SimDisk.decode(payload, payload.position()) : 0L);
    }
  }

  /** What the request for this entry carried in its first block. */
  long expected(SimPlatter p, SimLog.Entry e) {
    return content.getOrDefault(key(p, e.epoch(), e.sequence()), -1L);
  }

  /** Epochs of two lineages may be equal. */
  private long key(SimPlatter p, long epoch, long sequence) {
    Lineage l = world.chosen.of(p.superblock.lineage());
    long lineage = l == null ? 0 : l.number;
    return lineage << 60 | (long) p.index << 56 | epoch << 40 | sequence;
  }

  /** Invariant 4: what is admitted belongs to the adopted view. */
  void admitted(SimPlatter p, SimLog.Entry e) {
    long adopted = p.superblock.adoptedGeneration();
    long asked = askedGeneration.getOrDefault(key(p, e.epoch(), e.sequence()), 0L);
    if (asked < adopted) {
      throw new Violation(
          "old-generation",
          "leg %s admitted %s, sent under view %d, after it adopted %d"
              .formatted(world.nodes[p.index].name, e, asked, adopted));
    }
    PoolView v = world.chosen.of(p.superblock.lineage(), adopted);
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
    if (client && present && before != 0 && after < before && isKnown(p, before)) {
      throw new Violation(
          "applied-late",
          "leg %s replaced %s by %s in block %d"
              .formatted(
                  world.nodes[p.index].name, History.text(before), History.text(after), block));
    }
  }

  /** Whether it was written in the lineage that this disk is of. */
  private boolean isKnown(SimPlatter p, long value) {
    Lineage l = world.chosen.of(p.superblock.lineage());
    History h = l == null ? null : l.history();
    return h != null && h.knows(value);
  }

  private long writerEpoch(SimPlatter p) {
    PoolView v = world.chosen.of(p.superblock.lineage(), p.superblock.adoptedGeneration());
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
    PoolView v = world.chosen.of(after.lineage(), after.adoptedGeneration());
    if (v == null && after.adoptedGeneration() > 0) {
      throw new Violation(
          "not-chosen",
          "leg %s adopted view %d, which is not chosen"
              .formatted(world.nodes[p.index].name, after.adoptedGeneration()));
    }
    if (v != null && !before.lineage().equals(after.lineage())) {
      cameAlong(p, v, after);
    }
  }

  /** Rule 8.6: the forced leg's content is the lineage's; whoever else comes misses everything. */
  private void cameAlong(SimPlatter p, PoolView v, Superblock now) {
    Lineage l = world.chosen.of(v.lineage());
    if (l == null) {
      return;
    }
    if (l.first.members().get(p.index).state() == LegState.IN_SYNC) {
      boolean loses = false;
      for (Lineage before : world.chosen.lineages()) {
        History h = before.history();
        for (int b = 0; h != null && before.id().equals(v.parent()) && b < p.blocks; b++) {
          loses |= !h.holdsAcknowledged(b, p.data[b]);
        }
      }
      l.begins(world.history().forked(p.data));
      world.situations.count(loses ? Situation.FORCED_WITH_LOSS : Situation.FORCED);
    } else if (now.missesEverything().isEmpty() || p.own.set.cardinality() < p.blocks) {
      throw new Violation(
          "kept-content",
          "leg %s came into another lineage with what it held"
              .formatted(world.nodes[p.index].name));
    } else {
      world.situations.count(Situation.CAME_ALONG);
    }
  }

  /** A view that a node takes for chosen must be it. */
  void learned(String node, PoolView v) {
    if (!v.equals(world.chosen.of(v.lineage(), v.generation()))) {
      throw new Violation(
          "not-chosen",
          "%s takes a view %d for chosen that is not".formatted(node, v.generation()));
    }
  }

  /** Invariant 5: two chosen views of one generation are equal. */
  @Nullable PoolView voted(SimPlatter p, VoteStore.Vote vote) {
    PoolView v = world.chosen.voted(p, vote);
    if (v == null) {
      return null;
    }
    everything = true;
    PoolView old = world.chosen.of(v.lineage(), v.generation() - 1);
    if (old == null) {
      ViewLaw.begins(v);
    } else {
      ViewLaw.check(old, v);
      world.situations.chosen(old, v, vote.acceptedBallot());
    }
    return v;
  }

  /** A request was answered; an error needs a reason (invariant 7). */
  void failed(SimClient c, String what, int status) {
    if (status == Status.OK
        || status == Status.FENCED
        || world.mediaFaults
        || left(c)
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
    for (Writer w : c.lineage().writers()) {
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
    for (Lineage l : world.chosen.lineages()) {
      // Who was not attached yet may ask in any lineage.
      for (Writer w : c.epoch() == 0 || l == c.lineage() ? l.writers() : List.<Writer>of()) {
        other |= w.epoch() > c.epoch() && !w.session().equals(c.session());
      }
    }
    if (c.epoch() == 0 && other) {
      world.situations.count(Situation.SECOND_REFUSED);
    }
    if (!other && !barred(c) && c.suspendedNanos() < RESUME_NANOS) {
      throw new Violation(
          "ended-for-nothing",
          "%s's session, of epoch %d, ended: %s".formatted(c.process.name, c.epoch(), reason));
    }
  }

  /** Whether the pool goes on in another lineage than this client's. */
  private boolean left(SimClient c) {
    return c.lineage() != world.chosen.lineage();
  }

  private boolean barred(SimClient c) {
    boolean barred = left(c);
    for (Lineage l : world.chosen.lineages()) {
      barred |= l.barred(c.session());
    }
    return barred;
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
