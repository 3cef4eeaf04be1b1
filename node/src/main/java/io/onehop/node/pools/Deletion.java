package io.onehop.node.pools;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The coordinator of one deletion: every member agrees (nobody is attached), then all drop the
 * pool. A member that does not know the pool (any more) agrees, so an interrupted deletion can be
 * repeated at any node that still has it. The shell calls {@link #tick} every second.
 */
final class Deletion {
  private static final int PATIENCE_TICKS = 5;

  private final String self;
  private final UUID request;
  private final UUID pool;
  private final List<String> nodes;
  private final BiConsumer<String, NodeMessage> send;
  private final Consumer<Outcome> ended;
  private final Set<String> answered = new HashSet<>();
  private boolean commit;
  private boolean over;
  private int quiet;

  Deletion(
      String self,
      UUID request,
      UUID pool,
      List<String> nodes,
      BiConsumer<String, NodeMessage> send,
      Consumer<Outcome> ended) {
    this.self = self;
    this.request = request;
    this.pool = pool;
    this.nodes = List.copyOf(nodes);
    this.send = send;
    this.ended = ended;
  }

  boolean over() {
    return over;
  }

  void start() {
    askAgain();
  }

  void tick() {
    if (over) {
      return;
    }
    if (++quiet > PATIENCE_TICKS) {
      String missing =
          String.join(", ", nodes.stream().filter(n -> !answered.contains(n)).toList());
      end(
          new Outcome(
              Outcome.Kind.UNREACHABLE,
              missing
                  + ": no answer; "
                  + (commit
                      ? "the pool is gone on the other nodes, delete it there again"
                      : "a pool is deleted only when all its nodes are there")));
    } else {
      askAgain();
    }
  }

  void answered(NodeMessage.Dropped m) {
    if (over || m.commit() != commit) {
      return;
    }
    if (!m.done()) {
      end(Outcome.refused("node '" + m.from() + "': " + m.text()));
      return;
    }
    answered.add(m.from());
    quiet = 0;
    if (answered.containsAll(nodes)) {
      if (commit) {
        end(Outcome.done("deleted"));
      } else {
        commit = true;
        answered.clear();
        askAgain();
      }
    }
  }

  private void askAgain() {
    for (String node : nodes) {
      if (!answered.contains(node)) {
        send.accept(node, new NodeMessage.Drop(self, request, pool, commit));
      }
    }
  }

  private void end(Outcome outcome) {
    over = true;
    ended.accept(outcome);
  }
}
