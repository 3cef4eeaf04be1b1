package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static io.onehop.multijvm.LocalCluster.WITNESS;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.nbd.client.NbdClient;
import io.onehop.netfault.FaultNet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The client reaches only a leg that heals: it reads through that one, and its writes wait. */
class HealingReadsIT extends PoolCase {
  HealingReadsIT() {
    super(true, A, B, WITNESS);
  }

  private FaultNet net() {
    return cluster.faults();
  }

  @AfterEach
  void heal() {
    net().healAll();
  }

  @Test
  void readsGoThroughTheHealingLegAndWritesWaitForTheOther() throws IOException {
    resyncSlowly(16_384); // at this rate it would heal for minutes
    load.randomInstant(faults);
    cluster.kill(B);
    awaitOut(B);
    load.awaitMore(2_000);
    load.stop();
    cluster.start(B);
    Eventually.await(B + " heals", 40, () -> cluster.state(POOL, B).equals("syncing"));
    net().cut(client.party(), A);
    try (NbdClient nbd = NbdClient.connect(client.uri())) {
      List<Integer> answers = new CopyOnWriteArrayList<>();
      ByteBuffer content = ByteBuffer.allocateDirect(4096);
      nbd.read(0, content);
      nbd.write(0, content.flip().limit(4096), false, answers::add);
      Eventually.await(
          "status says that writes wait for " + A,
          20,
          () -> cluster.status(POOL).path("waiting").asText().contains(A));
      System.out.println("waiting: " + cluster.status(POOL).path("waiting").asText());
      assertThat(answers).as("the write waits").isEmpty();
      assertThat(cluster.state(POOL, A))
          .as("the last leg in sync is never evicted")
          .isEqualTo("in-sync");
      net().heal(client.party(), A);
      Eventually.await("the write is done", 20, () -> !answers.isEmpty());
      assertThat(answers).containsExactly(0);
    }
    // Read through it block by block, all of what it misses: it may be in sync after that.
    assertThat(cluster.state(POOL, B)).isEqualTo("syncing");
    net().cut(client.party(), A);
    load.verify(client.uri());
    net().heal(client.party(), A);
    resyncFast();
    load.start(client.uri());
    finish();
  }
}
