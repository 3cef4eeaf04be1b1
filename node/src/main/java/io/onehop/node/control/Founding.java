package io.onehop.node.control;

import io.onehop.protocol.model.Endpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.JoinSeedNodes;

/**
 * Founds or joins the Pekko cluster, whichever nodes are there: a node first asks all others; one
 * that got no answer for a while (the longer, the later it stands in the list) founds the cluster
 * itself, after having asked them all once more. Pekko's own rule would wait for the first node of
 * the list for ever. Membership is information: nothing waits for it (rule 1.8). Two nodes that
 * found one at the same moment without hearing each other stay two clusters, and no pool minds.
 */
public final class Founding extends AbstractBehavior<Founding.Look> {
  private static final Duration LOOK = Duration.ofSeconds(5);

  /** Time to look whether this node is a member. */
  public record Look() {}

  private final Cluster cluster;
  private final List<Address> others = new ArrayList<>();
  private final TimerScheduler<Look> timers;
  private final int patience;
  private int looks;

  /**
   * The behavior.
   *
   * @param self control address of this node
   * @param all control addresses of all nodes, this one among them, in the configuration's order
   */
  public static Behavior<Look> create(Endpoint self, List<Endpoint> all) {
    return Behaviors.withTimers(
        timers -> Behaviors.setup(context -> new Founding(context, timers, self, all)));
  }

  private Founding(
      ActorContext<Look> context, TimerScheduler<Look> timers, Endpoint self, List<Endpoint> all) {
    super(context);
    this.timers = timers;
    this.cluster = Cluster.get(context.getSystem());
    this.patience = 1 + all.indexOf(self);
    for (Endpoint e : all) {
      if (!e.equals(self)) {
        others.add(new Address("pekko", ActorPeers.SYSTEM, e.host(), e.port()));
      }
    }
    timers.startTimerWithFixedDelay(new Look(), LOOK);
    join(false);
  }

  @Override
  public Receive<Look> createReceive() {
    return newReceiveBuilder().onMessage(Look.class, _ -> look()).build();
  }

  private Behavior<Look> look() {
    if (!cluster.selfMember().status().equals(MemberStatus.removed())) {
      timers.cancelAll();
      return Behaviors.stopped();
    }
    looks++;
    if (looks % patience == 0) {
      join(looks / patience % 2 == 1);
    }
    return this;
  }

  private void join(boolean found) {
    List<Address> seeds = new ArrayList<>(others);
    if (found || others.isEmpty()) {
      // Pekko lets only the first of this list found, and only if none of the others answers.
      seeds.addFirst(cluster.selfMember().address());
    }
    cluster.manager().tell(new JoinSeedNodes(seeds));
  }
}
