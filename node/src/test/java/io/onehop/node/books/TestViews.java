package io.onehop.node.books;

import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Views of a pool of legs with the ids (9, 0), (9, 1), … and incarnations 100, 101, …. */
public final class TestViews {
  /** The pool. */
  public static final UUID POOL = new UUID(5, 5);

  /** Its lineage. */
  public static final UUID LINEAGE = new UUID(6, 6);

  /** The machines' boot. */
  public static final UUID BOOT = new UUID(8, 8);

  /** The session that writes. */
  public static final UUID SESSION = new UUID(3, 3);

  /** Blocks of the pool. */
  public static final int BLOCKS = 1024;

  private TestViews() {}

  /** Id of leg {@code i}. */
  public static UUID id(int i) {
    return new UUID(9, i);
  }

  /** Where leg {@code i} listens. */
  public static Endpoint at(int i) {
    return new Endpoint("leg" + i, 7000 + i);
  }

  /** Generation 1: {@code legs} legs in sync, ready, no writer. */
  public static PoolView first(int legs) {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < legs; i++) {
      members.add(
          new Member(id(i), "n" + i, Role.DATA, at(i), LegState.IN_SYNC, 100 + i, 1, 1, ""));
    }
    return new PoolView(
        POOL,
        "p",
        (long) BLOCKS * PoolView.BLOCK_SIZE,
        PoolView.BLOCK_SIZE,
        LINEAGE,
        1,
        members,
        0,
        null,
        null,
        new Phase.Ready(),
        Policies.DEFAULT);
  }

  /** The session is admitted. */
  public static PoolView written(PoolView v) {
    return v.next(d -> d.admitted(SESSION, "h", 1, 0));
  }

  /** The session is ended; {@code authority} reconciles. */
  public static PoolView ended(PoolView v, int authority) {
    return v.next(d -> d.sessionEnded(false, true).phase(new Phase.Reconciling(authority)));
  }

  /** Reconciled. */
  public static PoolView ready(PoolView v) {
    return v.next(d -> d.phase(new Phase.Ready()));
  }

  /** Leg {@code i} leaves the write set. */
  public static PoolView evicted(PoolView v, int i) {
    return v.next(
        d -> d.member(i, d.members().get(i).moved(LegState.STALE, 0, d.generation(), "")));
  }

  /** Leg {@code i} comes back under {@code incarnation}. */
  public static PoolView syncing(PoolView v, int i, long incarnation) {
    return v.next(d ->
        d.member(i, d.members().get(i).moved(LegState.SYNCING, incarnation, d.generation(), "")));
  }

  /** Leg {@code i} is promoted. */
  public static PoolView promoted(PoolView v, int i) {
    return v.next(d -> d.member(i, d.members().get(i).promoted(d.generation())));
  }

  /** Leg {@code i} leads alone under {@code incarnation} (rule 8.4). */
  public static PoolView coldStarted(PoolView v, int i, long incarnation) {
    return v.next(d -> {
      PoolView.Draft n = d;
      for (int m = 0; m < d.members().size(); m++) {
        Member was = d.members().get(m);
        n =
            n.member(
                m,
                m == i
                    ? was.moved(LegState.IN_SYNC, incarnation, d.generation(), "")
                        .promoted(d.generation())
                    : was.moved(LegState.STALE, 0, d.generation(), ""));
      }
      return n.sessionEnded(false, true).phase(new Phase.Ready());
    });
  }
}
