package io.onehop.node.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegLife;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.store.VoteStore;
import io.onehop.protocol.model.LegState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The driver itself: its start, its requests, its stop. */
class PoolMemberTest {
  private record Disk(VoteStore.@Nullable Vote vote) implements VoteStore {
    @Override
    public VoteStore.@Nullable Vote load() {
      return vote;
    }

    @Override
    public void save(VoteStore.Vote v) {}
  }

  private static PoolMember member(PoolLab lab, VoteStore disk, int index) {
    return new PoolMember(
        Views.POOL,
        Views.memberId(index),
        disk,
        new LabLeg(lab, 0, 1),
        (to, m) -> {},
        new PoolMember.Listener() {},
        new Random(1),
        () -> 0,
        ControlRules.ALL);
  }

  @Test
  void doesNotStartFromAnEmptyForeignOrDamagedDisk() {
    PoolLab lab = new PoolLab(2, ControlRules.ALL, 1);
    byte[] good = io.onehop.protocol.wire.ViewCodec.encode(Views.first(2));
    for (VoteStore disk :
        List.of(new Disk(null), new Disk(new VoteStore.Vote(1, 1, new byte[] {1, 2, 3})))) {
      assertThrows(IOException.class, () -> member(lab, disk, 0).start(0));
    }
    VoteStore whole = new Disk(new VoteStore.Vote(256, 256, good));
    IOException e = assertThrows(IOException.class, () -> member(lab, whole, 9).start(0));
    assertEquals(
        "the register's disk belongs to another pool or member", String.valueOf(e.getMessage()));
  }

  @Test
  void comparesWhereTheLegIsInSyncOnly() {
    PoolLab lab = new PoolLab(2, ControlRules.ALL, 1);
    lab.run(1_500);
    List<LegEdge.Verified> got = new ArrayList<>();
    Objects.requireNonNull(lab.members[2]).verify(-1, got::add, lab.now);
    assertEquals("this node's leg is not in sync; ask another node", got.getFirst().error());
    Objects.requireNonNull(lab.members[0]).verify(-1, got::add, lab.now);
    lab.run(50);
    assertEquals(2, got.size());
    assertEquals("", got.getLast().error());
    assertEquals(1 << 20, got.getLast().comparedBytes());
  }

  @Test
  void aStoppedNodeVotesButProposesNothing() {
    PoolLab lab = new PoolLab(2, ControlRules.ALL, 1);
    lab.run(1_500);
    Objects.requireNonNull(lab.members[1]).stop(lab.now);
    lab.run(100);
    PoolMember b = Objects.requireNonNull(lab.members[1]);
    assertEquals(new LegLife.Stopped(), b.life().life());
    assertTrue(lab.planes[1].orders.contains(new LegOrder.Stop()));
    lab.kill(2);
    // A needs B's vote to evict it.
    assertTrue(lab.until(() -> lab.state(1) == LegState.STALE, 3_000), () -> "" + lab.notes);
    assertEquals(0, b.status(lab.now).counters().proposals());
  }

  @Test
  void messagesOfOtherPoolsAndOddSendersAreIgnored() {
    PoolLab lab = new PoolLab(2, ControlRules.ALL, 1);
    lab.run(1_500);
    PoolMember a = Objects.requireNonNull(lab.members[0]);
    a.onMessage(new PoolMessage.Prepare(new UUID(0, 5), 1, 1, 1 << 20), lab.now);
    a.onMessage(new PoolMessage.Query(Views.POOL, 77, 1), lab.now);
    a.onMessage(new PoolMessage.Query(Views.POOL, -1, 1), lab.now);
    a.onMessage(new PoolMessage.Prepare(Views.POOL, 0, 1, 1 << 20), lab.now);
    PoolStatus s = a.status(lab.now);
    assertEquals(0, s.self());
    assertEquals(List.of("", "", ""), s.members().stream().map(m -> m.reason()).toList());
    assertTrue(s.members().stream().allMatch(PoolStatus.MemberStatus::reachable));
  }
}
