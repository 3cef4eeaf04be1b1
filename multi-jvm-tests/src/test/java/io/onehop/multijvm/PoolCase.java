package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;

/**
 * Tests that share one running pool and one client. Each finds all nodes up, both legs in sync and
 * writes going on; each ends with {@link #finish}. After one that failed the next gets new ones.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PoolCase {
  static final String POOL = "vol0";
  private static final String SIZE = "64M";
  private static final long SIZE_BYTES = 64L << 20;
  private static final int BLOCK = 4096;

  LocalCluster cluster;
  LocalCluster.Client client;
  HistoryWorkload load;
  SplittableRandom faults = new SplittableRandom(1);
  private RawStores stores;
  private boolean sound = true;
  private String victim = "";

  private final boolean faulty;
  private final String[] nodes;

  /** Two legs and a witness. */
  PoolCase() {
    this(false, A, B, LocalCluster.WITNESS);
  }

  /** See {@link LocalCluster#running(String, String, boolean, String...)}. */
  PoolCase(boolean faulty, String... nodes) {
    this.faulty = faulty;
    this.nodes = nodes;
    cluster = LocalCluster.running(getClass().getSimpleName(), SIZE, faulty, nodes);
    try {
      client = cluster.attach(POOL);
      stores = RawStores.of(cluster, POOL);
      load = new HistoryWorkload(SIZE_BYTES, Seed.of(getClass().getSimpleName()));
    } catch (RuntimeException | Error e) {
      cluster.close();
      throw e;
    }
  }

  @BeforeEach
  void begin(TestInfo info) {
    if (!sound) {
      load.close();
      cluster.close();
      cluster = LocalCluster.running(getClass().getSimpleName(), SIZE, faulty, nodes);
      client = cluster.attach(POOL);
      stores = RawStores.of(cluster, POOL);
      load = new HistoryWorkload(SIZE_BYTES, Seed.of(getClass().getSimpleName()));
    }
    sound = false;
    faults = Seed.faults(Seed.of(info.getDisplayName()));
    if (!client.process().isAlive()) {
      client = cluster.attach(POOL);
    }
    cluster.awaitInSync(POOL);
    load.forgetStalls();
    load.start(client.uri());
  }

  @AfterEach
  void closeConnection(TestInfo info) {
    System.out.println(info.getDisplayName() + ": " + load.summary());
    load.hangUp();
  }

  @AfterAll
  void end() {
    if (sound) {
      cluster.passed();
    }
    load.close();
    cluster.close();
  }

  /**
   * A leg to strike, each in turn: one that is evicted again and again comes back later each time.
   */
  String nextLeg() {
    List<String> legs = cluster.legs();
    victim =
        victim.isEmpty()
            ? legs.get(faults.nextInt(legs.size()))
            : legs.get((legs.indexOf(victim) + 1) % legs.size());
    return victim;
  }

  /** The legs' files. */
  RawStores stores() {
    return stores;
  }

  /** Legs heal at this rate, bytes per second, until {@link #resyncFast}. */
  void resyncSlowly(int rate) {
    set("resync-min-rate=" + rate, "resync-max-rate=" + rate);
  }

  /** Legs heal as fast as they can. */
  void resyncFast() {
    set("resync-max-rate=0", "resync-min-rate=1048576");
  }

  /** Changes settings of the pool. */
  void set(String... settings) {
    List<String> command = new ArrayList<>(List.of("pool", "set", POOL));
    command.addAll(List.of(settings));
    Dist.Ended e = cluster.onehop(command.toArray(String[]::new));
    assertThat(e.code()).as(e.err()).isZero();
  }

  static String other(String leg) {
    return leg.equals(A) ? B : A;
  }

  /** All legs are in sync, NBD and all raw stores show what the history says. */
  void finish() {
    cluster.awaitInSync(POOL);
    load.randomInstant(faults);
    load.stop();
    load.verify(client.uri());
    cluster.awaitInSync(POOL);
    stores.compareAtRest(load);
    sound = true;
  }

  /** Writing stopped already and no client may be there: only the stores. */
  void compareStores() {
    cluster.awaitInSync(POOL);
    stores.compareAtRest(load);
  }

  void awaitOut(String leg) {
    // The others say so: a leg that is cut off does not know it.
    Eventually.await(
        leg + " is out",
        30,
        () ->
            ClusterStatus.leg(cluster.statusWithout(leg, POOL), leg)
                .path("state")
                .asText()
                .equals("stale"));
  }

  /**
   * Waits until a leg that was started again is in sync.
   *
   * @param before the generation before it was started
   * @return blocks that the load touched until it got new writes again: no more can be missing
   */
  int awaitBack(String leg, long before) {
    Eventually.await(
        leg + " gets new writes; status " + cluster.status(POOL),
        40,
        () -> cluster.generation(POOL) > before && !cluster.state(POOL, leg).equals("stale"));
    int touched = load.touchedBlocks();
    cluster.awaitInSync(POOL);
    return touched;
  }

  /**
   * The last resync of a leg copied no more than it missed, and it missed no more than it could.
   */
  void resyncWasExact(String leg, int touchedBlocks) {
    // Another node hears of it a heartbeat later.
    Eventually.await(
        "the resync of " + leg + " is reported",
        10,
        () -> cluster.leg(POOL, leg).path("lastResync").isObject());
    JsonNode last = cluster.leg(POOL, leg).path("lastResync");
    long missed = last.path("missedBytes").asLong(-1);
    long copied = last.path("copiedBytes").asLong(-1);
    System.out.println("resync of " + leg + ": " + last + ", touched " + touchedBlocks + " blocks");
    assertThat(missed).as("missed").isPositive().isLessThanOrEqualTo((long) touchedBlocks * BLOCK);
    assertThat(copied).as("copied").isNotNegative().isLessThanOrEqualTo(missed);
    assertThat(cluster.status(POOL).path("resyncBytesThroughClient").asLong(-1)).isZero();
  }
}
