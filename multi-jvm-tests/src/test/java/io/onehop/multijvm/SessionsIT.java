package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static io.onehop.multijvm.LocalCluster.WITNESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.onehop.nbd.client.NbdClient;
import io.onehop.nbd.wire.Nbd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Sessions are taken over, paused, resumed and detached; all nodes die under one. */
class SessionsIT extends PoolCase {
  @Test
  void aLivingClientIsTakenOver() throws Exception {
    load.randomInstant(faults);
    LocalCluster.Client old = client;
    LocalCluster.Beginning second = cluster.begin(POOL, "--takeover");
    try (NbdClient loser = load.abandon()) {
      client = cluster.await(second);
      // It is told why, or its connection has ended after others were.
      assertThatThrownBy(() -> loser.read(0, ByteBuffer.allocateDirect(4096)))
          .isInstanceOf(IOException.class);
      String why = cluster.refusal(old);
      System.out.println("the old client: " + why);
      // It may learn of the end before it hears who came after it.
      assertThat(why).containsAnyOf("takeover", "pid " + client.process().pid());
    }
    load.verify(client.uri());
    load.start(client.uri());
    finish();
  }

  @Test
  void aClientThatIsTakenOverAnswersShutdown() throws Exception {
    load.stop();
    try (NbdClient loser = NbdClient.connect(client.uri())) {
      LocalCluster.Client old = client;
      cluster.signal(old.process(), "STOP");
      client = cluster.attach(POOL, "--takeover");
      List<Integer> answers = new CopyOnWriteArrayList<>();
      loser.write(0, ByteBuffer.allocateDirect(4096), false, answers::add);
      cluster.signal(old.process(), "CONT");
      Eventually.await("the fenced client answers", 20, () -> !answers.isEmpty());
      assertThat(answers).containsExactly(Nbd.ESHUTDOWN);
      cluster.refusal(old);
    }
    load.verify(client.uri());
    load.start(client.uri());
    finish();
  }

  @Test
  void aStoppedClientLosesItsSocketToTheOneThatTakesOver() {
    load.stop();
    LocalCluster.Client old = client;
    cluster.signal(old.process(), "STOP");
    client = cluster.await(cluster.beginInPlaceOf(old, POOL, "--takeover"));
    assertThat(client.uri()).isEqualTo(old.uri());
    cluster.signal(old.process(), "CONT");
    cluster.refusal(old); // its end leaves the socket to the new one
    load.verify(client.uri());
    load.start(client.uri());
    finish();
  }

  @Test
  void aClientThatWasPausedForLongGoesOn() {
    load.randomInstant(faults);
    cluster.signal(client.process(), "STOP");
    Eventually.elapse(Duration.ofSeconds(30));
    assertThat(cluster.status(POOL).path("writer").isNull())
        .as("its session was ended meanwhile: " + cluster.status(POOL))
        .isTrue();
    cluster.signal(client.process(), "CONT");
    load.awaitMore(500);
    finish();
  }

  @Test
  void detachedInOrderWithALegMissing() {
    String leg = nextLeg();
    load.randomInstant(faults);
    load.countTouched();
    cluster.kill(leg);
    awaitOut(leg);
    load.awaitMore(300);
    detach();
    client = cluster.attach(POOL);
    load.start(client.uri());
    load.awaitMore(300);
    long generation = cluster.generation(POOL);
    cluster.start(leg);
    int touched = awaitBack(leg, generation);
    resyncWasExact(leg, touched);
    finish();
  }

  @Test
  void detachedInOrderWhileALegHeals() {
    resyncSlowly(131_072);
    String leg = nextLeg();
    load.randomInstant(faults);
    cluster.kill(leg);
    awaitOut(leg);
    load.awaitMore(3_000);
    cluster.start(leg);
    Eventually.await(leg + " heals", 40, () -> cluster.state(POOL, leg).equals("syncing"));
    detach();
    assertThat(cluster.state(POOL, leg)).as("it goes on healing").isEqualTo("syncing");
    resyncFast();
    compareStores();
    client = cluster.attach(POOL);
    load.verify(client.uri());
    load.start(client.uri());
    finish();
  }

  private void detach() {
    load.stop();
    assertThat(LocalCluster.stop(client.process())).as("exit code of the client").isZero();
    Eventually.await(
        "there is no writer, and nothing is left to reconcile",
        20,
        () ->
            cluster.status(POOL).path("writer").isNull()
                && cluster.status(POOL).path("phase").asText().equals("ready"));
  }

  @Test
  void allNodesAreKilledAtOnceAndStartedAtOnce() {
    load.randomInstant(faults);
    killAllNodes();
    cluster.names().forEach(cluster::start);
    load.awaitMore(500);
    finish();
  }

  @Test
  void allNodesAreKilledAndTheSlowestComesLast() {
    String last = nextLeg();
    for (List<String> order :
        List.of(List.of(WITNESS, other(last), last), List.of(last, WITNESS, other(last)))) {
      load.randomInstant(faults);
      killAllNodes();
      for (String node : order) {
        cluster.start(node);
        cluster.awaitAnswers(node);
      }
      load.awaitMore(500);
    }
    finish();
  }

  @Test
  void allNodesAreKilledAndOneLegNeverReturns() {
    set("cold-start-grace=2s");
    String lost = nextLeg();
    load.randomInstant(faults);
    killAllNodes();
    cluster.start(WITNESS);
    cluster.start(other(lost));
    load.awaitMore(500);
    assertThat(cluster.state(POOL, lost)).isEqualTo("stale");
    set("cold-start-grace=10s");
    cluster.start(lost);
    finish();
  }

  @Test
  void byPolicyAColdStartWaitsForAllLegs() {
    set("cold-start=wait-for-all", "cold-start-grace=1s");
    String late = nextLeg();
    load.randomInstant(faults);
    killAllNodes();
    cluster.start(WITNESS);
    cluster.start(other(late));
    cluster.awaitAnswers(other(late));
    Eventually.await(
        "status names " + late,
        30,
        () -> cluster.statusWithout(WITNESS, POOL).path("waiting").asText().contains(late));
    long acks = load.acks();
    Eventually.elapse(Duration.ofSeconds(3));
    assertThat(load.acks()).as("it waits although the grace time is over").isEqualTo(acks);
    cluster.start(late);
    load.awaitMore(500);
    set("cold-start=after-grace", "cold-start-grace=10s");
    finish();
  }

  private void killAllNodes() {
    LocalCluster.kill(cluster.process(A), cluster.process(B), cluster.process(WITNESS));
  }
}
