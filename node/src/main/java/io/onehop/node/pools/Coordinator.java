package io.onehop.node.pools;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** Creations and deletions that were asked of this node. On the {@link PoolsActor}. */
final class Coordinator {
  private static final int MAX_RUNNING = 16;

  private final Peers peers;
  private final PoolBoard board;
  private final RandomGenerator random;
  private final Map<UUID, Creation> creations = new HashMap<>();
  private final Map<UUID, Deletion> deletions = new HashMap<>();

  Coordinator(Peers peers, PoolBoard board, RandomGenerator random) {
    this.peers = peers;
    this.board = board;
    this.random = random;
  }

  void create(CreateRequest request, Consumer<Outcome> ended) {
    String fault = request.fault(peers);
    if (!fault.isEmpty()) {
      ended.accept(new Outcome(Outcome.Kind.INVALID, fault));
      return;
    }
    if (board.named(request.name()) != null
        || creations.values().stream().anyMatch(c -> c.plan().name().equals(request.name()))) {
      ended.accept(Outcome.refused("there is already a pool '" + request.name() + "'"));
      return;
    }
    if (creations.size() >= MAX_RUNNING) {
      ended.accept(Outcome.refused("too many creations at once; try again"));
      return;
    }
    UUID id = UUID.randomUUID();
    Creation c = new Creation(peers.self(), id, request.plan(peers, random), peers::send, ended);
    creations.put(id, c);
    c.start();
  }

  void delete(String name, Consumer<Outcome> ended) {
    PoolBoard.Entry e = board.named(name);
    if (e == null) {
      ended.accept(
          new Outcome(
              Outcome.Kind.UNKNOWN, "no pool '" + name + "' on node '" + peers.self() + "'"));
      return;
    }
    if (deletions.size() >= MAX_RUNNING) {
      ended.accept(Outcome.refused("too many deletions at once; try again"));
      return;
    }
    List<String> nodes = new ArrayList<>();
    e.shape().members().forEach(m -> nodes.add(m.node()));
    UUID id = UUID.randomUUID();
    Deletion d = new Deletion(peers.self(), id, e.shape().pool(), nodes, peers::send, ended);
    deletions.put(id, d);
    d.start();
  }

  void hear(NodeMessage.Prepared m) {
    Creation c = creations.get(m.request());
    if (c == null) {
      return;
    }
    if (m.done() && m.text().equals(Participant.BUSY)) {
      c.busy();
    } else {
      c.prepared(m);
    }
    clear();
  }

  void hear(NodeMessage.Committed m) {
    Creation c = creations.get(m.request());
    if (c != null) {
      c.committed(m);
      clear();
    }
  }

  void hear(NodeMessage.Dropped m) {
    Deletion d = deletions.get(m.request());
    if (d != null) {
      d.answered(m);
      clear();
    }
  }

  void tick() {
    creations.values().forEach(Creation::tick);
    deletions.values().forEach(Deletion::tick);
    clear();
  }

  private void clear() {
    creations.values().removeIf(Creation::over);
    deletions.values().removeIf(Deletion::over);
  }
}
