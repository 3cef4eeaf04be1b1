package io.onehop.node.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.onehop.node.pool.PoolMail;
import io.onehop.node.pool.PoolMessage;
import io.onehop.node.pools.NodeMail;
import io.onehop.node.pools.NodeMessage;
import io.onehop.node.pools.PoolPlan;
import io.onehop.node.pools.StorePlace;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KryoSerializerTest {
  private static final UUID ID = new UUID(0x0102030405060708L, 0x1112131415161718L);
  private static final UUID OTHER = new UUID(7, 9);
  private static final List<Long> MISSES = List.of(0L, 1L << 40, 11L);
  private final KryoSerializer serializer = new KryoSerializer();

  private static PoolPlan plan() {
    return new PoolPlan(
        ID,
        "vol",
        10_000_001,
        OTHER,
        List.of(
            new PoolPlan.PlanMember(OTHER, "a", Role.DATA, "127.0.0.1", 7001, "/dev/x", 77),
            new PoolPlan.PlanMember(ID, "w", Role.WITNESS, "::1", 7002, null, 0)),
        true,
        false);
  }

  static Stream<Object> messages() {
    PoolView view = plan().firstView();
    List<StorePlace> places = List.of(new StorePlace("a", "/x/data", 1 << 20));
    Stream<PoolMessage> pool =
        Stream.of(
            new PoolMessage.Query(ID, 1, 5),
            new PoolMessage.Prepare(ID, 1, 5, 513),
            new PoolMessage.Accept(ID, 1, 5, 513, view),
            new PoolMessage.Vote(ID, 2, OTHER, 5, true, 513, 257, view),
            new PoolMessage.Vote(ID, 2, OTHER, 5, false, -1, 0, null),
            new PoolMessage.Chosen(ID, 0, view),
            new PoolMessage.Notice(ID, 0, OTHER, true, view, "kept out"),
            new PoolMessage.Bound(ID, 0, OTHER, ID, 7, 513, new PoolMessage.Query(ID, 0, 5)),
            new PoolMessage.Report(
                ID, 0, 91, 92, 3, 4, 5, 6, 7, OTHER, 93, true, false, 6, 7, 8, 9, -1, MISSES, 12,
                "né"),
            new PoolMessage.Report(
                ID, 0, 91, 92, 3, 4, 5, 6, 7, null, 0, true, false, 6, 7, 8, 9, 10, List.of(), 12,
                ""),
            new PoolMessage.HeardQuery(ID, 0, 1, OTHER, 2),
            new PoolMessage.Heard(ID, 0, 1, Long.MAX_VALUE),
            new PoolMessage.LeaseQuery(ID, 0, 1, 2, -3),
            new PoolMessage.LeaseAnswer(ID, 0, 1, true));
    Stream<NodeMessage> node =
        Stream.of(
            new NodeMessage.Prepare("a", ID, plan()),
            new NodeMessage.Prepared("b", ID, false, "no room", List.of()),
            new NodeMessage.Prepared("b", ID, true, "", places),
            new NodeMessage.Commit("a", ID, OTHER, places),
            new NodeMessage.Committed("a", ID, true, ""),
            new NodeMessage.Abort("a", ID, OTHER),
            new NodeMessage.Outcome("a", OTHER),
            new NodeMessage.OutcomeTold("a", OTHER, true, places),
            new NodeMessage.Drop("a", ID, OTHER, true),
            new NodeMessage.Dropped("a", ID, false, true, ""),
            new NodeMessage.Compare("a", ID, OTHER, -1),
            new NodeMessage.Order(
                "a", ID, OTHER, NodeMessage.Order.Kind.REPLACE, 1, null, true, false),
            new NodeMessage.Ordered("a", ID, true, false, "no"),
            new NodeMessage.Remake("a", ID, view, 1, "/dev/x", true, false, List.of()),
            new NodeMessage.Remade("a", ID, false, true, ""),
            new NodeMessage.Where("a", ID),
            new NodeMessage.There("a", ID, OTHER, List.of(new StorePlace("a", "/x", 1))),
            new NodeMessage.Compared(
                "a",
                ID,
                true,
                4096,
                List.of(new NodeMessage.RangeDiffers(0, 4096, List.of("a", "b"))),
                ""));
    return Stream.concat(pool.map(PoolMail::new), node.map(NodeMail::new));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void everyMessageComesBackEqual(Object message) {
    byte[] bytes = serializer.toBinary(message);
    assertThat(serializer.fromBinaryJava(bytes, null)).isEqualTo(message);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void everyCutOrLengthenedMessageIsRefused(Object message) {
    byte[] bytes = serializer.toBinary(message);
    for (int n = 0; n < bytes.length; n++) {
      byte[] cut = Arrays.copyOf(bytes, n);
      assertThatThrownBy(() -> serializer.fromBinaryJava(cut, null))
          .isInstanceOf(IllegalArgumentException.class);
    }
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
    assertThatThrownBy(() -> serializer.fromBinaryJava(longer, null))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void garbageIsRefusedOrReadAsSomeMessage(Object message) {
    byte[] bytes = serializer.toBinary(message);
    Random random = new Random(42);
    for (int i = 0; i < 300; i++) {
      byte[] bad = bytes.clone();
      bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        assertThat(serializer.fromBinaryJava(bad, null))
            .isInstanceOfAny(PoolMail.class, NodeMail.class);
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageNotContaining("OutOfMemory");
      }
    }
  }

  @Test
  void bytesOnTheWireDoNotChange() {
    assertThat(hex(new PoolMail(new PoolMessage.Prepare(ID, 1, 5, 513))))
        .isEqualTo("0116011882080201080706050403020118171615141312110a");
    assertThat(hex(new NodeMail(new NodeMessage.Committed("a", OTHER, true, "é"))))
        .isEqualTo("013e01420101010000006101070000000000000009000000000000000102000000c3a9");
  }

  private String hex(Object message) {
    return HexFormat.of().formatHex(serializer.toBinary(message));
  }

  @Test
  void otherClassesAreRefused() {
    assertThatThrownBy(() -> serializer.toBinary("text"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("java.lang.String");
  }
}
