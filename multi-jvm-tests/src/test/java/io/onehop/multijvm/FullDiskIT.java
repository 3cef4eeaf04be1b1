package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static io.onehop.multijvm.LocalCluster.WITNESS;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * A leg whose disk fills up while it is written to leaves; the pool goes on; room brings it back.
 */
class FullDiskIT {
  private static final String POOL = "vol0";
  private static final long SIZE = 64L << 20;

  private final long seed = Seed.of("FullDiskIT");
  private final SplittableRandom faults = Seed.faults(seed);

  @Test
  void theLegWithTheFullDiskLeavesAndThePoolGoesOn() {
    LocalCluster cluster = LocalCluster.configured("FullDiskIT", A, B, WITNESS);
    Path disk = cluster.dir().resolve("store").resolve(B);
    Dist.Ended mount = tool("mount", "-t", "tmpfs", "-o", "size=24m", "onehop-it", "" + disk);
    if (mount.code() != 0) {
      cluster.passed();
      cluster.close();
      String why = "a full disk cannot be tried, no tmpfs can be mounted: " + mount.err().strip();
      System.out.println("SKIPPED: " + why);
      Assumptions.abort(why);
    }
    try (HistoryWorkload load = new HistoryWorkload(SIZE, seed)) {
      cluster.startAll();
      cluster.createPool(POOL, "64M");
      LocalCluster.Client client = cluster.attach(POOL);
      cluster.awaitInSync(POOL);
      load.start(client.uri());
      Eventually.await(
          B + " is out: its disk is full",
          40,
          () -> {
            load.countTouched(); // moves on to another part of the pool
            return cluster.state(POOL, B).equals("stale");
          });
      System.out.println("status: " + cluster.leg(POOL, B));
      load.randomInstant(faults);
      assertThat(cluster.runs(B)).as("the node lives").isTrue();
      assertThat(cluster.state(POOL, A)).isEqualTo("in-sync");
      assertThat(cluster.leg(POOL, B).path("reason").asText()).containsIgnoringCase("space");
      load.stop();
      load.verify(client.uri());

      Dist.Ended room = tool("mount", "-o", "remount,size=160m", "" + disk);
      assertThat(room.code()).as(room.err()).isZero();
      cluster.kill(B);
      cluster.start(B);
      cluster.awaitAnswers(B);
      cluster.awaitInSync(POOL);
      load.start(client.uri());
      load.randomInstant(faults);
      load.stop();
      load.verify(client.uri());
      RawStores.of(cluster, POOL).compareAtRest(load);
      cluster.passed();
    } finally {
      cluster.killAll();
      Dist.Ended gone = tool("umount", "" + disk);
      cluster.close();
      assertThat(gone.code()).as(gone.err()).isZero();
    }
  }

  private static Dist.Ended tool(String... command) {
    return Dist.tool(Path.of(System.getProperty("java.io.tmpdir")), 10, command);
  }
}
