package io.onehop.node.pool;

import io.onehop.node.store.VoteStore;
import io.onehop.protocol.wire.ViewCodec;
import java.io.IOException;
import java.util.Objects;
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
  private RegisterEffect.@Nullable SaveVote unsaved;
  private String problem = "";
  private long retryAt;

  VoteKeeper(VoteStore store, Consumer<String> notes) {
    this.store = store;
    this.notes = notes;
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
    try {
      store.save(
          new VoteStore.Vote(
              v.promised(),
              v.acceptedBallot(),
              ViewCodec.encode(Objects.requireNonNull(v.accepted()))));
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
