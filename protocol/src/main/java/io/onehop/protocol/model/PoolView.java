package io.onehop.protocol.model;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
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
 * @param parent in the first view of a lineage that a forced promotion began: the lineage that it
 *     was forked from (rule 8.6), else null
 * @param ancestors lineages that this one was forked from or left behind, nearest first, at most
 *     {@link #MAX_ANCESTORS}: a member of one of them that hears of this view is kept out
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
    Policies policies,
    @Nullable UUID parent,
    List<UUID> ancestors) {

  /** Stands in lists of voters for a member that has no vote. */
  public static final UUID NOBODY = new UUID(0, 0);

  /** Most members a pool can have. */
  public static final int MAX_MEMBERS = 32;

  /** The only block size so far, bytes. */
  public static final int BLOCK_SIZE = 4096;

  /** Most lineages that a view remembers to have left behind; the oldest are forgotten. */
  public static final int MAX_ANCESTORS = 16;

  /** Copies the member list and checks what can be checked locally. */
  public PoolView {
    members = List.copyOf(members);
    ancestors = List.copyOf(ancestors);
    if (ancestors.size() > MAX_ANCESTORS || ancestors.contains(lineage)) {
      throw new IllegalArgumentException("ancestors of " + lineage + ": " + ancestors);
    }
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

  /** A view of its predecessor's lineage, or a pool's first one. */
  public PoolView(
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
    this(
        pool,
        name,
        sizeBytes,
        blockSize,
        lineage,
        generation,
        members,
        epoch,
        writer,
        lastSession,
        phase,
        policies,
        null,
        List.of());
  }

  /** Number of blocks, the last one possibly partial. */
  public long blocks() {
    return (sizeBytes + blockSize - 1) / blockSize;
  }

  /** Whether member {@code i} has a vote: every member that is not kept out. */
  public boolean isVoter(int i) {
    return members.get(i).state() != LegState.OUT;
  }

  /** Bit i is set if member i has a vote. */
  public int voterMask() {
    int mask = 0;
    for (int i = 0; i < members.size(); i++) {
      mask |= isVoter(i) ? 1 << i : 0;
    }
    return mask;
  }

  /**
   * Stands for a disk that was taken out of its place and whose successor is not in it yet: counts
   * among the voters, never votes.
   */
  public static UUID vacant(int i) {
    return new UUID(0, i + 1L);
  }

  /** The voters by member index; {@link #NOBODY} where a member has no vote. */
  public List<UUID> voterIds() {
    List<UUID> ids = new ArrayList<>();
    for (Member m : members) {
      ids.add(m.state() == LegState.OUT ? NOBODY : m.id());
    }
    return ids;
  }

  /**
   * Fingerprint of the voter list, which a lease renewal names (rule 5.4): equal for the same
   * voters in the same places, else different but for one chance in 2^64.
   */
  public long votersId() {
    long id = members.size();
    for (UUID v : voterIds()) {
      id = (id ^ v.getMostSignificantBits()) * 0x9E37_79B9_7F4A_7C15L;
      id = (Long.rotateLeft(id, 31) ^ v.getLeastSignificantBits()) * 0xD6E8_FEB8_6659_FD93L;
    }
    return id ^ (id >>> 29);
  }

  /** How many members have a vote. */
  public int voters() {
    return Integer.bitCount(voterMask());
  }

  /** Smallest number of voters that is a majority. */
  public int majority() {
    return voters() / 2 + 1;
  }

  /** Whether a forced promotion left {@code other} behind for this lineage (rule 8.6). */
  public boolean leavesBehind(UUID other) {
    return ancestors.contains(other);
  }

  /** Whether this is the first view of a lineage that a forced promotion began (rule 8.6). */
  public boolean forked() {
    return parent != null;
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
  public PoolView next(UnaryOperator<Draft> change) {
    return successor(lineage, generation + 1, null, ancestors, change);
  }

  /**
   * The first view of a new lineage (rule 8.6): only a forced promotion makes one.
   *
   * @param first its generation, beyond every one that a member of the new lineage may know
   * @param other another lineage that is left behind as well, with those that it left behind; or
   *     null
   */
  public PoolView forked(
      UUID newLineage, long first, @Nullable PoolView other, UnaryOperator<Draft> change) {
    var behind = new LinkedHashSet<UUID>();
    behind.add(lineage);
    if (other != null) {
      behind.add(other.lineage);
      behind.addAll(other.ancestors);
    }
    behind.addAll(ancestors);
    List<UUID> newest = behind.stream().limit(MAX_ANCESTORS).toList();
    return successor(newLineage, first, lineage, newest, change);
  }

  private PoolView successor(
      UUID history,
      long number,
      @Nullable UUID from,
      List<UUID> behind,
      UnaryOperator<Draft> change) {
    Draft d = change.apply(new Draft(number, members, epoch, writer, lastSession, phase, policies));
    return new PoolView(
        pool,
        name,
        sizeBytes,
        blockSize,
        history,
        d.generation,
        d.members,
        d.epoch,
        d.writer,
        d.lastSession,
        d.phase,
        d.policies,
        from,
        behind);
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
      var copy = new ArrayList<>(members);
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
