package io.onehop.protocol.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Views whose voters or lineage are others than those of their predecessors. */
final class ForkedViewTest {
  private static final UUID POOL = new UUID(1, 1);
  private static final UUID OLD = new UUID(2, 2);
  private static final UUID NEW = new UUID(3, 3);

  private static Member member(int i, Role role, LegState state) {
    Endpoint at = new Endpoint("10.0.0." + i, 7400);
    return new Member(new UUID(9, i), "n" + i, role, at, state, 5, 1, 1, "");
  }

  private static PoolView first() {
    return new PoolView(
        POOL,
        "vol0",
        1 << 20,
        4096,
        OLD,
        7,
        List.of(
            member(1, Role.DATA, LegState.IN_SYNC),
            member(2, Role.DATA, LegState.STALE),
            member(3, Role.WITNESS, LegState.NONE)),
        3,
        null,
        null,
        new Phase.Ready(),
        Policies.DEFAULT);
  }

  private static PoolView forked() {
    return first()
        .forked(
            NEW,
            12,
            null,
            d -> d.member(1, d.members().get(1).moved(LegState.OUT, 0, d.generation(), "out")));
  }

  @Test
  void aKeptOutMemberHasNoVote() {
    PoolView v = forked();
    assertEquals(0b101, v.voterMask());
    assertEquals(2, v.voters());
    assertEquals(2, v.majority());
    assertEquals(List.of(new UUID(9, 1), PoolView.NOBODY, new UUID(9, 3)), v.voterIds());
    assertFalse(v.isVoter(1));
  }

  @Test
  void aForkSaysWhereItComesFrom() {
    PoolView v = forked();
    assertTrue(v.forked());
    assertEquals(12, v.generation());
    assertEquals(NEW, v.lineage());
    assertEquals(OLD, v.parent());
    PoolView later = v.next(d -> d);
    assertEquals(null, later.parent());
    assertEquals(NEW, later.lineage());
    assertFalse(later.forked());
  }

  @Test
  void aLineageRemembersWhatItLeftBehind() {
    PoolView later = forked().next(d -> d).next(d -> d);
    assertTrue(later.leavesBehind(OLD));
    assertFalse(later.leavesBehind(NEW));
    UUID third = new UUID(3, 4);
    PoolView again = later.forked(third, 20, null, d -> d);
    assertEquals(List.of(NEW, OLD), again.ancestors());
    // B decides against the third one, of which it knows.
    PoolView against = first().forked(new UUID(3, 5), 30, again, d -> d);
    assertEquals(OLD, against.parent());
    assertEquals(List.of(OLD, third, NEW), against.ancestors());
  }

  @Test
  void theOldestAncestorsAreForgotten() {
    PoolView v = first();
    for (int i = 0; i < 40; i++) {
      v = v.forked(new UUID(4, i), v.generation() + 1, null, d -> d);
    }
    assertEquals(PoolView.MAX_ANCESTORS, v.ancestors().size());
    assertEquals(new UUID(4, 38), v.ancestors().getFirst());
  }

  @Test
  void newerLayoutsAreWrittenOnlyWhereTheyAreNeeded() throws Exception {
    assertEquals(1, ViewCodec.encode(first())[0]);
    PoolView out =
        first()
            .next(d -> d.member(1, d.members().get(1).moved(LegState.OUT, 0, d.generation(), "")));
    assertEquals(2, ViewCodec.encode(out)[0]);
    assertEquals(out, ViewCodec.decode(ViewCodec.encode(out)));
    byte[] bytes = ViewCodec.encode(forked());
    assertEquals(3, bytes[0]);
    assertEquals(forked(), ViewCodec.decode(bytes));
    PoolView later = forked().next(d -> d);
    assertEquals(later, ViewCodec.decode(ViewCodec.encode(later)));
    assertEquals(fixture("view-3.hex"), HexFormat.of().formatHex(bytes));
  }

  @Test
  void layoutTwoIsReadAsBegunByItsParent() throws Exception {
    byte[] bytes = HexFormat.of().parseHex(fixture("view-2.hex"));
    assertEquals(2, bytes[0]);
    assertEquals(forked(), ViewCodec.decode(bytes));
  }

  private static String fixture(String name) throws IOException {
    try (InputStream in = ForkedViewTest.class.getResourceAsStream(name)) {
      assertNotNull(in);
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII).replaceAll("\\s", "");
    }
  }

  @Test
  void layoutOneKnowsNoKeptOutMember() {
    byte[] bytes = ViewCodec.encode(forked().next(d -> d));
    bytes[0] = 1;
    WireException e = assertThrows(WireException.class, () -> ViewCodec.decode(bytes));
    assertTrue(String.valueOf(e.getMessage()).contains("layout version 1"), e.getMessage());
  }
}
