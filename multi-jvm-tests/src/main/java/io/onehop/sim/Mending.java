package io.onehop.sim;

import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a good operator does after a bad day: takes kept-out members in again, puts in the disks
 * that wait, and forces a leg once more where nothing else brings the pool back.
 */
final class Mending {
  private static final long MS = 1_000_000L;
  private static final long LOOK = 500 * MS;

  /** An order is answered within 15 s; whoever gets no answer asks again. */
  private static final long PATIENCE = 20_000 * MS;

  /** How long one who was invited into a new lineage may take to come. */
  private static final long INVITED = 10_000 * MS;

  private final World world;
  private final List<SimPlatter> retired;
  private boolean asking;
  private long askedAt;
  private long oddSince = -1;
  private boolean over;

  /**
   * @param retired disks that were replaced and are back for a while
   */
  Mending(World world, List<SimPlatter> retired) {
    this.world = world;
    this.retired = retired;
  }

  /** From now on also by force. */
  void lastResorts() {
    over = true;
  }

  /** Gives the order, unless the leg is in sync already and alone. */
  void force(int leg) {
    SimNode n = world.nodes[leg];
    PoolView v = world.chosen.newest();
    boolean serves = v.members().get(leg).state() == LegState.IN_SYNC && isOf(n, v);
    if (!serves || v.voters() > 1) {
      world.say("the operator forces " + n.name);
      n.force((done, text) -> world.say(n.name + " was forced: " + done + " " + text));
    }
  }

  /**
   * Whether the pool can do without this disk: another leg in sync that lives has everything, and a
   * majority of the others can vote.
   */
  boolean mayLose(SimNode n) {
    PoolView v = world.chosen.newest();
    boolean another = false;
    int voters = 0;
    for (SimNode other : world.nodes) {
      Member m = v.members().get(other.index);
      if (other != n && other.alive() && isOf(other, v)) {
        voters++;
        another |=
            m.state() == LegState.IN_SYNC
                && m.incarnation() == other.platter.superblock.incarnation();
      }
    }
    return another && isOf(n, v) && voters >= v.majority();
  }

  /** Whether the disk in this node is the one that the view means, and votes in its lineage. */
  private boolean isOf(SimNode n, PoolView v) {
    PoolView accepted = n.platter.accepted;
    return v.members().get(n.index).id().equals(n.platter.id)
        && v.isVoter(n.index)
        && accepted != null
        && accepted.lineage().equals(v.lineage());
  }

  SimPlatter putEmpty(SimNode n) {
    world.say("an empty disk is put into " + n.name);
    n.kill();
    PoolView v = world.chosen.newest();
    Member m = v.members().get(n.index);
    Member fresh =
        new Member(
            world.uuid(),
            m.node(),
            m.role(),
            m.data(),
            m.isLeg() ? LegState.STALE : LegState.NONE,
            0,
            m.since(),
            0,
            "");
    PoolView told = named(v, n.index, fresh);
    SimPlatter p = world.disk(told, n.index, 0, 0);
    n.put(p);
    return p;
  }

  /** {@code v} as it will be once the new disk is in it. */
  private static PoolView named(PoolView v, int index, Member fresh) {
    List<Member> members = new ArrayList<>(v.members());
    members.set(index, fresh);
    if (members.stream().noneMatch(m -> m.state() == LegState.IN_SYNC)) {
      throw new IllegalStateException("the last leg in sync would be wiped");
    }
    return new PoolView(
        v.pool(),
        v.name(),
        v.sizeBytes(),
        v.blockSize(),
        v.lineage(),
        v.generation(),
        members,
        v.epoch(),
        v.writer(),
        v.lastSession(),
        v.phase(),
        v.policies());
  }

  /** From now on they look after the pool until it is whole. */
  void look() {
    mend();
    world.scheduler.in(LOOK, null, this::look);
  }

