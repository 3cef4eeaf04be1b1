package io.onehop.node.pools;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The coordinator of one creation (rule 1.9): every voter prepares, then member 0 commits, then the
 * others. The pool exists from the moment member 0 has committed; before, anything that fails means
 * that nothing is created. No clock, thread or file: the shell calls {@link #tick} every second.
 */
final class Creation {
  private static final int PATIENCE_TICKS = 5;

  private enum Step {
    PREPARING,
    DECIDING,
    TELLING,
    ENDED
  }

  private final String self;
  private final UUID request;
  private final PoolPlan plan;
  private final BiConsumer<String, NodeMessage> send;
  private final Consumer<Outcome> ended;
  private final Set<String> answered = new HashSet<>();
  private final List<StorePlace> places = new ArrayList<>();
  private Step step = Step.PREPARING;
  private int quiet;

  Creation(
      String self,
      UUID request,
      PoolPlan plan,
      BiConsumer<String, NodeMessage> send,
      Consumer<Outcome> ended) {
    this.self = self;
    this.request = request;
    this.plan = plan;
    this.send = send;
    this.ended = ended;
  }

  PoolPlan plan() {
    return plan;
  }

  boolean over() {
    return step == Step.ENDED;
  }

  void start() {
    askAgain();
  }

  /** A second has passed. */
  void tick() {
    if (step == Step.ENDED) {
      return;
    }
    if (++quiet > PATIENCE_TICKS) {
      giveUp();
    } else {
      askAgain();
    }
  }

  void prepared(NodeMessage.Prepared m) {
    if (step != Step.PREPARING) {
      return;
    }
    if (!m.done()) {
      abort();
      end(Outcome.refused("node '" + m.from() + "': " + m.text()));
      return;
    }
    if (answered.add(m.from())) {
      quiet = 0;
      places.addAll(m.place());
    }
    if (answered.size() == plan.members().size()) {
      places.sort((a, b) -> Integer.compare(plan.indexOf(a.node()), plan.indexOf(b.node())));
      answered.clear();
      step = Step.DECIDING;
      askAgain();
    }
  }

  /** A member is still at it: making a large device read zeroes takes its time. */
  void busy() {
    quiet = 0;
  }

  void committed(NodeMessage.Committed m) {
    if (step == Step.DECIDING && m.from().equals(first())) {
      if (!m.done()) {
        abort();
        end(Outcome.refused("node '" + m.from() + "': " + m.text()));
        return;
      }
      quiet = 0;
      answered.add(m.from());
      step = Step.TELLING;
      askAgain();
    } else if (step == Step.TELLING && m.done()) {
      answered.add(m.from());
    }
    if (step == Step.TELLING && answered.size() == plan.members().size()) {
      end(Outcome.done("pool '" + plan.name() + "' is created"));
    }
  }

  private String first() {
    return plan.members().getFirst().node();
  }

  private void askAgain() {
    for (PoolPlan.PlanMember m : plan.members()) {
      if (answered.contains(m.node()) || (step == Step.DECIDING && !m.node().equals(first()))) {
        continue;
      }
      send.accept(
          m.node(),
          step == Step.PREPARING
              ? new NodeMessage.Prepare(self, request, plan)
              : new NodeMessage.Commit(self, request, plan.pool(), places));
    }
  }

  private void giveUp() {
    List<String> missing =
        plan.members().stream()
            .map(PoolPlan.PlanMember::node)
            .filter(n -> !answered.contains(n))
            .toList();
    switch (step) {
      case PREPARING -> {
        abort();
        end(unreachable(String.join(", ", missing) + ": no answer; nothing was created"));
      }
      case DECIDING ->
          end(
              unreachable(
                  first() + ": no answer to the commit; `pool list` tells what became of it"));
      case TELLING ->
          end(
              Outcome.done(
                  "pool '"
                      + plan.name()
                      + "' is created; "
                      + String.join(", ", missing)
                      + " will hear of it later"));
      case ENDED -> {}
    }
  }

  private static Outcome unreachable(String text) {
    return new Outcome(Outcome.Kind.UNREACHABLE, text);
  }

  private void abort() {
    for (PoolPlan.PlanMember m : plan.members()) {
      send.accept(m.node(), new NodeMessage.Abort(self, request, plan.pool()));
    }
  }

  private void end(Outcome outcome) {
    step = Step.ENDED;
    ended.accept(outcome);
  }
}
