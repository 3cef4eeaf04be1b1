package io.onehop.node.pool;

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

/** First views for tests. */
public final class Views {
  /** The pool of every test. */
  public static final UUID POOL = new UUID(7, 7);

  private Views() {}

  /** Generation 1: {@code legs} legs in sync with incarnations 101, 102, … and one witness. */
  public static PoolView first(int legs) {
    return first(legs, 1);
  }

  /** The same with {@code witnesses} witnesses: witness, witness2, … */
  public static PoolView first(int legs, int witnesses) {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < legs; i++) {
      members.add(
          new Member(
              memberId(i),
              "node-" + (char) ('a' + i),
              Role.DATA,
              new Endpoint("localhost", 1000 + i),
              LegState.IN_SYNC,
              101 + i,
              1,
              1,
              ""));
    }
    for (int w = 0; w < witnesses; w++) {
      members.add(
          new Member(
              memberId(legs + w),
              w == 0 ? "witness" : "witness" + (w + 1),
              Role.WITNESS,
              new Endpoint("localhost", 1000 + legs + w),
              LegState.NONE,
              0,
              0,
              0,
              ""));
    }
    return new PoolView(
        POOL,
        "p",
        1 << 20,
        PoolView.BLOCK_SIZE,
        new UUID(1, 1),
        1,
        members,
        0,
        null,
        null,
        new Phase.Ready(),
        Policies.DEFAULT);
  }

  /** Identity of member {@code i}. */
  public static UUID memberId(int i) {
    return new UUID(100, i);
  }
}
