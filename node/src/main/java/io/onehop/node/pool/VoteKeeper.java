package io.onehop.node.pool;

import io.onehop.node.store.VoteStore;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.protocol.wire.WireException;
import java.io.IOException;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes a member's votes durable. After one that could not be saved nothing may leave before the
 * newest is (rule 1.2): a vote holds all that the acceptor knows, so saving the newest makes good
 * for those before it. Blocking; not thread-safe.
 */
final class VoteKeeper {
  private static final long RETRY_NANOS = 1_000_000_000L;

  private final VoteStore store;
  private final Consumer<String> notes;
  private @Nullable PoolView keptOut;
  private RegisterEffect.@Nullable SaveVote unsaved;
  private String problem = "";
  private long retryAt;

  VoteKeeper(VoteStore store, Consumer<String> notes) {
    this.store = store;
    this.notes = notes;
  }

  /** A vote as it lies on the disk; see {@link VoteStore.Vote}. */
  record Loaded(long promised, long ballot, PoolView accepted, @Nullable PoolView keptOut) {}

  /** Goes onto the disk with every vote from now on, as long as it is about the vote's lineage. */
  void keptOut(@Nullable PoolView by, int self) {
    keptOut = by;
    notes.accept(by == null ? "let in again" : KeptOut.text(by, self));
  }

  /**
   * What this disk voted last.
   *
   * @throws IOException if it cannot be read, is of another pool or member, or there is none: such
   *     a disk never votes (rule 1.2)
   */
  Loaded load(UUID pool, UUID member) throws IOException {
    VoteStore.Vote vote = store.load();
    byte[] encoded = vote == null ? null : vote.accepted();
    if (vote == null || encoded == null) {
      throw new IOException("the register's disk is empty; it cannot vote for pool " + pool);
    }
    PoolView accepted;
    byte[] noted = vote.keptOut();
    try {
      accepted = ViewCodec.decode(encoded);
      keptOut = noted == null ? null : ViewCodec.decode(noted);
    } catch (WireException e) {
      throw new IOException("the register's vote cannot be read: " + e.getMessage(), e);
    }
    if (accepted.indexOf(member) < 0 || !accepted.pool().equals(pool)) {
      throw new IOException("the register's disk belongs to another pool or member");
    }
    return new Loaded(vote.promised(), vote.acceptedBallot(), accepted, keptOut);
  }

  /** Why this member does not vote now, or empty. */
  String problem() {
    return problem;
  }

  /** Whether everything voted so far is durable. */
  boolean durable() {
    return unsaved == null;
  }

  /** A newer vote; whether it is durable now. */
  boolean save(RegisterEffect.SaveVote vote, long now) {
    boolean failing = !durable();
    unsaved = vote;
    return failing ? retry(now) : write(now);
  }

  /** Tries again what could not be saved, once a second; whether it is durable since this call. */
  boolean retry(long now) {
    return !durable() && now - retryAt >= 0 && write(now);
  }

  private boolean write(long now) {
    RegisterEffect.SaveVote v = Objects.requireNonNull(unsaved);
    PoolView accepted = Objects.requireNonNull(v.accepted());
    PoolView out = keptOut;
    boolean behind = out != null && out.leavesBehind(accepted.lineage());
    try {
      store.save(
          new VoteStore.Vote(
              v.promised(),
              v.acceptedBallot(),
              ViewCodec.encode(accepted),
              out == null || !behind ? null : ViewCodec.encode(out)));
    } catch (IOException e) {
      retryAt = now + RETRY_NANOS;
      if (problem.isEmpty()) {
        problem = "its vote cannot be saved: " + e.getMessage();
        notes.accept(problem);
      }
      return false;
    }
    unsaved = null;
    if (!problem.isEmpty()) {
      problem = "";
      notes.accept("its votes are saved again");
    }
    return true;
  }
}
