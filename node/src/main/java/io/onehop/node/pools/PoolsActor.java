package io.onehop.node.pools;

import io.onehop.node.pool.AilingActor;
import io.onehop.node.pool.PoolActor;
import io.onehop.node.pool.PoolMember;
import io.onehop.protocol.model.Policies;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
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
 * The guardian of a node: its pools' actors, and the administration that concerns several nodes.
 * What blocks (making, opening, deleting stores) runs beside it and comes back as a message.
 */
public final class PoolsActor extends AbstractBehavior<PoolsActor.Command> {
  private static final Logger LOG = LoggerFactory.getLogger(PoolsActor.class);

  private static final Duration TICK = Duration.ofSeconds(1);

  /** What it hears. */
  public sealed interface Command
      permits NodeMail, Create, Delete, SetPolicies, Verify, Order, Shutdown, Tick, Done {}

  /** Create a pool; {@code ended} is called once. */
  public record Create(CreateRequest request, Consumer<Outcome> ended) implements Command {}

  /** Delete a pool; {@code ended} is called once. */
  public record Delete(String name, Consumer<Outcome> ended) implements Command {}

  /** Change a pool's settings; {@code ended} is called once. */
  public record SetPolicies(String name, UnaryOperator<Policies> change, Consumer<Outcome> ended)
      implements Command {}

  /**
   * Compare a pool's legs; {@code ended} is called once.
   *
   * @param against node of the one leg to compare with, whatever its state; null: all in sync
   */
  public record Verify(String name, @Nullable String against, Consumer<NodeMessage.Compared> ended)
      implements Command {}

  /** An operator's order about a member; {@code ended} is called once. */
  public record Order(OrderRequest request, Consumer<Outcome> ended) implements Command {}

  /** Stop all pools in order; {@code stopped} is called once, then this actor ends. */
  public record Shutdown(Runnable stopped) implements Command {}

  /** A second has passed. */
  public record Tick() implements Command {}

  /** Something that ran beside the actor is over. */
  record Done(Runnable then) implements Command {}

  /**
   * What it is made of.
   *
   * @param open pools that are here already
   * @param ailing pools whose disk here is not the member's
   * @param blocking runs what blocks
   * @param broken called if a pool's actor died: the process should end
   * @param clock BOOTTIME nanoseconds
   */
  public record Setup(
      Peers peers,
      PoolFolders folders,
      PoolBoard board,
      OpenPool.Opener opener,
      List<OpenPool> open,
      List<AilingPool> ailing,
      ExecutorService blocking,
      Consumer<String> broken,
      RandomGenerator random,
      LongSupplier clock) {}

  private final Setup setup;
  private final Map<UUID, ActorRef<PoolActor.Command>> pools = new HashMap<>();
  private final Coordinator coordinator;
  private final Participant participant;
  private final Comparisons comparisons;
  private final Reopening reopening;
  private final Orders orders;
  private final Remaking remaking;
  private final Shapes shapes;
  private final Map<UUID, Runnable> afterEnd = new HashMap<>();
  private boolean stopping;

  /** The behavior. */
  public static Behavior<Command> create(Setup setup) {
    return Behaviors.withTimers(
        timers -> Behaviors.setup(context -> new PoolsActor(context, timers, setup)));
  }

  private PoolsActor(ActorContext<Command> context, TimerScheduler<Command> timers, Setup setup)
      throws IOException {
    super(context);
    this.setup = setup;
    this.coordinator = new Coordinator(setup.peers, setup.board, setup.random);
    this.participant = new Participant(this, setup);
    this.comparisons = new Comparisons(this, setup.peers, setup.board);
    this.reopening = new Reopening(this, setup);
    this.orders = new Orders(this, setup.peers, setup.board);
    this.remaking = new Remaking(this, setup);
    this.shapes = new Shapes(this, setup);
    for (OpenPool p : setup.open) {
      adopt(p);
    }
    setup.ailing.forEach(p -> {
      ailing(p);
      reopening.failed(p.shape().pool());
    });
    participant.start();
    timers.startTimerWithFixedDelay(new Tick(), TICK);
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder().onMessage(Command.class, this::on).build();
  }

