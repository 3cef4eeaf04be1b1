package io.onehop.node.pools;

import io.onehop.node.pool.PoolActor;
import io.onehop.node.pool.PoolMember;
import io.onehop.node.pool.PoolStatus;
import io.onehop.node.pools.NodeMessage.Order.Kind;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import java.util.UUID;

/**
 * One disk put in another's place (rule 1.2): the member's node looks whether it could, the old
 * disk is taken out of the voters, only then its node makes the new one and runs with it, and that
 * joins the voters. So an order that finds no majority half-way has destroyed nothing that counts.
 * On the {@link PoolsActor} of a node whose leg is in sync.
 */
final class Replacing {
  private static final int PATIENCE_TICKS = 5;

  private enum Step {
    LOOK,
    VACATE,
    MAKE,
    JOIN
  }

  private final PoolsActor actor;
  private final Peers peers;
  private final PoolBoard.Entry entry;
  private final NodeMessage.Order order;
  private final PoolMember.Answer answer;
  private final UUID disk = UUID.randomUUID();
  private UUID request = UUID.randomUUID();
  private Step step = Step.LOOK;
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
            step == Step.LOOK,
            entry.shape().places()));
  }

  private boolean asking() {
    return !over && (step == Step.LOOK || step == Step.MAKE);
  }

  /** The member's node has said something. */
  void remade(NodeMessage.Remade m) {
    if (!asking() || !m.request().equals(request)) {
      return;
    }
    quiet = 0;
    if (!m.ended()) {
      return;
    }
    if (!m.done()) {
      end(false, "node '" + m.from() + "': " + m.text());
    } else if (step == Step.LOOK && order.kind() == Kind.REPLACE) {
      step = Step.VACATE;
      change(PoolView.vacant(order.member()), this::make);
    } else if (step == Step.LOOK) {
      make(); // it has no vote to lose
    } else {
      step = Step.JOIN;
      change(disk, () -> end(true, done()));
    }
  }

  private void make() {
    step = Step.MAKE;
    request = UUID.randomUUID();
    quiet = 0;
    ask();
  }

  /** Has the pool's voters changed, then goes on. */
  private void change(UUID id, Runnable then) {
    var self = actor.getContextSelf();
    PoolMember.Answer next =
        (done, text) ->
            self.tell(
                new PoolsActor.Done(() -> {
                  if (done) {
                    then.run();
                  } else {
                    end(false, text);
                  }
                }));
    if (!actor.tell(order.pool(), new PoolActor.Replace(order.member(), id, next))) {
      end(false, "the pool does not run here any more");
    }
  }

  private String done() {
    boolean leg = entry.shape().members().get(order.member()).role() == Role.DATA;
    return "'" + node() + "' has an empty disk" + (leg ? " and heals" : " and votes");
  }

  /** A second has passed. */
  void tick() {
    if (!asking()) {
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
