package io.onehop.node.leg;

import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import org.jspecify.annotations.Nullable;

/**
 * The own leg's life, as its views and its data plane tell it. Says why the leg is as it is, and
 * notices steps that no rule allows (stale to in sync, rule 6.3; a generation that goes back, rule
 * 2.5). Deterministic; not thread-safe.
 */
public final class LegMachine {
  private final int self;
  private final long incarnation;
  private LegLife life = new LegLife.Starting();
  private @Nullable PoolView view;
  private long adopted;
  private String violation = "";

  /**
   * @param self this member's index
   * @param incarnation of this run; 0 for a witness
   */
  public LegMachine(int self, long incarnation) {
    this.self = self;
    this.incarnation = incarnation;
  }

  /** Where it stands. */
  public LegLife life() {
    return life;
  }

  /** The first step that no rule allows; empty if there was none. Something is badly wrong then. */
  public String violation() {
    return violation;
  }

  /** One event. */
  public LegLife step(LegEvent event) {
    life =
        switch (event) {
          case LegEvent.DiskFailed e ->
              life instanceof LegLife.Stopped ? life : new LegLife.Failed(e.reason());
          case LegEvent.Stopped e -> life instanceof LegLife.Failed ? life : new LegLife.Stopped();
          case LegEvent.Chosen e -> chosen(e.view());
          case LegEvent.Adopted e -> adopted(e.generation());
        };
    return life;
  }

  private LegLife chosen(PoolView next) {
    PoolView old = view;
    if (old != null && next.generation() <= old.generation()) {
      return life;
    }
    if (old != null) {
      check(old, next);
    }
    view = next;
    return named();
  }

  private LegLife adopted(long generation) {
    if (generation < adopted) {
      violated("adopted generation went back from " + adopted + " to " + generation);
      return life;
    }
    adopted = generation;
    return named();
  }

  /** What the newest view and the adopted generation make of it, unless its run has ended. */
  private LegLife named() {
    PoolView v = view;
    boolean over =
        switch (life) {
          case LegLife.Failed f -> true;
          case LegLife.Stopped s -> true;
          case LegLife.Starting s -> false;
          case LegLife.WaitingForView w -> false;
          case LegLife.Stale s -> false;
          case LegLife.Syncing s -> false;
          case LegLife.InSync s -> false;
          case LegLife.ColdStarting s -> false;
          case LegLife.Witness w -> false;
        };
    if (over || v == null) {
      return life;
    }
    Member me = v.members().get(self);
    long g = v.generation();
    if (me.state() != LegState.NONE && adopted == 0) {
      return new LegLife.WaitingForView(g);
    }
    return switch (me.state()) {
      case NONE -> new LegLife.Witness(g);
      case OUT -> new LegLife.Stale(g, me.reason());
      case STALE -> new LegLife.Stale(g, me.reason());
      case SYNCING ->
          me.incarnation() == incarnation
              ? new LegLife.Syncing(g)
              : new LegLife.Stale(g, "its process restarted");
      case IN_SYNC ->
          me.incarnation() == incarnation ? new LegLife.InSync(g) : new LegLife.ColdStarting(g);
    };
  }

  /** A view skipped in between may hide the steps; only neighbours prove something. */
  private void check(PoolView old, PoolView next) {
    // A new lineage begins where an operator says (rule 8.6).
    if (next.generation() != old.generation() + 1 || !next.lineage().equals(old.lineage())) {
      return;
    }
    Member was = old.members().get(self);
    Member is = next.members().get(self);
    if (was.state() == LegState.STALE && is.state() == LegState.IN_SYNC) {
      violated("stale to in sync in generation " + next.generation() + " (rule 6.3)");
    }
    if (was.state() == LegState.SYNCING
        && is.state() == LegState.IN_SYNC
        && was.incarnation() != is.incarnation()) {
      violated("promoted under another run in generation " + next.generation());
    }
  }

  private void violated(String text) {
    if (violation.isEmpty()) {
      violation = text;
    }
  }

  /** Why it is as it is, in words for the operator; empty for a leg in sync and a witness. */
  public String reason() {
    return switch (life) {
      case LegLife.Starting s -> "starts: reads the register";
      case LegLife.WaitingForView w -> "starts: takes over generation " + w.generation();
      case LegLife.Stale s -> s.reason();
      case LegLife.Syncing s -> "heals";
      case LegLife.InSync s -> "";
      case LegLife.ColdStarting c -> "its process restarted";
      case LegLife.Failed f -> "failed: " + f.reason();
      case LegLife.Stopped s -> "stopped";
      case LegLife.Witness w -> "";
    };
  }
}
