package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Pools that can lose nobody: one leg alone, and two legs without a witness. */
class VotersIT {
  private static final String POOL = "vol0";
  private static final long SIZE = 32L << 20;

  private final long seed = Seed.of("VotersIT");
  private final SplittableRandom faults = Seed.faults(seed);

  @Test
  void oneLegAlone() {
    try (LocalCluster cluster = LocalCluster.running("VotersIT", "32M", false, A);
        HistoryWorkload load = new HistoryWorkload(SIZE, seed)) {
      LocalCluster.Client client = cluster.attach(POOL);
      load.start(client.uri());
      load.randomInstant(faults);
      cluster.kill(A);
      cluster.start(A);
      load.awaitMore(500);
      LocalCluster.kill(client.process());
      load.disconnected();
      client = cluster.attach(POOL);
      load.verify(client.uri());
      cluster.awaitInSync(POOL);
      RawStores.of(cluster, POOL).compareAtRest(load);
      cluster.passed();
    }
  }

  @Test
  void twoLegsWithoutAWitnessWaitForEachOther() {
    try (LocalCluster cluster = LocalCluster.running("VotersIT", "32M", false, A, B);
        HistoryWorkload load = new HistoryWorkload(SIZE, seed)) {
      LocalCluster.Client client = cluster.attach(POOL);
      load.start(client.uri());
      for (String leg : cluster.legs()) {
        load.randomInstant(faults);
        cluster.kill(leg);
        Eventually.await(
            "status names " + leg,
            20,
            () -> cluster.status(POOL).path("waiting").asText().contains(leg));
        long acks = load.acks();
        assertThat(cluster.onehop("status", POOL, "--json").code()).isZero();
        assertThat(load.acks()).as("writes wait").isEqualTo(acks);
        cluster.start(leg);
        load.awaitMore(300);
        cluster.awaitInSync(POOL);
      }
      load.stop();
      load.verify(client.uri());
      RawStores.of(cluster, POOL).compareAtRest(load);
      cluster.passed();
    }
  }
}
