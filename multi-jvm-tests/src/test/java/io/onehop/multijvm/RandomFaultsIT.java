package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Faults upon faults: processes are killed, stopped, paused and started again in an order that the
 * seed draws, without waiting for the pool to get well in between. -Donehop.rounds=N for more.
 */
class RandomFaultsIT extends PoolCase {
  private static final int STEPS = 8;

  private final Set<String> paused = new HashSet<>();

  @Test
  void whateverHappensNoAcknowledgedWriteIsLost() {
    for (int round = 0; round < Integer.getInteger("onehop.rounds", 1); round++) {
      load.randomInstant(faults);
      for (int step = 0; step < STEPS; step++) {
        fault();
        Eventually.elapse(Duration.ofMillis(faults.nextInt(1_500)));
      }
      recover();
      finish();
      load.start(client.uri());
    }
    load.stop();
  }

  @Test
  void bothLegsAreKilledUnderALivingClient() {
    load.randomInstant(faults);
    LocalCluster.kill(cluster.process(A), cluster.process(B));
    cluster.start(A);
    cluster.start(B);
    recover();
    finish();
  }

  private void fault() {
    String node = cluster.names().get(faults.nextInt(3));
    int dice = faults.nextInt(10);
    if (dice == 0) {
      say("kill the client");
      LocalCluster.kill(client.process());
    } else if (paused.contains(node)) {
      say("continue " + node);
      cluster.signal(node, "CONT");
      paused.remove(node);
    } else if (!cluster.runs(node)) {
      say("start " + node);
      cluster.start(node);
    } else if (dice < 3) {
      say("pause " + node);
      cluster.signal(node, "STOP");
      paused.add(node);
    } else if (dice < 5) {
      say("stop " + node);
      cluster.terminate(node);
    } else {
      say("kill " + node);
      cluster.kill(node);
    }
    if (!client.process().isAlive() && load.running()) {
      load.disconnected();
    }
  }

  private void say(String what) {
    System.out.println(
        what + "; " + load.acks() + " acknowledged, " + load.inFlight() + " in flight");
  }

  /** Starts what does not run, a client too if there is none, until all is well. */
  private void recover() {
    for (String node : Set.copyOf(paused)) {
      cluster.signal(node, "CONT");
    }
    paused.clear();
    for (String node : cluster.names()) {
      if (cluster.stopping(node)) {
        LocalCluster.ended(cluster.process(node), 20);
      }
    }
    cluster.startAll();
    if (client.process().isAlive()) {
      long acks = load.acks();
      // One that lived through the death of all legs in sync may end with an error, or go on.
      boolean goes =
          Eventually.within(
              30, () -> load.acks() > acks || !client.process().isAlive() || load.errors() > 0);
      assertThat(goes).as("the client goes on or ends; status " + cluster.status(POOL)).isTrue();
    }
    if (!client.process().isAlive() || load.errors() > 0) {
      if (load.running()) {
        System.out.println("the client has ended");
        LocalCluster.kill(client.process());
        load.disconnected();
      }
      client = cluster.attach(POOL);
      load.verify(client.uri());
      load.start(client.uri());
    }
  }
}
