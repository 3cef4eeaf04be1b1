package io.onehop.node.store.fault;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.roaringbitmap.RoaringBitmap;

/**
 * What is wrong with a disk just now. Changed by whoever tests, asked by the disk; on the leg's
 * thread.
 */
public final class Faults {
  /** What goes wrong. */
  public enum Kind {
    /** The block cannot be read, until it is written (unless the fault is sticky). */
    READ_ERROR("read-error"),
    /** A write or zero fails; nothing of it is stored. */
    WRITE_ERROR("write-error"),
    /** The same for want of space. */
    NO_SPACE("no-space"),
    /** The first half of a write is stored, then it fails for want of space. */
    SHORT_WRITE("short-write"),
    /** A store sync fails, and every later one of this run. */
    SYNC_ERROR("sync-error"),
    /** Reads take longer. */
    SLOW_READ("slow-read"),
    /** Writes and zeroes take longer. */
    SLOW_WRITE("slow-write"),
    /** Store syncs take longer. */
    SLOW_SYNC("slow-sync");

    final String word;

    Kind(String word) {
      this.word = word;
    }
  }

  /**
   * One fault.
   *
   * @param from first block that it concerns
   * @param to the block behind the last one; syncs have no blocks
   * @param percent of the operations concerned, how many it strikes, 1 to 100
   * @param delayNanos how much longer, of the slow kinds
   * @param sticky of read errors: writing does not mend it
   */
  public record Fault(Kind kind, long from, long to, int percent, long delayNanos, boolean sticky) {
    /** On blocks [from, to), each time. */
    public static Fault of(Kind kind, long from, long to) {
      return new Fault(kind, from, to, 100, 0, false);
    }

    /** Everything of this kind takes longer. */
    public static Fault slow(Kind kind, long delayNanos) {
      return new Fault(kind, 0, Long.MAX_VALUE, 100, delayNanos, false);
    }
  }

  private final RandomGenerator random;
  private List<Fault> list = List.of();

  /** Blocks written since they could not be read. */
  private final RoaringBitmap mended = new RoaringBitmap();

  private long struck;

  /** None yet; {@code random} decides where a fault strikes a share only. */
  public Faults(RandomGenerator random) {
    this.random = random;
  }

  /** From now on these and no others. Blocks mended before are bad again if a fault names them. */
  public void set(List<Fault> faults) {
    list = List.copyOf(faults);
    mended.clear();
  }

  /** One more. */
  public void add(Fault fault) {
    List<Fault> more = new ArrayList<>(list);
    more.add(fault);
    list = List.copyOf(more);
    if (fault.kind == Kind.READ_ERROR) {
      mended.remove(fault.from, Math.min(fault.to, 1L << 32));
    }
  }

  /** How often a fault has struck. */
  public long struck() {
    return struck;
  }

  /** Whether a fault of this kind strikes an operation on blocks [from, to) now. */
  boolean strikes(Kind kind, long from, long to) {
    for (Fault f : list) {
      if (f.kind == kind && f.from < to && from < f.to && hits(f, from, to) && chance(f)) {
        struck++;
        return true;
      }
    }
    return false;
  }

  private boolean hits(Fault f, long from, long to) {
    if (f.kind != Kind.READ_ERROR || f.sticky || mended.isEmpty()) {
      return true;
    }
    long free = mended.nextAbsentValue((int) Math.max(f.from, from));
    return free >= 0 && free < Math.min(f.to, to);
  }

  private boolean chance(Fault f) {
    return f.percent >= 100 || random.nextInt(100) < f.percent;
  }

  /** How much longer an operation takes, nanoseconds. */
  long delay(Kind kind, long from, long to) {
    long most = 0;
    for (Fault f : list) {
      if (f.kind == kind && f.from < to && from < f.to && chance(f)) {
        struck++;
        most = Math.max(most, f.delayNanos);
      }
    }
    return most;
  }

  /** Blocks [from, to) were stored. */
  void stored(long from, long to) {
    for (Fault f : list) {
      if (f.kind == Kind.READ_ERROR && !f.sticky && f.from < to && from < f.to) {
        mended.add(Math.max(from, f.from), Math.min(to, f.to));
      }
    }
  }
}
