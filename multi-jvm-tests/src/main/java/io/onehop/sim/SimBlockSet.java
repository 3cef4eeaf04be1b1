package io.onehop.sim;

import io.onehop.node.store.BlockSet;
import java.util.BitSet;
import java.util.function.IntConsumer;

/** A block set of a simulated disk: bits on the platter, behind a run's kill switch. */
final class SimBlockSet implements BlockSet {
  /** What outlives the process. */
  static final class Bits {
    final BitSet set = new BitSet();
    final int blocks;
    final IntConsumer changed;

    /** Blocks healed whose bit waits for that to be durable. */
    final BitSet healed = new BitSet();

    /** Blocks ever set that were whole before: what a resync may have to copy. */
    long added;

    Bits(int blocks, IntConsumer changed) {
      this.blocks = blocks;
      this.changed = changed;
    }
  }

  private final Bits bits;
  private final KillSwitch kill;
  private final int addKind;
  private final int removeKind;
  private final Runnable onForce;

  SimBlockSet(Bits bits, KillSwitch kill, int addKind, int removeKind, Runnable onForce) {
    this.bits = bits;
    this.kill = kill;
    this.addKind = addKind;
    this.removeKind = removeKind;
    this.onForce = onForce;
  }

  @Override
  public void add(long from, long to) {
    check(from, to);
    kill.point(addKind);
    for (int b = (int) from; b < to; b++) {
      bits.added += !bits.set.get(b) || bits.healed.get(b) ? 1 : 0;
      bits.healed.clear(b);
      if (!bits.set.get(b)) {
        bits.set.set(b);
        bits.changed.accept(b);
      }
    }
    kill.point(addKind);
  }

  @Override
  public void remove(long from, long to) {
    check(from, to);
    kill.point(removeKind);
    for (int b = (int) from; b < to; b++) {
      if (bits.set.get(b)) {
        bits.set.clear(b);
        bits.changed.accept(b);
      }
    }
    kill.point(removeKind);
  }

  private void check(long from, long to) {
    if (from < 0 || to > bits.blocks || from > to) {
      throw new IndexOutOfBoundsException(from + " to " + to + " of " + bits.blocks);
    }
  }

  @Override
  public boolean contains(long block) {
    return bits.set.get((int) block);
  }

  @Override
  public long next(long from) {
    return from >= bits.blocks ? -1 : bits.set.nextSetBit((int) from);
  }

  @Override
  public long nextAbsent(long from) {
    return Math.min(bits.blocks, bits.set.nextClearBit((int) from));
  }

  @Override
  public long size() {
    return bits.set.cardinality();
  }

  @Override
  public void clear() {
    kill.point(removeKind);
    for (int b = bits.set.nextSetBit(0); b >= 0; b = bits.set.nextSetBit(b + 1)) {
      bits.set.clear(b);
      bits.changed.accept(b);
    }
    kill.point(removeKind);
  }

  @Override
  public void force() {
    kill.point(addKind);
    onForce.run();
  }
}
