package io.onehop.sim;

import io.onehop.node.store.Superblock;
import io.onehop.node.store.VoteStore;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What of a node's disk outlives its processes: the page cache of a machine that stays up. One long
 * stands for a block's content.
 */
final class SimPlatter {
  /** Hears of everything that invariants depend on. */
  interface Watcher {
    /** A block's content, or what covers it, may have changed. */
    void touched(int block);

    /** A write was admitted. */
    void admitted(SimPlatter platter, SimLog.Entry entry);

    /** First block's content that the admitted write carries. */
    long expected(SimPlatter platter, SimLog.Entry entry);

    /** Content was stored; {@code client} if an admitted write did it. */
    void stored(SimPlatter platter, int block, long before, long after, boolean client);

    /** A superblock was saved. */
    void saved(SimPlatter platter, Superblock before, Superblock after);

    /** A vote was saved. */
    void voted(SimPlatter platter, VoteStore.Vote vote);

    /** The set of blocks that the medium has lost has changed. */
    void unreadable(SimPlatter platter);

    /** A rule of the disk's port was broken. */
    void misused(SimPlatter platter, String what);
  }

  private static final int BACKUPS = 6;

  final int index;

  /** Identity of the disk, as its labels say (rule 1.2). */
  final UUID id;

  final int blocks;
  final long[] data;
  final Watcher watcher;
  final SimLog.Ring log;
  final SimBlockSet.Bits carried;
  final SimBlockSet.Bits own;
  final SimBlockSet.Bits unreadable;
  final Map<UUID, SimBlockSet.Bits> maps = new TreeMap<>();

  /** Admitted and not yet stored: tells client writes from healing. */
  final List<SimLog.Entry> unstored = new ArrayList<>();

  /** Copies of the maps as last forced, used when rule 3.2 is switched off. */
  final Map<UUID, BitSet> forcedMaps = new TreeMap<>();

  Superblock superblock;
  VoteStore.@Nullable Vote vote;

  /** What {@link #vote} accepted; the judge keeps it. */
  @Nullable PoolView accepted;

  /** What {@link #vote} was before, newest last: for operators that put back an old copy. */
  final ArrayDeque<VoteStore.Vote> oldVotes = new ArrayDeque<>();

  /** An older copy of its votes was put back: it has forgotten what it promised (rule 1.2). */
  boolean rolledBack;

  /** Blocks stored by anything but an admitted write. */
  long healed;

  private long refilled;

  /** The disk that took its place, if it was taken out and put back; operators keep it. */
  @Nullable SimPlatter successor;

  SimPlatter(int index, int blocks, int window, Superblock superblock, Watcher watcher) {
    this.index = index;
    this.id = superblock.leg();
    this.blocks = blocks;
    this.data = new long[blocks];
    this.superblock = superblock;
    this.watcher = watcher;
    this.carried = new SimBlockSet.Bits(blocks, watcher::touched);
    this.own = new SimBlockSet.Bits(blocks, watcher::touched);
    this.unreadable =
        new SimBlockSet.Bits(
            blocks,
            b -> {
              watcher.touched(b);
              watcher.unreadable(this);
            });
    this.log =
        new SimLog.Ring(
            window,
            new SimLog.Watcher() {
              @Override
              public void put(SimLog.Entry entry) {
                unstored.add(entry);
                watcher.admitted(SimPlatter.this, entry);
                changed(entry.offset(), entry.length());
              }

              @Override
              public void changed(long offset, long length) {
                for (long b = offset / SimDisk.BLOCK; b * SimDisk.BLOCK < offset + length; b++) {
                  watcher.touched((int) b);
                }
              }
            });
  }

  SimBlockSet.Bits map(UUID member) {
    return maps.computeIfAbsent(member, _ -> new SimBlockSet.Bits(blocks, watcher::touched));
  }

  /** When {@link #vote} was saved, ns. */
  long votedAt;

  /** A vote is durable; a few earlier ones are remembered as backups of the disk. */
  void votes(VoteStore.Vote now) {
    VoteStore.Vote before = vote;
    if (before != null) {
      oldVotes.addLast(before);
      if (oldVotes.size() > BACKUPS) {
        oldVotes.removeFirst();
      }
    }
    vote = now;
  }

  /**
   * From now on what is still missing may be copied again: a new run or view has forgotten what was
   * healed and not yet made durable.
   */
  void refill() {
    refilled += own.set.cardinality() + carried.set.cardinality();
  }

  /** How many blocks healing may have stored so far. */
  long mayHeal() {
    return own.added + carried.added + refilled;
  }

  /**
   * Takes the admitted write of exactly this range and content out of {@link #unstored}, if there
   * is one.
   */
  boolean takeAdmitted(long offset, long length, long value) {
    for (int i = 0; i < unstored.size(); i++) {
      SimLog.Entry e = unstored.get(i);
      if (e.offset() == offset && e.length() == length && watcher.expected(this, e) == value) {
        unstored.remove(i);
        return true;
      }
    }
    return false;
  }

  void store(int block, long value, boolean client) {
    long before = data[block];
    data[block] = value;
    if (!client) {
      healed++;
      own.healed.set(block); // it may be lost again before that is durable (rule 4.3)
    }
    watcher.touched(block);
    watcher.stored(this, block, before, value, client);
  }

  /** Whether it never was in a view: it will be missing everything (rule 6.1). */
  boolean isNew() {
    return superblock.adoptedGeneration() == 0 && superblock.lastInSync() == 0;
  }

  /** Whether anything on this disk says that the block's content is in doubt here. */
  boolean doubts(int block) {
    return own.set.get(block)
        || carried.set.get(block)
        || !superblock.missesEverything().isEmpty()
        || log.covers(block * SimDisk.BLOCK, SimDisk.BLOCK);
  }
}