  private Behavior<Command> on(Command command) {
    switch (command) {
      case NodeMail(NodeMessage m) -> {
        if (!stopping) {
          hear(m);
        }
      }
      case Create c -> coordinator.create(c.request, c.ended);
      case Delete d -> coordinator.delete(d.name, d.ended);
      case SetPolicies s -> setPolicies(s);
      case Verify v -> comparisons.begin(v.name, v.against, v.ended);
      case Order o -> orders.begin(o.request, o.ended);
      case Shutdown s -> {
        return shutdown(s.stopped);
      }
      case Tick() -> {
        coordinator.tick();
        participant.tick();
        comparisons.tick();
        orders.tick();
        remaking.tick();
        shapes.tick();
        if (!stopping) {
          reopening.tick();
        }
      }
      case Done(Runnable then) -> then.run();
    }
    return this;
  }

  private void hear(NodeMessage m) {
    switch (m) {
      case NodeMessage.Prepare p -> participant.prepare(p);
      case NodeMessage.Commit c -> participant.commit(c);
      case NodeMessage.Abort a -> participant.abort(a.pool());
      case NodeMessage.Outcome o -> participant.outcome(o);
      case NodeMessage.OutcomeTold t -> participant.outcomeTold(t);
      case NodeMessage.Drop d -> participant.drop(d);
      case NodeMessage.Prepared p -> coordinator.hear(p);
      case NodeMessage.Committed c -> coordinator.hear(c);
      case NodeMessage.Dropped d -> coordinator.hear(d);
      case NodeMessage.Compare c -> comparisons.serve(c);
      case NodeMessage.Compared c -> comparisons.hear(c);
      case NodeMessage.Order o -> orders.serve(o);
      case NodeMessage.Ordered o -> orders.hear(o);
      case NodeMessage.Remake r -> remaking.serve(r);
      case NodeMessage.Remade r -> orders.hear(r);
      case NodeMessage.Where w -> shapes.serve(w);
      case NodeMessage.There t -> shapes.hear(t);
    }
  }

  private void setPolicies(SetPolicies s) {
    PoolBoard.Entry e = setup.board.named(s.name);
    ActorRef<PoolActor.Command> actor = e == null ? null : pools.get(e.shape().pool());
    if (actor == null) {
      s.ended.accept(new Outcome(Outcome.Kind.UNKNOWN, "no pool '" + s.name + "' on this node"));
      return;
    }
    PoolMember.Answer answer =
        (done, text) -> s.ended.accept(done ? Outcome.done(text) : Outcome.refused(text));
    actor.tell(new PoolActor.ChangePolicies(s.change, answer));
  }

  /** A pool is open: shows it and gives it an actor. */
  void adopt(OpenPool p) {
    PoolShape shape = p.shape();
    UUID id = shape.pool();
    setup.board.add(shape);
    List<PoolShape.ShapeMember> members = shape.members();
    ActorRef<Command> self = getContext().getSelf();
    PoolActor.Setup parts =
        new PoolActor.Setup(
            id,
            shape.name(),
            shape.own().id(),
            p.votes(),
            p.plane(),
            (to, message) -> setup.peers.send(members.get(to).node(), id, message),
            status -> setup.board.publish(id, status),
            () -> self.tell(new Done(() -> reopening.failed(id))),
            setup.random,
            setup.clock);
    ActorRef<PoolActor.Command> actor =
        getContext()
            .spawn(
                PoolActor.create(parts),
                id.toString(),
                DispatcherSelector.fromConfig(PoolActor.DISPATCHER));
    pools.put(id, actor);
    getContext().watchWith(actor, new Done(() -> ended(shape)));
    LOG.info("pool {} ({}) is open", shape.name(), id);
  }

  /** A pool cannot be opened, because the disk is not the member's: says so in its place. */
  void ailing(AilingPool p) {
    PoolShape shape = p.shape();
    UUID id = shape.pool();
    setup.board.add(shape);
    List<String> nodes = shape.members().stream().map(PoolShape.ShapeMember::node).toList();
    ActorRef<PoolActor.Command> actor =
        getContext()
            .spawn(
                AilingActor.create(
                    new AilingActor.Setup(
                        id,
                        shape.self(),
                        shape.own().id(),
                        nodes,
                        p.why(),
                        (to, message) -> setup.peers.send(nodes.get(to), id, message),
                        status -> setup.board.publish(id, status),
                        setup.random,
                        setup.clock)),
                id.toString());
    pools.put(id, actor);
    getContext().watchWith(actor, new Done(() -> ended(shape)));
    LOG.error("pool {} ({}) is left out: {}", shape.name(), id, p.why());
  }

