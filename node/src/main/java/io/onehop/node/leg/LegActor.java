package io.onehop.node.leg;

import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leg's (or witness's) place in the control plane: orders go through it to the data loop, edges
 * come through it from there, each in order. It keeps no state of its own.
 */
public final class LegActor extends AbstractBehavior<LegActor.Command> {
  private static final Logger LOG = LoggerFactory.getLogger(LegActor.class);

  /** A running data plane as its actor holds it. */
  public interface Plane extends LegDataPlane, AutoCloseable {
    /**
     * From now on edges go to {@code listener}, those that came before first; any thread calls it.
     */
    void listen(Consumer<LegEdge> listener);

    /** Lets go of connections and files; waits until that is done. */
    @Override
    void close();
  }

  /** What it hears. */
  public sealed interface Command permits Give, Come {}

  /** An order for the data plane. */
  public record Give(LegOrder order) implements Command {}

  /** An edge from the data plane. */
  public record Come(LegEdge edge) implements Command {}

  private final Plane plane;
  private final Consumer<LegEdge> pool;

  /** Passes edges on to {@code pool}. */
  public static Behavior<Command> create(Plane plane, Consumer<LegEdge> pool) {
    return Behaviors.setup(context -> new LegActor(context, plane, pool));
  }

  private LegActor(ActorContext<Command> context, Plane plane, Consumer<LegEdge> pool) {
    super(context);
    this.plane = plane;
    this.pool = pool;
    ActorRef<Command> self = context.getSelf();
    plane.listen(edge -> self.tell(new Come(edge)));
  }

  @Override
  public Receive<Command> createReceive() {
    return newReceiveBuilder().onMessage(Command.class, this::on).build();
  }

  private Behavior<Command> on(Command command) {
    switch (command) {
      case Give(LegOrder order) -> plane.order(order);
      case Come(LegEdge edge) -> {
        if (edge instanceof LegEdge.DiskFailed failed) {
          LOG.error("leg failed: {}", failed.reason());
        }
        pool.accept(edge);
      }
    }
    return this;
  }
}
