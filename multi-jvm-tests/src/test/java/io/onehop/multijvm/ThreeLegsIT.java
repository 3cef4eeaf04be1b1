package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static io.onehop.multijvm.LocalCluster.WITNESS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Three legs and two witnesses: any two of the five may be away. */
class ThreeLegsIT extends PoolCase {
  private static final String C = "node-c";
  private static final String WITNESS_2 = "witness-2";

  ThreeLegsIT() {
    super(false, A, B, C, WITNESS, WITNESS_2);
  }

  @Test
  void anyTwoLegsAreKilledAtOnce() {
    String left = nextLeg();
    List<String> killed = cluster.legs().stream().filter(l -> !l.equals(left)).toList();
    load.randomInstant(faults);
    load.countTouched();
    LocalCluster.kill(cluster.process(killed.get(0)), cluster.process(killed.get(1)));
    load.awaitMore(500);
    killed.forEach(this::awaitOut);
    assertThat(cluster.state(POOL, left)).isEqualTo("in-sync");
    killed.forEach(cluster::start);
    cluster.awaitInSync(POOL);
    for (String leg : killed) {
      resyncWasExact(leg, load.touchedBlocks());
    }
    finish();
  }

  @Test
  void aLegAndBothWitnessesAreKilledAndTheNextMajorityGoesOn() {
    String leg = nextLeg();
    load.randomInstant(faults);
    LocalCluster.kill(cluster.process(leg), cluster.process(WITNESS), cluster.process(WITNESS_2));
    Eventually.await(
        "status says that the pool waits",
        20,
        () -> cluster.status(POOL).path("waiting").isTextual());
    System.out.println("waiting: " + cluster.status(POOL).path("waiting").asText());
    cluster.start(WITNESS_2);
    load.awaitMore(500);
    cluster.start(WITNESS);
    cluster.start(leg);
    cluster.awaitAnswers(WITNESS);
    finish();
  }

  /** What a leg missed is known to a leg that was itself away meanwhile, once that is in sync. */
  @Test
  void theMapOfAnAbsentLegIsHandedOver() {
    load.randomInstant(faults);
    load.countTouched();
    cluster.kill(C);
    awaitOut(C);
    load.awaitMore(1_000);
    cluster.kill(B);
    awaitOut(B);
    load.awaitMore(1_000);
    cluster.start(B);
    Eventually.await(B + " is in sync", 60, () -> cluster.state(POOL, B).equals("in-sync"));
    load.awaitMore(200);
    cluster.kill(A);
    awaitOut(A);
    load.awaitMore(200);
    cluster.start(C);
    Eventually.await(C + " is in sync", 60, () -> cluster.state(POOL, C).equals("in-sync"));
    int touched = load.touchedBlocks();
    resyncWasExact(C, touched);
    cluster.start(A);
    finish();
  }

  @Test
  void verifyNamesTheOddOneOut() throws IOException {
    load.randomInstant(faults);
    Dist.Ended good = cluster.onehop("verify", POOL, "--json");
    assertThat(good.code()).as("under writes: " + good).isZero();
    load.stop();
    String liar = nextLeg();
    long at = (7L << 20) + 123;
    flip(liar, at);
    Dist.Ended bad = cluster.onehop("verify", POOL, "--json");
    flip(liar, at);
    assertThat(bad.code()).as("verify: " + bad).isEqualTo(1);
    JsonNode differences = new ObjectMapper().readTree(bad.out()).path("differences");
    assertThat(differences).as(bad.out()).hasSize(1);
    JsonNode found = differences.get(0);
    assertThat(found.path("nodes")).hasSize(1);
    assertThat(found.path("nodes").get(0).asText()).isEqualTo(liar);
    assertThat(at)
        .isBetween(
            found.path("offset").asLong(),
            found.path("offset").asLong() + found.path("length").asLong() - 1);
    load.start(client.uri());
    finish();
  }

  private void flip(String leg, long at) throws IOException {
    RawStores.Place place = stores().place(leg);
    try (FileChannel file =
        FileChannel.open(place.file(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      file.read(one, place.offset() + at);
      one.flip();
      one.put(0, (byte) ~one.get(0));
      file.write(one, place.offset() + at);
    }
  }
}