  /** Whether a pool of this node is being closed and opened again. */
  boolean reopens(UUID pool) {
    return reopening.busy(pool);
  }

  /** Whether a disk is being made for a pool of this node. */
  boolean remakes(UUID pool) {
    return remaking.busy(pool);
  }

  /** A pool, closed before, is open with another disk. */
  void remade(OpenPool p) {
    reopening.forget(p.shape().pool());
    if (stopping) {
      p.plane().close();
    } else {
      adopt(p);
    }
  }

  /** Opens a pool of this node again, which is closed now; if that fails, again and again. */
  void reopen(UUID pool) {
    if (setup.board.get(pool) != null) {
      reopening.open(pool);
    }
  }

  /** A leg without its control plane would serve on and nobody could say what it waits for. */
  private void ended(PoolShape shape) {
    if (pools.remove(shape.pool()) != null) {
      setup.broken.accept("the control plane of pool '" + shape.name() + "' failed; see the log");
    }
    Runnable then = afterEnd.remove(shape.pool());
    if (then != null) {
      then.run();
    }
  }

  /** Closes a pool that is to be opened again; {@code then} runs when its actor's name is free. */
  void closePool(UUID pool, Runnable then) {
    ActorRef<PoolActor.Command> actor = stopping ? null : pools.remove(pool);
    if (actor != null) {
      afterEnd.put(pool, then);
      actor.tell(new PoolActor.Stop(() -> {}));
    } else if (!stopping) {
      then.run();
    }
  }

  /** A pool that was closed by {@link #closePool} is open again. */
  void readopt(OpenPool p) {
    if (stopping || setup.board.get(p.shape().pool()) == null) {
      p.plane().close();
    } else {
      adopt(p);
    }
  }

  /** Tells a pool's actor, if there is one. */
  boolean tell(UUID pool, PoolActor.Command command) {
    ActorRef<PoolActor.Command> actor = pools.get(pool);
    if (actor != null) {
      actor.tell(command);
    }
    return actor != null;
  }

  /** This actor's address, for what comes back from other threads. */
  ActorRef<Command> getContextSelf() {
    return getContext().getSelf();
  }

  /** Stops a pool's actor in order; {@code then} runs on this actor when its store is closed. */
  void stopPool(UUID pool, Runnable then) {
    ActorRef<PoolActor.Command> actor = pools.remove(pool);
    if (actor == null) {
      then.run();
      return;
    }
    ActorRef<Command> self = getContext().getSelf();
    actor.tell(new PoolActor.Stop(() -> self.tell(new Done(then))));
  }

  /** Work that blocks. */
  interface Work {
    /** What it comes to. */
    Runnable run() throws IOException;
  }

  /** Runs {@code work} beside this actor and what it returns, or {@code failed}, on it. */
  void beside(Work work, Consumer<String> failed) {
    ActorRef<Command> self = getContext().getSelf();
    setup.blocking.execute(() -> {
      Runnable then;
      try {
        then = work.run();
      } catch (IOException | RuntimeException e) {
        String text = e.getMessage() == null ? e.toString() : e.getMessage();
        if (e instanceof IOException) {
          LOG.warn("administration failed: {}", text);
        } else {
          LOG.warn("administration failed", e);
        }
        then = () -> failed.accept(text.lines().findFirst().orElse(text));
      }
      self.tell(new Done(then));
    });
  }

  private Behavior<Command> shutdown(Runnable stopped) {
    stopping = true;
    List<UUID> all = new ArrayList<>(pools.keySet());
    if (all.isEmpty()) {
      stopped.run();
      return this;
    }
    int[] left = {all.size()};
    for (UUID pool : all) {
      stopPool(
          pool,
          () -> {
            if (--left[0] == 0) {
              stopped.run();
            }
          });
    }
    return this;
  }
}
