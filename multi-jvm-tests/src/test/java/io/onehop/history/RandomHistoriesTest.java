package io.onehop.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The quick decision and the exhaustive one agree on small random histories, good and bad ones. */
class RandomHistoriesTest {
  private static final int ROUNDS = Integer.getInteger("onehop.rounds", 8_000);

  private final long seed = Long.getLong("onehop.seed", 20_261_121L);
  private int good;
  private int bad;

  @Test
  void ofValuesAlone() {
    compare(1, 0, 4);
  }

  @Test
  void withManyWritesOfZeroes() {
    compare(1, 50, 4);
  }

  @Test
  void withLossesOfPower() {
    compare(2, 30, 3);
  }

  @Test
  void withTwoLossesOfPower() {
    compare(3, 30, 2);
  }

  private void compare(int eras, int zeroPercent, int values) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < ROUNDS; round++) {
      List<UnitOp> ops = draw(random.split(), eras, zeroPercent, values);
      boolean expected = Exhaustive.exists(ops, eras);
      assertThat(RegisterOrder.exists(ops, eras))
          .as("seed %d, round %d, %s", seed, round, ops)
          .isEqualTo(expected);
      if (expected) {
        good++;
      } else {
        bad++;
      }
    }
    assertThat(good).as("good histories").isGreaterThan(ROUNDS / 50);
    assertThat(bad).as("bad histories").isGreaterThan(ROUNDS / 50);
  }

  /**
   * Half of them are drawn at random, nearly all of which are bad; the others from a unit that
   * works, and then one read may be told something else.
   */
  private static List<UnitOp> draw(SplittableRandom random, int eras, int zeroPercent, int values) {
    List<UnitOp> ops = new ArrayList<>();
    boolean works = random.nextBoolean();
    int current = Stamp.ZERO;
    int next = 1;
    long number = 1;
    List<Integer> written = new ArrayList<>(List.of(Stamp.ZERO));
    int span = 3 + random.nextInt(14);
    for (int era = 0; era < eras; era++) {
      int begin = era * 100;
      int count = 1 + random.nextInt(eras == 1 ? 9 : 5);
      long[] moments = new long[count];
      for (int i = 0; i < count; i++) {
        moments[i] = begin + 1L + random.nextInt(span);
      }
      java.util.Arrays.sort(moments);
      for (int i = 0; i < count; i++) {
        boolean read = random.nextInt(2) == 0;
        boolean zero = random.nextInt(100) < zeroPercent || next > values * (era + 1);
        int value = zero ? Stamp.ZERO : next++;
        boolean takes = read || random.nextInt(5) > 0;
        if (read) {
          value = works ? current : written.get(random.nextInt(written.size()));
        } else {
          written.add(value);
          current = takes ? value : current;
        }
        long invoked = Math.max(begin, moments[i] - random.nextInt(4));
        long returned = moments[i] + random.nextInt(4);
        boolean certain = takes && (read || random.nextInt(4) > 0);
        if (!certain) {
          int how = random.nextInt(3);
          long never = era + 1 < eras ? begin + 99L : Long.MAX_VALUE;
          returned = how == 0 ? moments[i] + random.nextInt(8) : never;
        }
        boolean durable = !read && certain && random.nextInt(3) == 0;
        ops.add(new UnitOp(number++, read, value, invoked, returned, certain, durable, era));
      }
      if (random.nextInt(3) == 0) {
        current = written.get(random.nextInt(written.size())); // a loss of power, good or bad
      }
    }
    return works && random.nextBoolean() ? lie(ops, written, random) : ops;
  }

  private static List<UnitOp> lie(
      List<UnitOp> ops, List<Integer> written, SplittableRandom random) {
    int i = random.nextInt(ops.size());
    UnitOp op = ops.get(i);
    if (op.read()) {
      int other = written.get(random.nextInt(written.size()));
      ops.set(
          i,
          new UnitOp(op.number(), true, other, op.invoked(), op.returned(), true, false, op.era()));
    }
    return ops;
  }
}
