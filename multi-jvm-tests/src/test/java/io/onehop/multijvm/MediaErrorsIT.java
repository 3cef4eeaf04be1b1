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
  private static final String UNREADABLE = "unreadable_blocks";
  private static final String ERRORS = "media_errors_total";

  /** Together what one step of a comparison reads. */
  private static final int WRITTEN = 50;

  private static final int ZERO = 14;

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
    // What holds zeroes is told as a hole: no content travels for it.
    load.overwrite(client.uri(), 1024, WRITTEN);
    load.zero(client.uri(), 1024 + WRITTEN, ZERO);
    compared(); // so nothing awaits a confirmation: with a bad block in that the leg would fail
    long generation = cluster.generation(POOL);
    long served = PeerTraffic.served(cluster, other(leg));
    long errors = PeerTraffic.figure(cluster, leg, ERRORS);
    cluster.storeFaults(leg, "read-error %d..%d".formatted(1024, 1024 + WRITTEN + ZERO - 1));
    // The comparison reads everything on both legs, so it meets the bad blocks.
    Eventually.await(
        "the bad blocks are met",
        60,
        () -> {
          compared();
          return PeerTraffic.figure(cluster, leg, ERRORS) - errors >= WRITTEN + ZERO;
        });
    Eventually.await(
        "they are whole again", 10, () -> PeerTraffic.figure(cluster, leg, UNREADABLE) == 0);
    assertThat(PeerTraffic.figure(cluster, leg, ERRORS) - errors)
        .as("blocks lost")
        .isEqualTo(WRITTEN + ZERO);
    // Fetched in one piece that is not all zeroes, or in several some of which may be.
    assertThat(PeerTraffic.served(cluster, other(leg)) - served)
        .isBetween((long) WRITTEN * BLOCK, (long) (WRITTEN + ZERO) * BLOCK);
    load.verify(client.uri());
    compared();
    assertThat(cluster.generation(POOL)).as("the leg stays in sync").isEqualTo(generation);
    load.start(client.uri());
    finish();
  }

  private void compared() {
    Dist.Ended e = cluster.onehop("verify", POOL, "--json");
    assertThat(e.code()).as("verify: " + e).isZero();
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