  /** Does the next thing that a good operator would do. */
  void mend() {
    long now = world.scheduler.now();
    if (asking && now - askedAt < PATIENCE) {
      return;
    }
    PoolView v = world.chosen.newest();
    SimNode base = base(v);
    if (base == null) {
      if (over && v.policies().coldStartWaitsForAll()) {
        waitForNobody(v);
      }
      if (over && stuck(v)) {
        force(bestToForce(v));
        asking = true;
        askedAt = now - PATIENCE + 5_000 * MS;
      }
      return;
    }
    boolean odd = false;
    for (SimNode n : world.nodes) {
      odd |= !isOf(n, v);
    }
    oddSince = odd ? (oddSince < 0 ? now : oddSince) : -1;
    for (SimNode n : world.nodes) {
      PoolView told = n.platter.accepted;
      boolean here = told != null && told.lineage().equals(v.lineage());
      if (!v.members().get(n.index).id().equals(n.platter.id) && here) {
        if (!retired.contains(n.platter)) {
          putIn(base, n);
        }
        return;
      }
      if (!v.isVoter(n.index) || (!here && now - oddSince > INVITED)) {
        world.situations.count(Situation.REJOINED);
        putEmpty(n);
        n.start();
        return;
      }
    }
  }

  /** A leg that the pool waits for by order has lost its disk: the order is taken back. */
  private void waitForNobody(PoolView v) {
    boolean lost = false;
    SimNode there = null;
    for (int i = 0; i < world.shape.legs(); i++) {
      boolean inSync = v.members().get(i).state() == LegState.IN_SYNC;
      if (inSync && isOf(world.nodes[i], v)) {
        there = world.nodes[i];
      } else {
        lost |= inSync;
      }
    }
    if (lost && there != null) {
      asking = true; // for as long as an order is waited for
      askedAt = world.scheduler.now();
      there.changePolicies(p ->
          new Policies(
              p.errorOnNoQuorum(),
              false,
              p.coldStartGraceNanos(),
              p.resyncMinRate(),
              p.resyncMaxRate(),
              p.heartbeatNanos(),
              p.failureNanos(),
              p.deadlineNanos(),
              p.deadNanos(),
              p.leaseNanos(),
              p.window()));
    }
  }

  private void putIn(SimNode base, SimNode n) {
    n.start();
    asking = true;
    askedAt = world.scheduler.now();
    base.replace(
        n.index,
        n.platter.id,
        (done, text) -> {
          world.say(n.name + " gets another disk: " + done + " " + text);
          asking = false;
          if (done) {
            world.situations.count(Situation.REPLACED);
          }
        });
  }

  /** A leg in sync that lives and serves, or null. */
  private @Nullable SimNode base(PoolView v) {
    for (int i = 0; i < world.shape.legs(); i++) {
      SimNode n = world.nodes[i];
      Member m = v.members().get(i);
      PoolView known = n.knownView();
      if (m.state() == LegState.IN_SYNC
          && n.alive()
          && isOf(n, v)
          && m.incarnation() == n.platter.superblock.incarnation()
          && known != null
          && known.lineage().equals(v.lineage())) {
        return n;
      }
    }
    return null;
  }

  /** Whether the newest view's own disks cannot bring the pool back. */
  private boolean stuck(PoolView v) {
    boolean content = false;
    int voters = 0;
    for (SimNode n : world.nodes) {
      boolean is = isOf(n, v);
      voters += is ? 1 : 0;
      content |= is && v.members().get(n.index).state() == LegState.IN_SYNC;
    }
    return !content || voters < v.majority();
  }

  private int bestToForce(PoolView v) {
    int best = 0;
    int most = -1;
    for (int i = 0; i < world.shape.legs(); i++) {
      SimNode n = world.nodes[i];
      Member m = v.members().get(i);
      PoolView accepted = n.platter.accepted;
      int value = isOf(n, v) ? 4 : 0;
      value += m.state() == LegState.IN_SYNC ? 2 : 0;
      value += accepted != null && accepted.indexOf(n.platter.id) == i ? 1 : 0;
      if (value > most && n.platter.vote != null && n.platter.superblock.adoptedGeneration() > 0) {
        most = value;
        best = i;
      }
    }
    return best;
  }
}
