package io.onehop.sim;

import io.onehop.node.store.VoteStore;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One run's handle on a platter's vote. */
final class SimVotes implements VoteStore {
  private final SimPlatter platter;
  private final KillSwitch kill;
  private final LongSupplier now;

  SimVotes(SimPlatter platter, KillSwitch kill, LongSupplier now) {
    this.platter = platter;
    this.kill = kill;
    this.now = now;
  }

  @Override
  public @Nullable Vote load() {
    return platter.vote;
  }

  @Override
  public void save(Vote vote) {
    kill.point(KillSwitch.VOTE);
    platter.votes(vote);
    platter.votedAt = now.getAsLong();
    platter.watcher.voted(platter, vote);
    kill.point(KillSwitch.VOTE);
  }
}
