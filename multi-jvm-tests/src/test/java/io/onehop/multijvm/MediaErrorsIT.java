package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static io.onehop.multijvm.LocalCluster.WITNESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks that fail under load: some blocks, many blocks, writes, syncs. */
class MediaErrorsIT extends PoolCase {
  private static final int BLOCK = 4096;

  MediaErrorsIT() {
    super(true, A, B, WITNESS);
  }

  @AfterEach
  void healthy() {
    cluster.legs().forEach(leg -> cluster.storeFaults(leg, ""));
  }

  @Test
  void unreadableBlocksAreFetchedFromTheOtherLeg() throws IOException {
    String leg = nextLeg();
    load.randomInstant(faults);
    load.stop();
    long generation = cluster.generation(POOL);
    long served = PeerTraffic.served(cluster, other(leg));
    cluster.storeFaults(leg, "read-error 1000..1099");
    // The comparison reads everything on both legs, so it meets the bad blocks.
    Eventually.await(
        "the bad blocks were fetched",
        60,
        () -> {
          Dist.Ended e = cluster.onehop("verify", POOL, "--json");
          assertThat(e.code()).as("verify: " + e).isZero();
          return PeerTraffic.served(cluster, other(leg)) - served >= 100L * BLOCK;
        });
    assertThat(PeerTraffic.served(cluster, other(leg)) - served).isEqualTo(100L * BLOCK);
    load.verify(client.uri());
    assertThat(cluster.generation(POOL)).as("the leg stays in sync").isEqualTo(generation);
    load.start(client.uri());
    finish();
  }

  @Test
  void aDiskThatLosesBlockAfterBlockIsNotUsed() {
    String leg = nextLeg();
    load.randomInstant(faults);
    cluster.storeFaults(leg, "read-error sticky");
    awaitOutBecause(leg, "be read"); // one that cannot, or too many that could not
    cluster.storeFaults(leg, "");
    finish();
  }

  @ParameterizedTest
  @ValueSource(strings = {"write-error 20%", "no-space 50%", "short-write 5%", "sync-error"})
  void aLegWhoseDiskFailsGoesAndComesBack(String fault) {
    String leg = nextLeg();
    load.randomInstant(faults);
    cluster.storeFaults(leg, fault);
    awaitOutBecause(leg, "");
    cluster.storeFaults(leg, "");
    load.awaitMore(200);
    finish();
  }

  private void awaitOutBecause(String leg, String reason) {
    Eventually.await(
        leg + " is out, " + reason,
        60,
        () ->
            cluster.state(POOL, leg).equals("stale")
                && cluster.leg(POOL, leg).path("reason").asText().contains(reason));
    System.out.println("status: " + cluster.leg(POOL, leg));
    assertThat(cluster.leg(POOL, leg).path("reason").asText()).isNotBlank();
  }
}
