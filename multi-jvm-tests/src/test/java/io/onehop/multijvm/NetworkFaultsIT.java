package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static io.onehop.multijvm.LocalCluster.WITNESS;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.netfault.FaultNet;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Links are cut, in one direction or both, under a client that writes all the time, and healed. */
class NetworkFaultsIT extends PoolCase {
  /** Longer than the failure time and the deadline: who wants to evict has done so by then. */
  private static final Duration LONG = Duration.ofSeconds(5);

  /** The request deadline, or the failure time, and one view change on a busy machine. */
  private static final long MOST_STALL_MILLIS = 4_000L * Eventually.PATIENCE;

  NetworkFaultsIT() {
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
  void clientAndLegLoseEachOther() {
    String leg = nextLeg();
    theLegGoesAndComesBack(leg, () -> net().cut(client.party(), leg));
  }

  @Test
  void connectionsOfClientAndLegAreReset() {
    String leg = nextLeg();
    theLegGoesAndComesBack(leg, () -> net().refuse(client.party(), leg));
  }

  @Test
  void theLegDoesNotHearTheClient() {
    String leg = nextLeg();
    theLegGoesAndComesBack(leg, () -> net().cutOneWay(client.party(), leg));
  }

  @Test
  void theClientDoesNotHearTheLeg() {
    String leg = nextLeg();
    theLegGoesAndComesBack(leg, () -> net().cutOneWay(leg, client.party()));
  }

  @Test
  void aLegIsCutFromEverybody() {
    String leg = nextLeg();
    theLegGoesAndComesBack(
        leg,
        () -> {
          net().cut(client.party(), leg);
          cluster.names().stream().filter(n -> !n.equals(leg)).forEach(n -> net().cut(leg, n));
        });
  }

  /** It is evicted, stays out as long as the client cannot reach it, and is resynced after that. */
  private void theLegGoesAndComesBack(String leg, Runnable cut) {
    load.randomInstant(faults);
    load.countTouched();
    load.forgetStalls();
    cut.run();
    awaitOut(leg);
    load.awaitMore(200);
    assertThat(load.longestStallMillis()).as("longest stall").isLessThan(MOST_STALL_MILLIS);
    long generation = generationWithout(leg);
    Eventually.elapse(LONG);
    // One try to return is fair where the leg cannot know that the client does not hear it.
    assertThat(generationWithout(leg)).as("no flapping").isLessThanOrEqualTo(generation + 2);
    load.awaitMore(200);
    net().healAll();
    generation = generationWithout(leg);
    awaitBack(leg, generation);
    assertThat(cluster.status(POOL).path("resyncBytesThroughClient").asLong(-1)).isZero();
    finish();
  }

  private long generationWithout(String leg) {
    return cluster.statusWithout(leg, POOL).path("generation").asLong();
  }

  @Test
  void legsLoseEachOtherAndNobodyMinds() {
    nothingHappens(() -> net().cut(A, B));
  }

  @Test
  void oneLegDoesNotHearTheOtherAndNobodyMinds() {
    nothingHappens(() -> net().cutOneWay(A, B));
  }

  @Test
  void theWitnessIsCutFromEverybodyAndNobodyMinds() {
    nothingHappens(() -> {
      net().cut(client.party(), WITNESS);
      net().cut(A, WITNESS);
      net().cut(B, WITNESS);
    });
  }

  private void nothingHappens(Runnable cut) {
    long generation = cluster.generation(POOL);
    load.randomInstant(faults);
    load.forgetStalls();
    cut.run();
    Eventually.elapse(LONG);
    load.awaitMore(500);
    assertThat(cluster.generation(POOL)).isEqualTo(generation);
    assertThat(cluster.status(POOL).path("waiting").isNull()).isTrue();
    assertThat(load.longestStallMillis()).as("longest stall").isLessThan(LONG.toMillis() / 2);
    net().healAll();
    load.awaitMore(500);
    assertThat(cluster.generation(POOL)).isEqualTo(generation);
    finish();
  }

  @Test
  void clientAndLegAreCutFromLegAndWitness() {
    String near = nextLeg();
    String far = other(near);
    load.randomInstant(faults);
    for (String lost : new String[] {far, WITNESS}) {
      net().cut(client.party(), lost);
      net().cut(near, lost);
    }
    Eventually.await(
        "status says what " + near + " waits for",
        20,
        () -> cluster.statusWithout(far, POOL).path("waiting").isTextual());
    long acks = load.acks();
    Eventually.elapse(LONG);
    assertThat(load.acks()).as("writes wait: the others may have gone on").isEqualTo(acks);
    net().healAll();
    load.awaitMore(500);
    finish();
  }

  @Test
  void aSlowLinkIsOnlySlow() {
    long generation = cluster.generation(POOL);
    load.randomInstant(faults);
    net().delay(client.party(), B, Duration.ofMillis(100));
    net().delay(B, client.party(), Duration.ofMillis(100));
    load.awaitMore(300);
    assertThat(cluster.generation(POOL)).isEqualTo(generation);
    net().healAll();
    finish();
  }
}
