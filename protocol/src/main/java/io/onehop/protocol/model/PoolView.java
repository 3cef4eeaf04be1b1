package io.onehop.protocol.model;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The agreed truth about a pool (rule 1.6). Only a <em>chosen</em> view is ever adopted, sent or
 * shown (rule 1.1); each change makes a new view with generation + 1.
 *
 * @param pool identity of the pool
 * @param name its name
 * @param sizeBytes size of the device, 1 byte or more; need not be a multiple of anything
 * @param blockSize unit of tracking and of requests on the wire, bytes
 * @param lineage id of the unbroken history that this view belongs to
 * @param generation number of this view, from 1
 * @param members all members; the index in this list is the member's number on the wire (0 to 31)
 * @param epoch the last writer epoch granted or ended; never goes back
 * @param writer who may write, or null
 * @param lastSession the session that ended last, or null
 * @param phase ready or reconciling
 * @param policies settings of the pool
 */
public record PoolView(
    UUID pool,
    String name,
    long sizeBytes,
    int blockSize,
    UUID lineage,
    long generation,
    List<Member> members,
    long epoch,
    @Nullable Writer writer,
    @Nullable LastSession lastSession,
    Phase phase,
    Policies policies) {

  /** Most members a pool can have. */
  public static final int MAX_MEMBERS = 32;

  /** The only block size so far, bytes. */
  public static final int BLOCK_SIZE = 4096;

  /** Copies the member list and checks what can be checked locally. */
  public PoolView {
    members = List.copyOf(members);
    if (members.isEmpty()
        || members.size() > MAX_MEMBERS
        || generation < 1
        || sizeBytes < 1
        || blockSize != BLOCK_SIZE) {
      throw new IllegalArgumentException("view out of range: generation " + generation);
    }
    if (members.stream().noneMatch(m -> m.state() == LegState.IN_SYNC)) {
      throw new IllegalArgumentException("a view must name a leg in sync (rule 1.4)");
    }
  }

  /** Number of blocks, the last one possibly partial. */
  public long blocks() {
    return (sizeBytes + blockSize - 1) / blockSize;
  }

  /** Members whose vote counts: every member. */
  public int voters() {
    return members.size();
  }

  /** Smallest number of voters that is a majority. */
  public int majority() {
    return members.size() / 2 + 1;
  }

  /** Index of the member with this id, or -1. */
  public int indexOf(UUID member) {
    for (int i = 0; i < members.size(); i++) {
      if (members.get(i).id().equals(member)) {
        return i;
      }
    }
    return -1;
  }

  /** Bit i is set if member i is in the write set (rule 1.7). */
  public int writeSet() {
    int mask = 0;
    for (int i = 0; i < members.size(); i++) {
      if (members.get(i).state().inWriteSet()) {
        mask |= 1 << i;
      }
    }
    return mask;
  }

  /** Bit i is set if member i is in sync. */
  public int inSyncSet() {
    int mask = 0;
    for (int i = 0; i < members.size(); i++) {
      if (members.get(i).state() == LegState.IN_SYNC) {
        mask |= 1 << i;
      }
    }
    return mask;
  }

  /** Whether the pool is in phase ready. */
  public boolean ready() {
    return phase instanceof Phase.Ready;
  }

  /** The next view: generation + 1 and what {@code change} does to it. */
  public PoolView next(java.util.function.UnaryOperator<Draft> change) {
    Draft d =
        change.apply(
            new Draft(generation + 1, members, epoch, writer, lastSession, phase, policies));
    return new PoolView(
        pool,
        name,
        sizeBytes,
        blockSize,
        lineage,
        d.generation,
        d.members,
        d.epoch,
        d.writer,
        d.lastSession,
        d.phase,
        d.policies);
  }

  /**
   * What a view change may change.
   *
   * @param generation of the view being made; not to be altered
   * @param members as in the view
   * @param epoch as in the view
   * @param writer as in the view
   * @param lastSession as in the view
   * @param phase as in the view
   * @param policies as in the view
   */
  public record Draft(
      long generation,
      List<Member> members,
      long epoch,
      @Nullable Writer writer,
      @Nullable LastSession lastSession,
      Phase phase,
      Policies policies) {

    /** With member {@code index} replaced. */
    public Draft member(int index, Member m) {
      var copy = new java.util.ArrayList<>(members);
      copy.set(index, m);
      return new Draft(generation, copy, epoch, writer, lastSession, phase, policies);
    }

    /** With the writer admitted under epoch + 1. */
    public Draft admitted(UUID session, String host, long pid, long nowEpochMillis) {
      Writer w = new Writer(session, epoch + 1, host, pid, nowEpochMillis);
      return new Draft(generation, members, epoch + 1, w, lastSession, phase, policies);
    }

    /**
     * With writer none, epoch + 1 and, if there was a writer, the session remembered (rule 5.1).
     */
    public Draft sessionEnded(boolean closed, boolean resumable) {
      LastSession last =
          writer == null ? lastSession : new LastSession(writer.session(), closed, resumable);
      return new Draft(generation, members, epoch + 1, null, last, phase, policies);
    }

    /** In another phase. */
    public Draft phase(Phase p) {
      return new Draft(generation, members, epoch, writer, lastSession, p, policies);
    }

    /** With other settings. */
    public Draft policies(Policies p) {
      return new Draft(generation, members, epoch, writer, lastSession, phase, p);
    }
  }
}
