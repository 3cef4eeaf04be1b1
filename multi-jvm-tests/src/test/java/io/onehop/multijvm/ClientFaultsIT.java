package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.onehop.nbd.client.NbdClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Clients die, alone and together with legs; legs heal without one. */
class ClientFaultsIT extends PoolCase {
  @Test
  void theClientIsKilledAndANewOneAttaches() {
    load.randomInstant(faults);
    LocalCluster.kill(client.process());
    load.disconnected();
    client = cluster.attach(POOL);
    load.verify(client.uri());
    load.start(client.uri());
    finish();
  }

  @Test
  void clientAndLegAreKilledTogether() {
    String leg = nextLeg();
    load.randomInstant(faults);
    load.countTouched();
    LocalCluster.kill(client.process(), cluster.process(leg));
    load.disconnected();
    client = cluster.attach(POOL);
    load.verify(client.uri());
    load.start(client.uri());
    load.awaitMore(500);
    awaitOut(leg);
    long generation = cluster.generation(POOL);
    cluster.start(leg);
    int touched = awaitBack(leg, generation);
    resyncWasExact(leg, touched);
    finish();
  }

  @Test
  void aPausedClientIsFencedForGood() {
    load.randomInstant(faults);
    LocalCluster.Client old = client;
    cluster.signal(old.process(), "STOP");
    try (NbdClient zombie = load.abandon()) {
      client = cluster.attach(POOL);
      load.verify(client.uri());
      load.start(client.uri());
      load.awaitMore(200);
      cluster.signal(old.process(), "CONT");
      // It had requests in flight and gets one more: none of them may be done, or served.
      assertThatThrownBy(() -> zombie.read(0, ByteBuffer.allocateDirect(4096)))
          .as("a fenced client's read")
          .isInstanceOf(IOException.class);
      assertThat(cluster.refusal(old)).contains("session");
    }
    finish();
  }

  @Test
  void aSecondClientIsRefusedWhileTheFirstLives() {
    load.randomInstant(faults);
    LocalCluster.Beginning second = cluster.begin(POOL);
    String why = cluster.refusal(second);
    System.out.println("refused: " + why);
    assertThat(why)
        .contains("pid " + client.process().pid())
        .containsPattern("held by \\S+ pid \\d+ since \\d{4}-\\d\\d-\\d\\dT");
    finish();
  }

  @Test
  void aLegHealsWithNoClientAttached() {
    load.randomInstant(faults);
    load.countTouched();
    cluster.kill(B);
    load.awaitMore(500);
    awaitOut(B);
    load.stop();
    assertThat(LocalCluster.stop(client.process())).as("exit code of the client").isZero();
    Eventually.await("there is no writer", 20, () -> cluster.status(POOL).path("writer").isNull());
    long generation = cluster.generation(POOL);
    cluster.start(B);
    int touched = awaitBack(B, generation);
    resyncWasExact(B, touched);
    compareStores();
    client = cluster.attach(POOL);
    load.verify(client.uri());
    load.start(client.uri());
    finish();
  }

  @Test
  void aLegThatMissedWritesServesNothingAlone() {
    load.randomInstant(faults);
    load.countTouched();
    cluster.kill(B);
    load.awaitMore(500);
    awaitOut(B);
    load.randomInstant(faults);
    cluster.kill(A);
    LocalCluster.kill(client.process());
    load.disconnected();
    cluster.start(B);
    cluster.awaitAnswers(B);
    LocalCluster.Beginning early = cluster.begin(POOL);
    Eventually.await(
        "status says that the pool waits for node-a",
        20,
        () -> cluster.status(POOL).path("waiting").asText().contains(A));
    JsonNode status = cluster.status(POOL);
    System.out.println("waiting: " + status.path("waiting").asText());
    assertThat(cluster.state(POOL, B)).isEqualTo("stale");
    assertThat(cluster.refusal(early)).isNotBlank();
    assertThat(cluster.state(POOL, B)).isEqualTo("stale");
    cluster.start(A);
    client = cluster.attach(POOL);
    load.verify(client.uri());
    load.start(client.uri());
    load.awaitMore(500);
    cluster.awaitInSync(POOL);
    assertThat(cluster.leg(POOL, B).path("lastResync").path("copiedBytes").asLong()).isPositive();
    finish();
  }
}
