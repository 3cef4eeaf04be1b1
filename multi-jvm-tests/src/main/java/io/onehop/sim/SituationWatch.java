package io.onehop.sim;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.store.Superblock;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import java.util.EnumMap;
import java.util.Map;

/** Recognises {@link Situation}s as they happen. */
final class SituationWatch {
  private static final long TOGETHER = 1_000_000;

  private final World world;
  private final Map<Situation, Long> counts = new EnumMap<>(Situation.class);
  private final boolean[] mapsAsked = new boolean[World.WITNESS];
  private final boolean[] healing = new boolean[World.WITNESS];
  private final boolean[] healed = new boolean[World.WITNESS];
  private final long[] lastIncarnation = new long[World.WITNESS];
  private long clientDied = Long.MIN_VALUE / 2;
  private long legDied = Long.MIN_VALUE / 2;
  private long unknownGeneration;
  private int unknownProposer;

  SituationWatch(World world) {
    this.world = world;
  }

  Map<Situation, Long> counts() {
    return counts;
  }

  void count(Situation s) {
    counts.merge(s, 1L, Long::sum);
  }

  void sent(int party, FrameHeader h) {
    if (party < World.WITNESS) {
      if (h.type == FrameType.MAP_REQUEST) {
        mapsAsked[party] = true;
        healing[party] = false;
        healed[party] = false;
      } else if (h.type == FrameType.FETCH) {
        healing[party] = true;
      }
    }
  }

  void delivered(SimProcess to, FrameHeader h) {
    if (to.party < World.WITNESS && h.type == FrameType.VIEW) {
      newerView(to.party, h.generation);
    }
  }

  /** A leg hears of a view. */
  void newerView(int leg, long generation) {
    SimNode n = world.nodes[leg];
    if (generation > n.platter.superblock.adoptedGeneration() && n.storing()) {
      count(Situation.WRITE_ACROSS_ADOPTION);
    }
  }

  void edge(int party, LegEdge edge) {
    if (party >= World.WITNESS) {
      return;
    }
    if (edge instanceof LegEdge.MapsArrived) {
      mapsAsked[party] = false;
      healing[party] = true;
    } else if (edge instanceof LegEdge.Healed) {
      healing[party] = false;
      healed[party] = true;
    }
  }

  void saved(Superblock before, Superblock after) {
    if (before.adoptedGeneration() > 0
        && after.adoptedGeneration() > before.adoptedGeneration() + 1) {
      count(Situation.VIEW_SKIPPED);
    }
  }

  void chosen(PoolView old, PoolView now, long ballot) {
    unknownGeneration = now.generation();
    unknownProposer = (int) (ballot & 0xff);
    for (int i = 0; i < World.WITNESS; i++) {
      Member m = now.members().get(i);
      if (m.state() == LegState.SYNCING
          && old.members().get(i).state() == LegState.STALE
          && m.incarnation() == lastIncarnation[i]) {
        count(Situation.SAME_INCARNATION_RETURNED);
      }
      if (m.state().inWriteSet()) {
        lastIncarnation[i] = m.incarnation();
      }
      if (m.state() != LegState.SYNCING) {
        mapsAsked[i] = false;
        healing[i] = false;
        healed[i] = false;
      }
    }
  }

  void learned(long generation) {
    if (generation >= unknownGeneration) {
      unknownGeneration = 0;
    }
  }

  /** A node's process is dead. */
  void nodeDied(int party) {
    PoolView v = world.chosen.newest();
    if (unknownGeneration > 0 && unknownProposer == party) {
      count(Situation.UNKNOWN_VIEW);
      unknownGeneration = 0;
    }
    if (party >= World.WITNESS) {
      return;
    }
    if (v.phase() instanceof Phase.Reconciling(int authority) && authority == party) {
      count(Situation.AUTHORITY_KILLED);
    }
    if (mapsAsked[0] || mapsAsked[1]) {
      count(Situation.KILLED_DURING_MAPS);
    }
    if (healing[0] || healing[1]) {
      count(Situation.KILLED_DURING_HEAL);
    }
    if (healed[party]) {
      count(Situation.KILLED_BEFORE_PROMOTION);
    }
    mapsAsked[party] = false;
    healing[party] = false;
    healed[party] = false;
    if (aheadAt(party) && v.writer() != null) {
      count(Situation.KILLED_WITH_WRITE_THERE_ONLY);
    }
    legDied = world.scheduler.now();
    together();
  }

  /** A client's process was killed. */
  void clientDied(long epoch) {
    PoolView v = world.chosen.newest();
    Writer w = v.writer();
    if (w == null || w.epoch() != epoch || v.writeSet() != 3) {
      return;
    }
    for (int i = 0; i < World.WITNESS; i++) {
      if (aheadAt(i)) {
        count(Situation.CLIENT_KILLED_ONE_LEG);
        if (v.members().get(i).state() == LegState.SYNCING) {
          count(Situation.CLIENT_KILLED_SYNCING_LEG);
        }
      }
    }
    clientDied = world.scheduler.now();
    together();
  }

  private void together() {
    if (Math.abs(clientDied - legDied) <= TOGETHER) {
      count(Situation.LEG_AND_CLIENT_KILLED);
    }
  }

  /** Whether this leg alone has applied some write that is not acknowledged. */
  private boolean aheadAt(int leg) {
    SimPlatter here = world.nodes[leg].platter;
    SimPlatter there = world.nodes[1 - leg].platter;
    for (int b = 0; b < world.mix.blocks(); b++) {
      if (here.data[b] > there.data[b]
          && here.data[b] > world.history.acknowledged(b)
          && here.log.covers(b * SimDisk.BLOCK, SimDisk.BLOCK)) {
        return true;
      }
    }
    return false;
  }
}
