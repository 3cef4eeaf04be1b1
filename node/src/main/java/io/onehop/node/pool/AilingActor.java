package io.onehop.node.pool;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegStatus;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Stands where a pool's actor would, while the disk in this member's place is not the member's
 * (rule 1.2): it votes for nothing and serves nothing, tells the others why, and shows their view.
 */
public final class AilingActor extends AbstractBehavior<PoolActor.Command> {
  private static final Duration TICK = Duration.ofMillis(500);
  private static final long FRESH_NANOS = 5_000_000_000L;
  private static final long NEVER = Long.MIN_VALUE / 2;

  /**
   * What it is made of.
   *
   * @param disk the identity that this member's disk should have
   * @param nodes of all members, in the order of the view
   * @param why what is wrong, one line
   * @param messenger to the other members
   * @param publish gets a fresh snapshot on every tick
   * @param clock BOOTTIME nanoseconds
   */
  public record Setup(
      UUID pool,
      int self,
      UUID disk,
      List<String> nodes,
      String why,
      PoolMember.Messenger messenger,
      Consumer<PoolStatus> publish,
      RandomGenerator random,
      LongSupplier clock) {}

  private final Setup setup;
  private final long run;
  private final long[] heardAt;
  private @Nullable PoolView view;
  private long reports;

  /** The behavior. */
  public static Behavior<PoolActor.Command> create(Setup setup) {
    return Behaviors.withTimers(
        timers -> Behaviors.setup(context -> new AilingActor(context, timers, setup)));
  }

  private AilingActor(
      ActorContext<PoolActor.Command> context,
      TimerScheduler<PoolActor.Command> timers,
      Setup setup) {
    super(context);
    this.setup = setup;
    this.run = setup.random.nextLong();
    this.heardAt = new long[setup.nodes.size()];
    java.util.Arrays.fill(heardAt, NEVER);
    timers.startTimerWithFixedDelay(new PoolActor.Tick(), TICK);
  }

  @Override
  public Receive<PoolActor.Command> createReceive() {
    return newReceiveBuilder().onMessage(PoolActor.Command.class, this::on).build();
  }

  private Behavior<PoolActor.Command> on(PoolActor.Command command) {
    switch (command) {
      case PoolMail(PoolMessage message) -> heard(PoolMessage.body(message));
      case PoolActor.Tick() -> tick();
      case PoolActor.ChangePolicies c -> c.answer().answered(false, setup.why);
      case PoolActor.Force f -> f.answer().answered(false, setup.why);
      case PoolActor.Replace r -> r.answer().answered(false, setup.why);
      case PoolActor.Verify v ->
          v.answer().accept(new LegEdge.Verified(new UUID(0, 0), 0, List.of(), setup.why));
      case PoolActor.Fence f -> f.writer().accept(null);
      case PoolActor.Stop s -> {
        s.stopped().run();
        return Behaviors.stopped();
      }
      case PoolActor.Edge _, PoolActor.Recovered _ -> {}
    }
    return this;
  }

  private void heard(PoolMessage m) {
    if (m.from() < 0 || m.from() >= heardAt.length || m.from() == setup.self) {
      return;
    }
    heardAt[m.from()] = setup.clock.getAsLong();
    PoolView theirs = null;
    if (m instanceof PoolMessage.Chosen c) {
      theirs = c.view();
    } else if (m instanceof PoolMessage.Notice n) {
      theirs = n.view();
    }
    PoolView known = view;
    if (theirs != null && (known == null || theirs.generation() > known.generation())) {
      view = theirs;
    }
  }

  private void tick() {
    PoolMessage.Report report =
        new PoolMessage.Report(
            setup.pool,
            setup.self,
            run,
            ++reports,
            0,
            0,
            0,
            0,
            0,
            null,
            0,
            false,
            false,
            0,
            0,
            0,
            0,
            -1,
            List.of(),
            0,
            setup.why);
    for (int i = 0; i < setup.nodes.size(); i++) {
      if (i != setup.self) {
        setup.messenger.send(
            i,
            new PoolMessage.Bound(
                setup.pool, setup.self, setup.disk, Bond.NO_LINEAGE, run, 0, report));
      }
    }
    setup.publish.accept(status());
  }

  private PoolStatus status() {
    List<PoolStatus.MemberStatus> members = new ArrayList<>();
    PoolView v = view;
    for (int i = 0; i < setup.nodes.size(); i++) {
      boolean mine = i == setup.self;
      boolean there = mine || setup.clock.getAsLong() - heardAt[i] <= FRESH_NANOS;
      Member m = v == null || i >= v.members().size() ? null : v.members().get(i);
      String reason = mine ? setup.why : m == null ? "" : m.reason();
      members.add(new PoolStatus.MemberStatus(i, setup.nodes.get(i), there, -1, null, reason));
    }
    LegStatus own = new LegStatus(0, 0, 0, 0, null, 0, NEVER, 0, 0, 0, 0, -1, false, false, "");
    return new PoolStatus(
        setup.self, v, own, members, null, "", new PoolStatus.Counters(0, 0, 0, 0, 0, 0));
  }
}
