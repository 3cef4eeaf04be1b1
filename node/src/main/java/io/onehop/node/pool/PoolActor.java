package io.onehop.node.pool;

import io.onehop.node.leg.LegActor;
import io.onehop.node.leg.LegDataPlane;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.leg.LegStatus;
import io.onehop.node.recovery.RecoveryActor;
import io.onehop.node.recovery.RecoveryEffect;
import io.onehop.node.store.VoteStore;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pool on one node: gives {@link PoolMember} its events one at a time and a clock. Decides
 * nothing. Runs on a dispatcher of its own kind, because a vote is made durable before it is
 * answered (rule 1.2), which blocks.
 */
public final class PoolActor extends AbstractBehavior<PoolActor.Command> {
  private static final Logger LOG = LoggerFactory.getLogger(PoolActor.class);

  /** Name of the dispatcher in the configuration. */
  public static final String DISPATCHER = "onehop.votes-dispatcher";

  private static final Duration TICK = Duration.ofMillis(100);

  /** What it hears. */
  public sealed interface Command
      permits PoolMail,
          Edge,
          Recovered,
          Tick,
          ChangePolicies,
          Verify,
          Force,
          Replace,
          Fence,
          Stop {}

  /** An edge of the data plane, from {@link LegActor}. */
  public record Edge(LegEdge edge) implements Command {}

  /** What the recovery machine wants, from {@link RecoveryActor}. */
  public record Recovered(RecoveryEffect effect) implements Command {}

  /** Every 100 ms. */
  public record Tick() implements Command {}

  /** Settings change; {@code answer} is called once, on the actor's thread. */
  public record ChangePolicies(UnaryOperator<Policies> change, PoolMember.Answer answer)
      implements Command {}

  /**
   * Comparison with this leg, see {@link PoolMember#verify}; {@code answer} is called once, on the
   * actor's thread.
   */
  public record Verify(int against, Consumer<LegEdge.Verified> answer) implements Command {}

  /** A forced promotion of this leg; {@code answer} is called once, on the actor's thread. */
  public record Force(boolean acceptDataLoss, PoolMember.Answer answer) implements Command {}

  /** Another disk for a member; {@code answer} is called once, on the actor's thread. */
  public record Replace(int index, UUID id, PoolMember.Answer answer) implements Command {}

  /**
   * The pool's deletion is being agreed: nobody is admitted for a while; {@code writer} hears once,
   * on the actor's thread, who is attached, or null.
   */
  public record Fence(Consumer<@Nullable Writer> writer) implements Command {}

  /** Stop in order; {@code stopped} is called when the leg has set its clean mark. */
  public record Stop(Runnable stopped) implements Command {}

  /**
   * What a pool's actor is made of.
   *
   * @param plane the data plane, already running; its edges go to the given consumer
   * @param messenger to the other members
   * @param publish gets a fresh snapshot several times a second
   * @param legFailed called once if the leg's disk ends its run; the actor goes on voting
   * @param clock BOOTTIME nanoseconds
   */
  public record Setup(
      UUID pool,
      String poolName,
      UUID member,
      VoteStore votes,
      LegActor.Plane plane,
      PoolMember.Messenger messenger,
      Consumer<PoolStatus> publish,
      Runnable legFailed,
      RandomGenerator random,
      LongSupplier clock) {}

  private final Setup setup;
  private final PoolMember member;
  private final ActorRef<LegActor.Command> leg;
  private @Nullable Runnable stopped;
  private boolean ended;

  /** The behavior; it fails at once if the votes cannot be read. */
  public static Behavior<Command> create(Setup setup) {
    return Behaviors.withTimers(
        timers -> Behaviors.setup(context -> new PoolActor(context, timers, setup)));
  }

