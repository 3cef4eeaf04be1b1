package io.onehop.node.pools;

import io.onehop.node.pool.PoolStatus;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/**
 * Keeps what this node knows of its pools without asking anybody true after a member got another
 * disk: it is asked of that member's node. On the {@link PoolsActor}.
 */
final class Shapes {
  private final PoolsActor actor;
  private final PoolsActor.Setup setup;

  Shapes(PoolsActor actor, PoolsActor.Setup setup) {
    this.actor = actor;
    this.setup = setup;
  }

  /** A second has passed. */
  void tick() {
    for (PoolBoard.Entry e : setup.board().all()) {
      PoolStatus status = e.status();
      PoolView view = status == null ? null : status.view();
      if (view == null || view.members().size() != e.shape().members().size()) {
        continue;
      }
      for (int i = 0; i < view.members().size(); i++) {
        Member m = view.members().get(i);
        UUID known = e.shape().members().get(i).id();
        if (i != e.shape().self() && !m.id().equals(known) && !m.id().equals(PoolView.vacant(i))) {
          setup
              .peers()
              .send(m.node(), new NodeMessage.Where(setup.peers().self(), e.shape().pool()));
        }
      }
    }
  }

  void serve(NodeMessage.Where m) {
    PoolBoard.Entry e = setup.board().get(m.pool());
    if (e != null) {
      PoolShape s = e.shape();
      List<StorePlace> place =
          s.places().stream().filter(p -> p.node().equals(s.own().node())).toList();
      setup
          .peers()
          .send(
              m.from(), new NodeMessage.There(setup.peers().self(), m.pool(), s.own().id(), place));
    }
  }

  void hear(NodeMessage.There m) {
    PoolBoard.Entry e = setup.board().get(m.pool());
    PoolStatus status = e == null ? null : e.status();
    PoolView view = status == null ? null : status.view();
    int i = e == null ? -1 : e.shape().indexOf(m.from());
    if (e == null || view == null || i < 0 || !view.members().get(i).id().equals(m.disk())) {
      return;
    }
    PoolShape s = e.shape();
    List<PoolShape.ShapeMember> members = new ArrayList<>(s.members());
    members.set(i, new PoolShape.ShapeMember(m.disk(), m.from(), members.get(i).role()));
    List<StorePlace> places = new ArrayList<>(s.places());
    places.removeIf(p -> p.node().equals(m.from()));
    places.addAll(m.place());
    places.sort(Comparator.comparingInt(p -> s.indexOf(p.node())));
    PoolShape next = s.with(members, places);
    if (next.equals(s)) {
      return;
    }
    actor.beside(
        () -> {
          setup.folders().reshape(next);
          return () -> setup.board().reshape(next);
        },
        _ -> {}); // asked again in a second
  }
}
