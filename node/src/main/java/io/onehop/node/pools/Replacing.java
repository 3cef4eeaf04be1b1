package io.onehop.node.pools;

import io.onehop.node.pool.PoolActor;
import io.onehop.node.pool.PoolMember;
import io.onehop.node.pool.PoolStatus;
import io.onehop.node.pools.NodeMessage.Order.Kind;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import java.util.UUID;

/**
 * One disk put in another's place (rule 1.2): first the member's node makes it and runs with it,
 * then the pool's voters are changed. On the {@link PoolsActor} of a node whose leg is in sync.
 */
final class Replacing {
  private static final int PATIENCE_TICKS = 5;

  private final PoolsActor actor;
  private final Peers peers;
  private final PoolBoard.Entry entry;
  private final NodeMessage.Order order;
  private final PoolMember.Answer answer;
  private final UUID disk = UUID.randomUUID();
  private final UUID request = UUID.randomUUID();
  private boolean made;
  private boolean over;
  private int quiet;

  Replacing(
      PoolsActor actor,
      Peers peers,
      PoolBoard.Entry entry,
      NodeMessage.Order order,
      PoolMember.Answer answer) {
    this.actor = actor;
    this.peers = peers;
    this.entry = entry;
    this.order = order;
    this.answer = answer;
  }

  /** Why member {@code i} cannot get another disk as things are; empty if it can. */
  static String fault(PoolView view, PoolStatus status, Kind kind, int i, boolean sure) {
    Member m = view.members().get(i);
    boolean there = status.members().get(i).reachable();
    if (kind == Kind.REJOIN && m.state() != LegState.OUT) {
      return "'" + m.node() + "' is not kept out: it is " + m.state().text();
    }
    if (kind == Kind.REJOIN && !sure) {
      return "what '"
          + m.node()
          + "' alone holds, from before the forced promotion, is given up:"
          + " say --i-accept-data-loss to do it (`onehop verify "
          + view.name()
          + " --against "
          + m.node()
          + "` shows where it differs)";
    }
    if (m.state() == LegState.IN_SYNC && view.inSyncSet() == 1 << i) {
      return "'" + m.node() + "' is the last leg in sync: its data would be lost";
    }
    if (kind == Kind.REPLACE && m.state() == LegState.IN_SYNC && there && !sure) {
      return "'" + m.node() + "' is in sync and answers: say --yes to empty it all the same";
    }
    int others = 0;
    StringBuilder silent = new StringBuilder();
    for (PoolStatus.MemberStatus s : status.members()) {
      if (s.index() != i && view.isVoter(s.index())) {
        if (s.reachable()) {
          others++;
        } else {
          silent.append(silent.isEmpty() ? "" : ", ").append(s.node());
        }
      }
    }
    return others >= view.majority()
        ? ""
        : "the other voters that answer are no majority without '"
            + m.node()
            + "'"
            + (silent.isEmpty() ? "" : " (silent: " + silent + ")");
  }

  void start() {
    PoolStatus status = entry.status();
    PoolView view = status == null ? null : status.view();
    if (status == null || view == null) {
      end(false, "the pool's view is not known yet");
      return;
    }
    String fault = fault(view, status, order.kind(), order.member(), order.sure());
    if (!fault.isEmpty()) {
      end(false, fault);
      return;
    }
    ask();
  }

  private String node() {
    return entry.shape().members().get(order.member()).node();
  }

  private void ask() {
    PoolStatus status = entry.status();
    PoolView view = status == null ? null : status.view();
    if (view == null) {
      return;
    }
    int i = order.member();
    PoolView named =
        view.next(d -> {
          Member m = d.members().get(i);
          LegState state = m.isLeg() ? LegState.STALE : LegState.NONE;
          return d.member(
              i, new Member(disk, m.node(), m.role(), m.data(), state, 0, d.generation(), 0, ""));
        });
    peers.send(
        node(),
        new NodeMessage.Remake(
            peers.self(),
            request,
            named,
            i,
            order.device(),
            order.force() || order.kind() == Kind.REJOIN,
            entry.shape().places()));
  }

  /** The member's node has said something. */
  void remade(NodeMessage.Remade m) {
    if (over || made || !m.request().equals(request)) {
      return;
    }
    quiet = 0;
    if (!m.ended()) {
      return;
    }
    if (!m.done()) {
      end(false, "node '" + m.from() + "': " + m.text());
      return;
    }
    made = true;
    var self = actor.getContextSelf();
    boolean told =
        actor.tell(
            order.pool(),
            new PoolActor.Replace(
                order.member(),
                disk,
                (done, text) ->
                    self.tell(new PoolsActor.Done(() -> end(done, done ? done() : text)))));
    if (!told) {
      end(false, "the pool does not run here any more");
    }
  }

  private String done() {
    return "'" + node() + "' has an empty disk and heals";
  }

  /** A second has passed. */
  void tick() {
    if (over || made) {
      return;
    }
    if (++quiet > PATIENCE_TICKS) {
      end(false, "node '" + node() + "' does not answer: it must run to get another disk");
    } else {
      ask();
    }
  }

  private void end(boolean done, String text) {
    over = true;
    answer.answered(done, text);
  }
}
