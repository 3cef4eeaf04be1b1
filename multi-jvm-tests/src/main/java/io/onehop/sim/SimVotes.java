package io.onehop.sim;

import io.onehop.node.store.VoteStore;
import org.jspecify.annotations.Nullable;

/** One run's handle on a platter's vote. */
final class SimVotes implements VoteStore {
  private final SimPlatter platter;
  private final KillSwitch kill;

  SimVotes(SimPlatter platter, KillSwitch kill) {
    this.platter = platter;
    this.kill = kill;
  }

  @Override
  public @Nullable Vote load() {
    return platter.vote;
  }

  @Override
  public void save(Vote vote) {
    kill.point(KillSwitch.VOTE);
    platter.vote = vote;
    platter.watcher.voted(platter, vote);
    kill.point(KillSwitch.VOTE);
  }
}
