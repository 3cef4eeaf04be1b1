package io.onehop.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Five legs and no witness: any three of them run the pool. */
class FiveLegsIT extends PoolCase {
  FiveLegsIT() {
    super(false, "node-a", "node-b", "node-c", "node-d", "node-e");
  }

  @Test
  void twoLegsDieAtOnceAndReturn() {
    String one = nextLeg();
    String other = nextLeg();
    load.randomInstant(faults);
    load.countTouched();
    LocalCluster.kill(cluster.process(one), cluster.process(other));
    awaitOut(one);
    awaitOut(other);
    load.awaitMore(500);
    assertThat(cluster.status(POOL).path("waiting").isNull()).as("three go on").isTrue();
    long generation = cluster.generation(POOL);
    cluster.start(one);
    cluster.start(other);
    awaitBack(other, generation);
    int touched = load.touchedBlocks();
    resyncWasExact(one, touched);
    resyncWasExact(other, touched);
    finish();
  }
}
