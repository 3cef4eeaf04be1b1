package io.onehop.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.client.FakePool.Outcome;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.transport.Buf;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random requests, cuts, restarts, evictions, returns and sessions that go on. Overlapping requests
 * take effect in the order of submission, so what every read must return is known when it is
 * submitted.
 */
final class RandomWalkTest {
  private static final long MS = 1_000_000L;
  private static final int AREA = 96 << 10;
  private static final int STEPS = 400;

  private final List<Check> checks = new ArrayList<>();
  private byte[] shadow = new byte[AREA];

  private record Check(Outcome outcome, ByteBuffer wanted, int offset) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5})
  void everyReadReturnsWhatWasWrittenBefore(long legs) {
    long seeds = Long.getLong("onehop.walk.seeds", 40);
    for (long seed = 1; seed <= seeds; seed++) {
      checks.clear();
      shadow = new byte[AREA];
      try {
        walk(new Random(seed), (int) legs, ClientRules.ALL);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ", " + legs + " legs", e);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"voidOldAnswers", "resendAllOnResume"})
  void theWalkFindsThatItIsNeeded(String rule) {
    ClientRules rules = RuleOff.without(rule);
    int found = 0;
    for (long seed = 1; seed <= 200 && found == 0; seed++) {
      checks.clear();
      shadow = new byte[AREA];
      try {
        walk(new Random(seed), 2, rules);
      } catch (AssertionError e) {
        found++;
      }
    }
    assertThat(found).isPositive();
  }

  private void walk(Random r, int legs, ClientRules rules) {
    FakePool p = new FakePool(legs, AREA - 1000, Policies.DEFAULT, rules).attached();
    int size = AREA - 1000;
    for (int step = 0; step < STEPS; step++) {
      int dice = r.nextInt(100);
      FakeLeg leg = p.legs.get(r.nextInt(legs));
      if (dice < 55) {
        request(p, r, size);
      } else if (dice < 75) {
        for (int n = r.nextInt(30); n > 0; n--) {
          if (!p.loop.runTask()) {
            p.wire.deliver();
          }
        }
      } else if (dice < 80) {
        p.advance(r.nextInt(300) * MS);
      } else if (dice < 84) {
        leg.cut("cut");
      } else if (dice < 87) {
        leg.hold = true;
      } else if (dice < 90) {
        leg.release();
      } else if (dice < 92) {
        p.legs.get(r.nextInt(legs + 1)).grantsLease = r.nextBoolean();
      } else if (dice < 98) {
        change(p, r, leg);
      } else if (p.view.writer() != null) {
        endOfSession(p, r);
      }
      verify();
    }
    for (FakeLeg l : p.legs) {
      l.release();
      l.grantsLease = true;
      l.adopt(p.view);
    }
    p.follow = ~0;
    p.advance(5000 * MS);
    verify();
    assertThat(checks).as("all are answered: %s", p.waiting).isEmpty();
    assertThat(p.engine.counters().requestsInFlight()).isZero();
    for (int m = p.view.writeSet(); m != 0; m &= m - 1) {
      FakeLeg l = p.legs.get(Integer.numberOfTrailingZeros(m));
      for (int i = 0; i < AREA; i++) {
        if (l.store.get(i) != shadow[i]) {
          throw new AssertionError("leg " + l.index + " differs at byte " + i);
        }
      }
    }
    assertThat(p.buffers.outstanding()).isZero();
    assertThat(p.engine.buffers.outstanding()).isZero();
    p.engine.detach();
    p.wire.run();
    assertThat(p.events).endsWith("detached");
  }

  private void request(FakePool p, Random r, int size) {
    int length = 1 + r.nextInt(r.nextInt(4) == 0 ? 40_000 : 6_000);
    int offset = r.nextInt(size - length + 1);
    if (r.nextInt(3) == 0) {
      offset &= -4096;
      length = Math.min(size - offset, (length + 4095) & -4096);
    }
    Outcome o = new Outcome();
    switch (r.nextInt(6)) {
      case 0, 1 -> {
        Buf b = p.buffers.take(length);
        o.data = b;
        byte[] wanted = java.util.Arrays.copyOfRange(shadow, offset, offset + length);
        checks.add(new Check(o, ByteBuffer.wrap(wanted), offset));
        p.engine.read(offset, length, b, 0, o);
        return;
      }
      case 2 -> {
        java.util.Arrays.fill(shadow, offset, offset + length, (byte) 0);
        p.engine.writeZeroes(offset, length, true, false, o);
      }
      case 3 -> p.engine.flush(o);
      default -> {
        byte fill = (byte) (1 + r.nextInt(100));
        java.util.Arrays.fill(shadow, offset, offset + length, fill);
        Buf b = p.filled(length, fill);
        p.engine.write(offset, length, b, 0, r.nextBoolean(), o);
        b.release();
      }
    }
    checks.add(new Check(o, ByteBuffer.allocate(0), offset));
  }

  /** An eviction, a restart, a return with all that was missed, a promotion, or nothing much. */
  private static void change(FakePool p, Random r, FakeLeg leg) {
    int others = p.view.inSyncSet() & ~(1 << leg.index);
    p.follow = r.nextInt(3) == 0 ? r.nextInt(16) : ~0;
    switch (p.view.members().get(leg.index).state()) {
      case IN_SYNC -> {
        if (others != 0) {
          if (r.nextBoolean()) {
            leg.incarnation++;
            leg.cut("restart");
          }
          p.move(leg.index, LegState.STALE);
        } else {
          p.change(d -> d);
        }
      }
      case STALE -> {
        p.follow = ~0;
        p.move(leg.index, LegState.SYNCING);
        FakeLeg source = p.legs.get(Integer.numberOfTrailingZeros(others));
        leg.store.put(0, source.store, 0, AREA);
      }
      case SYNCING ->
          p.change(d -> d.member(leg.index, d.members().get(leg.index).promoted(d.generation())));
      case NONE, OUT -> throw new AssertionError("a witness");
    }
  }

  /**
   * The pool takes the client for dead: all in-sync legs get one leg's content, and it may go on.
   */
  private static void endOfSession(FakePool p, Random r) {
    p.follow = ~0;
    p.change(d -> d.sessionEnded(false, true).phase(new Phase.Reconciling(0)));
    int inSync = p.view.inSyncSet();
    int authority = Integer.numberOfTrailingZeros(inSync);
    if (r.nextBoolean()) {
      authority = 31 - Integer.numberOfLeadingZeros(inSync);
    }
    for (int m = p.view.writeSet() & ~(1 << authority); m != 0; m &= m - 1) {
      FakeLeg l = p.legs.get(Integer.numberOfTrailingZeros(m));
      l.store.put(0, p.legs.get(authority).store, 0, AREA);
    }
    if (r.nextBoolean()) {
      p.advance(r.nextInt(3000) * MS);
    }
    p.change(d -> d.phase(new Phase.Ready()));
  }

  private void verify() {
    for (int i = 0; i < checks.size(); i++) {
      Check c = checks.get(i);
      if (c.outcome.status == -1) {
        continue;
      }
      assertThat(c.outcome.status).isEqualTo(Status.OK);
      Buf data = c.outcome.data;
      if (data != null) {
        for (int b = 0; b < c.wanted.capacity(); b++) {
          if (data.bytes().get(b) != c.wanted.get(b)) {
            throw new AssertionError(
                "byte "
                    + (c.offset + b)
                    + " is "
                    + data.bytes().get(b)
                    + ", not "
                    + c.wanted.get(b));
          }
        }
        data.release();
      }
      checks.remove(i--);
    }
  }
}
