package io.onehop.node.recovery;

import io.onehop.node.leg.LegStatus;
import io.onehop.protocol.model.PoolView;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.jspecify.annotations.Nullable;

/**
 * Orders map exchange, healing and reconciliation of one pool on one node: gives {@link
 * RecoveryMachine} its events one at a time and passes its effects on. Decides nothing.
 */
public final class RecoveryActor extends AbstractBehavior<RecoveryActor.Step> {
  /**
   * What it hears: an event with what the machine reads.
   *
   * @param view newest chosen view, or null
   * @param own this node's data plane
   * @param now BOOTTIME nanoseconds
   */
  public record Step(RecoveryEvent event, @Nullable PoolView view, LegStatus own, long now) {}

  private final RecoveryMachine machine;
  private final Consumer<RecoveryEffect> effects;

  /** Passes what the machine wants to {@code effects}, on this actor's thread. */
  public static Behavior<Step> create(
      int self, boolean unionFirst, Consumer<RecoveryEffect> effects) {
    return Behaviors.setup(
        context -> new RecoveryActor(context, new RecoveryMachine(self, unionFirst), effects));
  }

  private RecoveryActor(
      ActorContext<Step> context, RecoveryMachine machine, Consumer<RecoveryEffect> effects) {
    super(context);
    this.machine = machine;
    this.effects = effects;
  }

  @Override
  public Receive<Step> createReceive() {
    return newReceiveBuilder()
        .onMessage(
            Step.class,
            s -> {
              machine.step(s.event, s.view, s.own, s.now).forEach(effects);
              return this;
            })
        .build();
  }
}
