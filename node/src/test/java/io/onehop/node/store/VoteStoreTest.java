package io.onehop.node.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VoteStoreTest {
  @TempDir Path dir;

  @Test
  void keepsTheLastVote() throws IOException {
    Path path = dir.resolve("votes");
    var store = new FileVoteStore(path, Stores.POOL, Stores.LEG);
    assertThat(store.load()).isNull();
    store.save(new VoteStore.Vote(256, 0, null));
    VoteStore.Vote vote = Objects.requireNonNull(store.load());
    assertThat(vote.promised()).isEqualTo(256);
    assertThat(vote.accepted()).isNull();
    store.save(new VoteStore.Vote(512, 512, new byte[100]));
    store.save(new VoteStore.Vote(513, 512, new byte[] {4}));
    vote = Objects.requireNonNull(new FileVoteStore(path, Stores.POOL, Stores.LEG).load());
    assertThat(vote.promised()).isEqualTo(513);
    assertThat(vote.acceptedBallot()).isEqualTo(512);
    assertThat(vote.accepted()).containsExactly(4);
    try (Stream<Path> files = Files.list(dir)) {
      assertThat(files).containsExactly(path);
    }
  }

  @Test
  void neverVotesFromWhatItCannotRead() throws IOException {
    Path path = dir.resolve("votes");
    var store = new FileVoteStore(path, Stores.POOL, Stores.LEG);
    store.save(new VoteStore.Vote(256, 256, new byte[20]));
    byte[] good = Files.readAllBytes(path);
    for (int length : new int[] {0, 10, 60, good.length - 1}) {
      Files.write(path, Arrays.copyOf(good, length));
      assertThatThrownBy(store::load)
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("cannot be read");
    }
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= 4;
      Files.write(path, bad);
      assertThatThrownBy(store::load).as("byte %s", i).isInstanceOf(StoreException.class);
    }
    Files.write(path, good);
    assertThatThrownBy(() -> new FileVoteStore(path, Stores.POOL, Stores.PEER).load())
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("not of member " + Stores.PEER);
  }

  @Test
  void aWitnessHasAnIdentityAndVotes() throws IOException {
    Path folder = dir.resolve("witness");
    assertThat(WitnessStore.exists(folder)).isFalse();
    assertThatThrownBy(() -> WitnessStore.open(folder)).isInstanceOf(StoreException.class);
    WitnessStore.create(folder, Stores.POOL, "a", Stores.PEER);
    assertThat(WitnessStore.exists(folder)).isTrue();
    try (WitnessStore w = WitnessStore.open(folder)) {
      w.votes().save(new VoteStore.Vote(1, 0, null));
      assertThatThrownBy(() -> WitnessStore.open(folder)).hasMessageContaining("in use by pid");
    }
    try (WitnessStore w = WitnessStore.open(folder)) {
      assertThat(Objects.requireNonNull(w.votes().load()).promised()).isEqualTo(1);
    }
    assertThatThrownBy(() -> WitnessStore.create(folder, Stores.POOL, "a", Stores.PEER))
        .hasMessageContaining("not empty");
    Files.write(folder.resolve("identity"), new byte[512]);
    assertThatThrownBy(() -> WitnessStore.open(folder)).hasMessageContaining("damaged");
  }
}
