package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static io.onehop.multijvm.LocalCluster.WITNESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Two pools with two clients on the same nodes, one of a size that is a multiple of nothing. */
class TwoPoolsIT {
  private static final String EVEN = "even";
  private static final String ODD = "odd";
  private static final long EVEN_BYTES = 32L << 20;
  private static final long ODD_BYTES = (24L << 20) + 3 * 4096 + 512 + 331;

  private final long seed = Seed.of("TwoPoolsIT");
  private final SplittableRandom faults = Seed.faults(seed);

  @Test
  void twoPoolsAreIndependentAndRunWithoutTheFirstNode() {
    try (LocalCluster cluster = LocalCluster.configured("TwoPoolsIT", A, B, WITNESS);
        HistoryWorkload even = new HistoryWorkload(EVEN_BYTES, seed);
        HistoryWorkload odd = new HistoryWorkload(ODD_BYTES, seed + 1)) {
      cluster.startAll();
      cluster.createPool(EVEN, "32M");
      cluster.createPool(ODD, "" + ODD_BYTES);
      LocalCluster.Beginning first = cluster.begin(EVEN);
      LocalCluster.Beginning second = cluster.begin(ODD);
      LocalCluster.Client evenClient = cluster.await(first);
      LocalCluster.Client oddClient = cluster.await(second);
      RawStores evenStores = RawStores.of(cluster, EVEN);
      RawStores oddStores = RawStores.of(cluster, ODD);

      even.start(evenClient.uri());
      odd.start(oddClient.uri());
      even.randomInstant(faults);
      odd.randomInstant(faults);
      cluster.kill(B);
      even.awaitMore(500);
      odd.awaitMore(500);

      // One client dies: the other pool notices nothing.
      LocalCluster.kill(oddClient.process());
      odd.disconnected();
      even.awaitMore(500);
      oddClient = cluster.attach(ODD);
      odd.verify(oddClient.uri());
      odd.start(oddClient.uri());
      even.awaitMore(200);
      odd.awaitMore(200);
      cluster.start(B);
      cluster.awaitAnswers(B);
      cluster.awaitInSync(EVEN);
      cluster.awaitInSync(ODD);
      odd.randomInstant(faults);
      even.randomInstant(faults);
      even.stop();
      odd.stop();
      even.verify(evenClient.uri());
      odd.verify(oddClient.uri());
      evenStores.compareAtRest(even);
      oddStores.compare(odd);

      // Everything is stopped in order, and the first node of the list is never started again.
      for (Process p : List.of(evenClient.process(), oddClient.process())) {
        assertThat(LocalCluster.stop(p)).as("exit code").isZero();
      }
      for (String node : cluster.names()) {
        assertThat(LocalCluster.stop(cluster.process(node))).as("exit code").isZero();
      }
      evenStores.compare(even);
      oddStores.compare(odd);
      cluster.start(B);
      cluster.start(WITNESS);
      cluster.awaitAnswers(B);
      first = cluster.begin(EVEN);
      second = cluster.begin(ODD);
      evenClient = cluster.await(first);
      oddClient = cluster.await(second);
      even.verify(evenClient.uri());
      odd.verify(oddClient.uri());
      even.start(evenClient.uri());
      odd.start(oddClient.uri());
      even.awaitMore(500);
      odd.awaitMore(500);
      assertThat(cluster.state(EVEN, B)).isEqualTo("in-sync");
      assertThat(cluster.state(EVEN, A)).isEqualTo("stale");

      // Late, but welcome.
      cluster.start(A);
      cluster.awaitAnswers(A);
      cluster.awaitInSync(EVEN);
      cluster.awaitInSync(ODD);
      even.stop();
      odd.stop();
      evenStores.compareAtRest(even);
      oddStores.compare(odd);
      System.out.println("even: " + even.summary() + "; odd: " + odd.summary());
      cluster.passed();
    }
  }
}
