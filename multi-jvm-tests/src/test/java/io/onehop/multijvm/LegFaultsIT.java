package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.WITNESS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Nodes die, pause and return under one client that goes on writing all the time. */
class LegFaultsIT extends PoolCase {
  /** Below any time of a failure detector, and above what a busy machine does to a process. */
  private static final long LONG_STALL_MILLIS = 2_000;

  @Test
  void aLegIsKilledWhileWritingAndComesBack() {
    String leg = nextLeg();
    load.randomInstant(faults);
    load.countTouched();
    cluster.kill(leg);
    load.awaitMore(500);
    awaitOut(leg);
    long generation = cluster.generation(POOL);
    cluster.start(leg);
    int touched = awaitBack(leg, generation);
    resyncWasExact(leg, touched);
    finish();
  }

  @Test
  void aLegIsKilledAgainWhileSyncing() {
    set("resync-max-rate=1048576");
    String leg = nextLeg();
    load.randomInstant(faults);
    load.countTouched();
    cluster.kill(leg);
    load.awaitMore(2_000);
    awaitOut(leg);
    // Writes satisfy missing blocks without a fetch, so a fast client ends the stint early: try
    // again.
    for (int tries = 1; !seenSyncing(leg); tries++) {
      assertThat(tries).as("starts of " + leg + " not seen syncing").isLessThan(4);
      cluster.kill(leg);
      load.awaitMore(2_000);
      awaitOut(leg);
    }
    cluster.kill(leg);
    load.awaitMore(500);
    awaitOut(leg);
    set("resync-max-rate=0");
    long generation = cluster.generation(POOL);
    cluster.start(leg);
    int touched = awaitBack(leg, generation);
    resyncWasExact(leg, touched);
    finish();
  }

  /** Starts {@code leg}; whether status says syncing before it says in sync. */
  private boolean seenSyncing(String leg) {
    cluster.start(leg);
    Eventually.await(leg + " returns", 60, () -> !cluster.state(POOL, leg).equals("stale"));
    return cluster.state(POOL, leg).equals("syncing");
  }

  @Test
  void aPausedLegIsAZombieAndComesBack() {
    String leg = nextLeg();
    load.randomInstant(faults);
    load.countTouched();
    cluster.signal(leg, "STOP");
    awaitOut(leg);
    load.awaitMore(500);
    long generation = cluster.generation(POOL);
    cluster.signal(leg, "CONT");
    int touched = awaitBack(leg, generation);
    resyncWasExact(leg, touched);
    finish();
  }

  @Test
  void aHealthyPoolSendsNoDataBetweenNodes() throws IOException {
    long served = PeerTraffic.served(cluster);
    long traffic = PeerTraffic.bytes(cluster);
    long bytes = load.bytes();
    load.awaitMore(5_000);
    long written = load.bytes() - bytes;
    long between = PeerTraffic.bytes(cluster) - traffic;
    System.out.println(written + " bytes written, " + between + " between nodes");
    assertThat(between).as("bytes between nodes").isLessThan(written / 20);
    assertThat(PeerTraffic.served(cluster)).as("data bytes between nodes").isEqualTo(served);
    Dist.Ended verify = cluster.onehop("verify", POOL, "--json");
    assertThat(verify.code()).as("no false alarm under writes: " + verify).isZero();
    assertThat(verify.out()).contains("\"comparedBytes\":" + (64 << 20)).contains("[]");
    finish();
  }

  @Test
  void theWitnessGoesAloneAndNothingHappens() {
    long generation = cluster.generation(POOL);
    load.randomInstant(faults);
    load.forgetStalls();
    cluster.kill(WITNESS);
    load.awaitMore(3_000);
    Eventually.await(
        "status says that the witness is away",
        20,
        () -> !cluster.status(POOL).path("witnesses").path(0).path("reachable").asBoolean(true));
    JsonNode status = cluster.status(POOL);
    assertThat(status.path("generation").asLong()).isEqualTo(generation);
    assertThat(status.path("waiting").isNull()).as(status.toString()).isTrue();
    cluster.start(WITNESS);
    cluster.awaitAnswers(WITNESS);
    load.awaitMore(500);
    assertThat(cluster.generation(POOL)).isEqualTo(generation);
    assertThat(load.longestStallMillis()).as("longest stall").isLessThan(LONG_STALL_MILLIS);
    finish();
  }

  @Test
  void witnessAndLegGoAtOnceAndTheLegReturns() {
    String leg = nextLeg();
    witnessAndLegGo(leg, leg, WITNESS);
  }

  @Test
  void witnessAndLegGoAtOnceAndTheWitnessReturns() {
    String leg = nextLeg();
    witnessAndLegGo(leg, WITNESS, leg);
  }

  private void witnessAndLegGo(String leg, String first, String second) {
    load.randomInstant(faults);
    LocalCluster.kill(cluster.process(leg), cluster.process(WITNESS));
    Eventually.await(
        "status says that the pool waits",
        20,
        () -> cluster.status(POOL).path("waiting").isTextual());
    long acks = load.acks();
    Dist.Ended status = cluster.onehop("status", POOL, "--json");
    assertThat(status.code()).as("a degraded pool is no error").isZero();
    String waiting = cluster.status(POOL).path("waiting").asText();
    System.out.println("waiting: " + waiting);
    assertThat(waiting).containsAnyOf(leg, WITNESS);
    assertThat(status.out()).contains(waiting);
    assertThat(load.acks()).as("writes wait").isEqualTo(acks);
    cluster.start(first);
    load.awaitMore(500);
    cluster.start(second);
    cluster.awaitAnswers(second);
    finish();
  }

  @Test
  void oneNodeStaysDeadWhileAnotherRestarts() {
    String leg = nextLeg();
    load.randomInstant(faults);
    load.countTouched();
    cluster.kill(leg);
    awaitOut(leg);
    assertThat(LocalCluster.stop(cluster.process(WITNESS))).as("exit code").isZero();
    load.awaitMore(300);
    cluster.start(WITNESS);
    cluster.awaitAnswers(WITNESS);
    load.awaitMore(300);
    // A new session is a view change: the other leg and the restarted witness must agree on it.
    load.stop();
    assertThat(LocalCluster.stop(client.process())).as("exit code").isZero();
    client = cluster.attach(POOL);
    load.start(client.uri());
    load.awaitMore(300);
    long generation = cluster.generation(POOL);
    cluster.start(leg);
    int touched = awaitBack(leg, generation);
    resyncWasExact(leg, touched);
    finish();
  }
}
