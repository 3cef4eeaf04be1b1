package io.onehop.sim;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.store.Superblock;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.EnumMap;
import java.util.Map;
import java.util.UUID;

/** Recognises {@link Situation}s as they happen. */
final class SituationWatch {
  private static final long TOGETHER = 1_000_000;

  private final World world;
  private final int legs;
  private final Map<Situation, Long> counts = new EnumMap<>(Situation.class);
  private final long[] lastIncarnation;
  private int mapsAsked;
  private int healing;
  private int healed;
  private long clientDied = Long.MIN_VALUE / 2;
  private long legDied = Long.MIN_VALUE / 2;
  private long unknownGeneration;
  private int unknownProposer;

  SituationWatch(World world) {
    this.world = world;
    this.legs = world.shape.legs();
    this.lastIncarnation = new long[legs];
  }

  Map<Situation, Long> counts() {
    return counts;
  }

  void count(Situation s) {
    counts.merge(s, 1L, Long::sum);
  }

  private void countIf(boolean met, Situation s) {
    if (met) {
      count(s);
    }
  }

  void sent(int party, FrameHeader h) {
    if (party < legs) {
      int bit = 1 << party;
      if (h.type == FrameType.MAP_REQUEST) {
        mapsAsked |= bit;
        healing &= ~bit;
        healed &= ~bit;
      } else if (h.type == FrameType.FETCH) {
        healing |= bit;
      } else if (h.type == FrameType.DATA
          && h.status == Status.OK
          && world.chosen.newest().members().get(party).state() == LegState.SYNCING) {
        count(Situation.READ_BY_SYNCING_LEG);
      }
    }
  }

