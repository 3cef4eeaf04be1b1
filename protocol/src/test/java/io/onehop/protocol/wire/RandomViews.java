package io.onehop.protocol.wire;

import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import io.onehop.protocol.model.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/** Views drawn from a seeded source. */
final class RandomViews {
  private static final String[] LETTERS = {"a", "Z", "0", "-", "é", "ß", "漢", "🐧", "."};

  private final Random random;

  RandomViews(long seed) {
    random = new Random(seed);
  }

  UUID uuid() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  String text(int atLeast, int atMost) {
    StringBuilder text = new StringBuilder();
    for (int n = atLeast + random.nextInt(atMost - atLeast + 1); n > 0; n--) {
      text.append(LETTERS[random.nextInt(LETTERS.length)]);
    }
    return text.toString();
  }

  long u63() {
    return random.nextLong() >>> (1 + random.nextInt(60));
  }

  PoolView view() {
    int count = 1 + random.nextInt(PoolView.MAX_MEMBERS);
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      members.add(member(i == 0));
    }
    Phase phase =
        random.nextBoolean() ? new Phase.Ready() : new Phase.Reconciling(random.nextInt(count));
    UUID parent = random.nextInt(4) == 0 ? uuid() : null;
    List<UUID> behind = random.nextInt(4) == 0 ? List.of(uuid(), uuid()) : List.of();
    List<UUID> ancestors = parent == null ? behind : List.of(parent, uuid());
    return new PoolView(
        uuid(),
        text(1, 40),
        1 + u63(),
        PoolView.BLOCK_SIZE,
        uuid(),
        1 + u63(),
        members,
        u63(),
        random.nextBoolean() ? new Writer(uuid(), u63(), text(0, 40), u63(), u63()) : null,
        random.nextBoolean()
            ? new LastSession(uuid(), random.nextBoolean(), random.nextBoolean())
            : null,
        phase,
        policies(),
        parent,
        ancestors);
  }

  private Member member(boolean inSync) {
    boolean leg = inSync || random.nextBoolean();
    LegState[] states = {LegState.IN_SYNC, LegState.SYNCING, LegState.STALE};
    LegState state = inSync ? LegState.IN_SYNC : states[random.nextInt(states.length)];
    if (!inSync && random.nextInt(64) == 0) {
      state = LegState.OUT;
    }
    return new Member(
        uuid(),
        text(1, 30),
        leg ? Role.DATA : Role.WITNESS,
        new Endpoint(text(1, 30), random.nextInt(65536)),
        leg || state == LegState.OUT ? state : LegState.NONE,
        random.nextLong(),
        u63(),
        u63(),
        text(0, 60));
  }

  private Policies policies() {
    long beat = 1L + random.nextInt(1_000_000);
    return new Policies(
        random.nextBoolean(),
        random.nextBoolean(),
        random.nextInt(1 << 30),
        random.nextInt(1 << 30),
        random.nextInt(1 << 30),
        beat,
        beat * 4,
        1 + random.nextInt(1 << 30),
        beat * 3,
        beat * 5,
        16 << random.nextInt(12));
  }
}