  private PoolActor(ActorContext<Command> context, TimerScheduler<Command> timers, Setup setup)
      throws IOException {
    super(context);
    this.setup = setup;
    ActorRef<Command> self = context.getSelf();
    this.leg =
        context.spawn(
            LegActor.create(setup.plane, edge -> self.tell(new Edge(edge))),
            "leg",
            DispatcherSelector.sameAsParent());
    context.watch(leg); // one that dies takes this actor with it, and so is noticed
    this.member =
        new PoolMember(
            setup.pool,
            setup.member,
            setup.votes,
            new Orders(),
            setup.messenger,
            new Notes(),
            setup.random,
            System::currentTimeMillis,
            ControlRules.ALL);
    member.recoverBy((index, unionFirst, effects) -> {
      ActorRef<RecoveryActor.Step> recovery =
          context.spawn(
              RecoveryActor.create(index, unionFirst, e -> self.tell(new Recovered(e))),
              "recovery",
              DispatcherSelector.sameAsParent());
      context.watch(recovery);
      return (event, view, own, now) ->
          recovery.tell(new RecoveryActor.Step(event, view, own, now));
    });
    member.start(setup.clock.getAsLong());
    setup.publish.accept(member.status(setup.clock.getAsLong()));
    timers.startTimerWithFixedDelay(new Tick(), TICK);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder().onMessage(Command.class, this::on).build();
  }

  private Behavior<Command> on(Command command) {
    long now = setup.clock.getAsLong();
    switch (command) {
      case PoolMail(PoolMessage message) -> member.onMessage(message, now);
      case Edge(LegEdge edge) -> {
        member.onEdge(edge, now);
        // A failed leg has no orderly stop to wait for.
        ended |= edge instanceof LegEdge.Stopped || edge instanceof LegEdge.DiskFailed;
        if (edge instanceof LegEdge.DiskFailed && stopped == null) {
          setup.legFailed.run();
        }
        return end();
      }
      case Recovered(RecoveryEffect effect) -> member.onRecovery(effect, now);
      case Tick() -> {
        member.onTick(now);
        setup.publish.accept(member.status(now));
      }
      case ChangePolicies c -> member.changePolicies(c.change, shown(c.answer), now);
      case Verify v -> member.verify(v.against, v.answer, now);
      case Force f -> member.force(f.acceptDataLoss, shown(f.answer), now);
      case Replace r -> member.replace(r.index, r.id, shown(r.answer), now);
      case Fence f -> f.writer.accept(member.fence(now));
      case Stop s -> {
        stopped = s.stopped;
        member.stop(now);
        return end();
      }
    }
    return this;
  }

  /** Whoever gets the answer may look at once: what it speaks of is to be seen by then. */
  private PoolMember.Answer shown(PoolMember.Answer answer) {
    return (done, text) -> {
      setup.publish.accept(member.status(setup.clock.getAsLong()));
      answer.answered(done, text);
    };
  }

  private Behavior<Command> end() {
    if (stopped == null || !ended) {
      return this;
    }
    // The store is closed before anybody hears that it is (rule 8.7).
    setup.plane.close();
    stopped.run();
    return Behaviors.stopped();
  }

  /** The member's way down: orders by the leg's actor, in order; the rest at once. */
  private final class Orders implements LegDataPlane {
    @Override
    public void order(LegOrder order) {
      leg.tell(new LegActor.Give(order));
    }

    @Override
    public LegStatus status() {
      return setup.plane.status();
    }

    @Override
    public void accepted(long epoch, long voters) {
      setup.plane.accepted(epoch, voters);
    }
  }

  private final class Notes implements PoolMember.Listener {
    @Override
    public void viewLearned(PoolView view) {
      LOG.info(
          "pool {}: generation {}, {}, writer {}, {}",
          setup.poolName,
          view.generation(),
          view.phase(),
          view.writer() == null ? "none" : view.writer().session(),
          view.members().stream().map(m -> m.node() + " " + m.state().text()).toList());
    }

    @Override
    public void note(String text) {
      LOG.info("pool {}: {}", setup.poolName, text);
    }
  }
}