  void delivered(SimProcess to, FrameHeader h) {
    if (to.party < legs && h.type == FrameType.VIEW) {
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
    int bit = 1 << party;
    if (edge instanceof LegEdge.MapsArrived) {
      mapsAsked &= ~bit;
      healing |= bit;
    } else if (edge instanceof LegEdge.Healed) {
      healing &= ~bit;
      healed |= bit;
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
    int away = 0;
    for (int i = 0; i < legs; i++) {
      Member m = now.members().get(i);
      LegState was = old.members().get(i).state();
      away += m.state() == LegState.STALE ? 1 : 0;
      if (m.state() == LegState.SYNCING
          && was == LegState.STALE
          && m.incarnation() == lastIncarnation[i]) {
        count(Situation.SAME_INCARNATION_RETURNED);
      }
      if (m.state() == LegState.IN_SYNC && was == LegState.SYNCING) {
        promoted(i, now);
      }
      if (m.state().inWriteSet()) {
        lastIncarnation[i] = m.incarnation();
      }
      if (m.state() != LegState.SYNCING) {
        int others = ~(1 << i);
        mapsAsked &= others;
        healing &= others;
        healed &= others;
      }
    }
    countIf(away > 1, Situation.TWO_LEGS_AWAY);
    countIf(world.nodes.length % 2 == 0, Situation.EVEN_VOTERS);
    countIf(!now.policies().equals(old.policies()), Situation.SETTINGS_CHANGED);
    sessions(old, now);
  }

  /** A leg comes in sync; what it knows of a third one that is away it has from its peers. */
  private void promoted(int leg, PoolView now) {
    UUID disk = now.members().get(leg).id();
    PoolView first = world.chosen.lineages().getFirst().first;
    countIf(!first.members().get(leg).id().equals(disk), Situation.NEW_DISK_IN_SYNC);
    for (int third = 0; third < legs; third++) {
      UUID id = now.members().get(third).id();
      if (third != leg
          && now.members().get(third).state() == LegState.STALE
          && !world.nodes[leg].platter.map(id).set.isEmpty()) {
        count(Situation.THIRD_LEG_MAP);
      }
    }
  }

  private void sessions(PoolView old, PoolView now) {
    Writer was = old.writer();
    Writer is = now.writer();
    LastSession last = old.lastSession();
    if (is != null && was == null && last != null && last.id().equals(is.session())) {
      count(Situation.RESUMED);
    }
    LastSession ended = now.lastSession();
    if (was != null && is == null && ended != null) {
      SimClient c = world.clients.of(was.session());
      boolean lives = c != null && !c.process.loop.paused();
      boolean takeover = !ended.closed() && !ended.resumable();
      countIf(takeover && lives, Situation.TAKEOVER_OF_THE_LIVING);
      countIf(takeover && c != null && !lives, Situation.TAKEOVER_OF_THE_PAUSED);
      countIf(now.ready() && lives, Situation.COLD_START_UNDER_CLIENT);
      countIf(ended.closed() && syncing(old), Situation.DETACHED_WHILE_HEALING);
      countIf(ended.closed() && stale(old), Situation.DETACHED_WITHOUT_A_LEG);
    }
  }

  private static boolean syncing(PoolView v) {
    return v.members().stream().anyMatch(m -> m.state() == LegState.SYNCING);
  }

  private static boolean stale(PoolView v) {
    return v.members().stream().anyMatch(m -> m.state() == LegState.STALE);
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
    if (party >= legs) {
      return;
    }
    if (v.phase() instanceof Phase.Reconciling(int authority) && authority == party) {
      count(Situation.AUTHORITY_KILLED);
      countIf(
          Integer.bitCount(v.inSyncSet()) > 2 && partlyEqual(v),
          Situation.AUTHORITY_KILLED_MID_COPY);
    }
    int bit = 1 << party;
    countIf(mapsAsked != 0, Situation.KILLED_DURING_MAPS);
    countIf(healing != 0, Situation.KILLED_DURING_HEAL);
    countIf((healed & bit) != 0, Situation.KILLED_BEFORE_PROMOTION);
    mapsAsked &= ~bit;
    healing &= ~bit;
    healed &= ~bit;
    countIf(aheadAt(party) && v.writer() != null, Situation.KILLED_WITH_WRITE_THERE_ONLY);
    legDied = world.scheduler.now();
    together();
  }

  /** Whether of three legs in sync two hold the same of a block and the third does not. */
  private boolean partlyEqual(PoolView v) {
    int mask = v.inSyncSet();
    for (int b = 0; b < world.mix.blocks(); b++) {
      boolean differs = false;
      boolean equals = false;
      for (int i = 0; i < legs; i++) {
        for (int j = i + 1; j < legs; j++) {
          if (((mask >> i) & (mask >> j) & 1) != 0) {
            boolean same = world.nodes[i].platter.data[b] == world.nodes[j].platter.data[b];
            equals |= same;
            differs |= !same;
          }
        }
      }
      if (equals && differs) {
        return true;
      }
    }
    return false;
  }

  /** A client's process was killed. */
  void clientDied(long epoch) {
    PoolView v = world.chosen.newest();
    Writer w = v.writer();
    if (w == null || w.epoch() != epoch || Integer.bitCount(v.writeSet()) < 2) {
      return;
    }
    for (int i = 0; i < legs; i++) {
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

  /** Whether this leg alone of the write set has applied some write that is not acknowledged. */
  private boolean aheadAt(int leg) {
    SimPlatter here = world.nodes[leg].platter;
    int others = world.chosen.newest().writeSet() & ~(1 << leg);
    for (int b = 0; b < world.mix.blocks(); b++) {
      if (here.data[b] > world.history().acknowledged(b)
          && here.log.covers(b * SimDisk.BLOCK, SimDisk.BLOCK)
          && aheadOf(others, b, here.data[b])) {
        return true;
      }
    }
    return false;
  }

  private boolean aheadOf(int others, int block, long value) {
    boolean any = legs == 2; // the other one counts, wherever it is
    for (int i = 0; i < legs; i++) {
      if ((others & 1 << i) != 0) {
        any = true;
        if (world.nodes[i].platter.data[block] >= value) {
          return false;
        }
      }
    }
    return any;
  }
}
