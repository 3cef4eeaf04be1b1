package io.onehop.node.recovery;

import io.onehop.node.leg.LegStatus;
import io.onehop.protocol.model.PoolView;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs a {@link RecoveryMachine} somewhere: in place ({@link #inPlace}, the simulator and tests) or
 * in an actor of its own ({@link RecoveryActor}).
 */
public interface Recovery {
  /**
   * Lets the machine step; what it wants comes to the consumer given at the making, then or later.
   */
  void step(RecoveryEvent event, @Nullable PoolView view, LegStatus own, long now);

  /** Makes one for member {@code self} of a pool. */
  interface Maker {
    /**
     * A recovery whose effects go to {@code effects}.
     *
     * @param unionFirst see the machine
     */
    Recovery make(int self, boolean unionFirst, Consumer<RecoveryEffect> effects);
  }

  /** Steps on the caller's thread; effects come before the call returns. */
  static Recovery inPlace(int self, boolean unionFirst, Consumer<RecoveryEffect> effects) {
    RecoveryMachine machine = new RecoveryMachine(self, unionFirst);
    return (event, view, own, now) -> machine.step(event, view, own, now).forEach(effects);
  }
}
