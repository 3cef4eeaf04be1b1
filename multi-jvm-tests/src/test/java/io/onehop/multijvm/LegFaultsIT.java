package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.WITNESS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Nodes die, pause and return under one client that goes on writing all the time. */
class LegFaultsIT extends PoolCase {
  /** Below any time of a failure detector, and above what a busy machine does to a process. */
  private static final long LONG_STALL_MILLIS = 2_000;

  private static final int BLOCK = 4096;

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
    String leg = nextLeg();
    load.randomInstant(faults);
    load.countTouched();
    cluster.kill(leg);
    awaitOut(leg);
    load.awaitMore(2_000);
    // Writes satisfy missing blocks without a fetch: with none, at this rate, it syncs for long.
    load.stop();
    resyncSlowly(65_536);
    cluster.start(leg);
    Eventually.await(leg + " is syncing", 60, () -> cluster.state(POOL, leg).equals("syncing"));
    load.start(client.uri());
    load.awaitMore(100);
    assertThat(cluster.state(POOL, leg)).isEqualTo("syncing");
    cluster.kill(leg);
    load.awaitMore(500);
    awaitOut(leg);
    resyncFast();
    long generation = cluster.generation(POOL);
    cluster.start(leg);
    int touched = awaitBack(leg, generation);
    resyncWasExact(leg, touched);
    finish();
  }

  /** With no writes meanwhile, what is missing is known to the block. */
  @Test
  void aResyncCopiesWhatIsMissingAndNothingElse() throws IOException {
    String leg = nextLeg();
    load.randomInstant(faults);
    load.countTouched();
    int doubtful = load.touchedBlocks(); // of the requests that were under way or just before
    cluster.kill(leg);
    awaitOut(leg);
    load.awaitMore(500);
    load.stop();
    int touched = load.touchedBlocks();
    Eventually.await("status says what " + leg + " misses", 10, () -> missing(leg) > 0);
    long missing = missing(leg);
    assertThat(missing).isLessThanOrEqualTo((long) touched * BLOCK);
    long served = servedByOthers(leg);
    cluster.start(leg);
    cluster.awaitAnswers(leg);
    cluster.awaitInSync(POOL);
    JsonNode last = cluster.leg(POOL, leg).path("lastResync");
    System.out.println("missing " + missing + ", doubtful " + doubtful + ", resync " + last);
    assertThat(last.path("missedBytes").asLong())
        .as("missed and suspect")
        .isBetween(missing, missing + (long) doubtful * BLOCK);
    assertThat(last.path("copiedBytes").asLong())
        .as("copied")
        .isLessThanOrEqualTo(last.path("missedBytes").asLong());
    assertThat(servedByOthers(leg) - served)
        .as("what the other leg sent")
        .isLessThanOrEqualTo(last.path("copiedBytes").asLong());
    load.start(client.uri());
    finish();
  }

  private long missing(String leg) {
    return cluster.leg(POOL, leg).path("missingBytes").asLong();
  }

  private long servedByOthers(String leg) throws IOException {
    return PeerTraffic.served(cluster, other(leg));
  }

  /** Too short for a failure: nothing changes, and writes stand for as long as it stops. */
  @Test
  void aLegThatStopsEverySecondStaysIn() {
    load.randomInstant(faults);
    load.forgetStalls();
    long generation = cluster.generation(POOL);
    stopAndGo(nextLeg(), 10, Duration.ofSeconds(1));
    System.out.println(cluster.generation(POOL) - generation + " view changes");
    assertThat(cluster.generation(POOL) - generation).as("view changes").isLessThanOrEqualTo(3);
    assertThat(load.longestStallMillis()).as("longest stall").isLessThan(LONG_STALL_MILLIS + 1_500);
    load.awaitMore(500);
    finish();
  }

  /** Long enough for one: it is evicted, and the view does not swing with it. */
  @Test
  void aLegThatStopsForSecondsAgainAndAgainDoesNotFlap() {
    String leg = nextLeg();
    load.randomInstant(faults);
    load.forgetStalls();
    long generation = cluster.generation(POOL);
    long acks = load.acks();
    stopAndGo(leg, 12, Duration.ofSeconds(4));
    long changes = generationWithout(leg) - generation;
    System.out.println(changes + " view changes, " + (load.acks() - acks) + " writes");
    assertThat(changes).as("view changes in a minute").isBetween(1L, 3L);
    load.awaitMore(500);
    finish();
  }

  private long generationWithout(String leg) {
    return cluster.statusWithout(leg, POOL).path("generation").asLong();
  }

  private void stopAndGo(String leg, int times, Duration stop) {
    try {
      for (int i = 0; i < times; i++) {
        cluster.signal(leg, "STOP");
        Eventually.elapse(stop);
        cluster.signal(leg, "CONT");
        Eventually.elapse(Duration.ofSeconds(1));
      }
    } finally {
      cluster.signal(leg, "CONT");
    }
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
