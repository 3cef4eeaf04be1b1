package io.onehop.node.books;

import io.onehop.node.store.BlockSet;
import io.onehop.node.store.LegDisk;
import io.onehop.node.store.Superblock;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The map work of one adoption, in the order that a kill in its middle allows: marks first (too
 * many cost a copy, too few cost data), then the durable generation, then what may be forgotten
 * (rules 2.2 to 2.5, 7.3, 8.4).
 */
final class MapWork {
  private final LegBooks books;
  private final LegDisk disk;
  private final LegRules rules;

  MapWork(LegBooks books) {
    this.books = books;
    this.disk = books.disk;
    this.rules = books.rules;
  }

  void adopt(PoolView v) throws IOException {
    PoolView o = books.view;
    long oldGeneration = books.generation();
    int me = v.indexOf(books.member);
    Member mine = v.members().get(me);
    boolean living = mine.incarnation() == books.incarnation;
    boolean inSync = living && mine.state() == LegState.IN_SYNC;
    boolean before = disk.superblock().adoptedGeneration() > 0;
    boolean forked = before && !disk.superblock().lineage().equals(v.lineage());
    // In sync without having been syncing in this run: only a cold start does that (rule 8.4), and
    // a forced promotion, whatever the leg missed (rule 8.6).
    boolean coldStarted = inSync && before && (forked || !writing(o));
    markAbsent(o, v, me, oldGeneration, coldStarted);
    if (o != null && o.epoch() != v.epoch()) {
      // What v calls it decides: a leg that skips the view of its promotion is in sync, and its
      // unconfirmed set belongs to the union.
      books.carriedUntil = 0; // the old epoch's sequence numbers mean nothing any more
      if (!inSync) {
        newEpoch();
      }
    }
    boolean newStint =
        rules.sinceDecides()
            ? mine.since() > oldGeneration && !inSync
            : !inSync && (o == null || o.members().get(books.self).state() != mine.state());
    if (newStint) {
      beginStint();
    }
    Superblock sb = disk.superblock();
    String misses = sb.missesEverything();
    // Once only: what has healed since then is not missing again.
    boolean old = mine.inSyncSince() > sb.lastInSync() || sb.lastInSync() == 0;
    if (!inSync && (forked || (old && (o == null || misses.isEmpty())))) {
      disk.ownMissing().add(0, disk.blocks());
      disk.ownMissing().force();
      misses =
          forked
              ? "it is of another lineage (forced promotion)"
              : sb.lastInSync() == 0
                  ? "a new member"
                  : "the disk is older than this leg's last promotion";
    }
    if (coldStarted) {
      Unreadable.emptySuspects(disk, rules);
    }
    if (inSync) {
      misses = "";
    }
    disk.save(
        new Superblock(
            sb.pool(),
            sb.poolName(),
            sb.leg(),
            v.lineage(),
            sb.sizeBytes(),
            v.generation(),
            inSync ? Math.max(v.generation(), sb.lastInSync()) : sb.lastInSync(),
            sb.incarnation(),
            sb.bootId(),
            sb.clean(),
            sb.lostPower() && !inSync,
            misses));
    dropMaps(v, me, Math.max(oldGeneration, sb.adoptedGeneration()));
    Writer w = v.writer();
    // Rule 7.3: only a ready view of another epoch empties the set; what a restarted leg had is in
    // own-missing since its start. Within a session nothing is forgotten, also not what was carried
    // here by a fetch (rule 6.6).
    boolean emptied = w == null || o == null || o.epoch() != v.epoch();
    if ((v.ready() || !rules.unconfirmedKept()) && emptied) {
      disk.unconfirmed().clear();
      disk.carried().clear();
      books.carriedUntil = 0;
    }
    if (inSync) {
      // At a promotion what healed is durable by rule 6.9. What a leg in sync has healed of its
      // media errors, or a client overwritten, stays so: fetched again it might be older.
      if (coldStarted) {
        books.clean.clear();
      }
      books.fresh.clear();
    }
    books.view = v;
    books.self = me;
    books.staleMaps =
        v.members().stream()
            .filter(m -> m.isLeg() && m.state() == LegState.STALE && !m.id().equals(books.member))
            .map(m -> disk.missMap(m.id()))
            .toArray(BlockSet[]::new);
  }

  /** Whether {@code o} called this very run a leg of the write set. */
  private boolean writing(@Nullable PoolView o) {
    if (o == null) {
      return false;
    }
    Member m = o.members().get(books.self);
    return m.incarnation() == books.incarnation && m.state().inWriteSet();
  }

  private void markAbsent(
      @Nullable PoolView o, PoolView v, int me, long oldGeneration, boolean coldStarted)
      throws IOException {
    for (int i = 0; i < v.members().size(); i++) {
      Member m = v.members().get(i);
      if (i == me || !m.isLeg()) {
        continue;
      }
      boolean absent =
          rules.sinceDecides()
              ? m.since() > oldGeneration
              : o == null || o.members().get(i).state() == LegState.IN_SYNC;
      boolean marked = false;
      if (m.state() != LegState.IN_SYNC && absent && rules.markAtAdoption()) {
        books.addUnconfirmed(disk.missMap(m.id()));
        marked = true;
      }
      if (coldStarted && rules.suspectsToMaps()) {
        Unreadable.addSuspects(disk, rules, disk.missMap(m.id()));
        marked = true;
      }
      if (books.mapsDamaged && m.state() != LegState.IN_SYNC) {
        disk.missMap(m.id()).add(0, disk.blocks());
        marked = true;
      }
      if (marked) {
        disk.missMap(m.id()).force();
      }
    }
    books.mapsDamaged = false;
  }

  private void newEpoch() throws IOException {
    if (rules.syncingMovesOwn()) {
      Unreadable.writtenAgain(disk);
      books.addUnconfirmed(disk.ownMissing());
      disk.ownMissing().force();
      disk.unconfirmed().clear();
      disk.carried().clear();
    }
    if (rules.forgetFresh()) {
      books.fresh.clear();
      books.clean.clear();
    }
    if (rules.forgetMaps()) {
      books.mapsFrom = 0;
    }
    books.stint++;
  }

  private void beginStint() throws IOException {
    Unreadable.writtenAgain(disk);
    books.addUnconfirmed(disk.ownMissing());
    disk.ownMissing().force();
    disk.unconfirmed().clear();
    disk.carried().clear();
    books.carriedUntil = 0;
    books.fresh.clear();
    books.clean.clear();
    books.mapsFrom = 0;
    books.stint++;
  }

  private void dropMaps(PoolView v, int me, long after) {
    for (int i = 0; i < v.members().size(); i++) {
      Member m = v.members().get(i);
      // Rule 2.5: only a later view ends a map.
      if (i != me
          && m.isLeg()
          && m.state() == LegState.IN_SYNC
          && (v.generation() > after || !rules.generationDurable())) {
        disk.missMap(m.id()).clear();
      }
    }
  }
}
