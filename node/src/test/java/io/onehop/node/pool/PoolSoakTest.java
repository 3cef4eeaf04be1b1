package io.onehop.node.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.protocol.model.LastSession;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import java.util.HashSet;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Seeded faults against whole pools: kills, restarts, cuts, lost messages, clients that come, take
 * over, resume and go. Always: one view per generation (the laboratory checks it), generations only
 * grow. When faults stop: all legs in sync under their living runs, and a client gets in.
 */
class PoolSoakTest {
  private static final int SEEDS = 60;

  @Test
  void twoLegs() {
    for (int seed = 0; seed < SEEDS; seed++) {
      soak(2, 1, seed);
    }
  }

  @Test
  void threeLegs() {
    for (int seed = 0; seed < SEEDS / 3; seed++) {
      soak(3, 1, 1_000 + seed);
    }
  }

  @Test
  void otherShapes() {
    int[][] shapes = {{1, 0}, {1, 1}, {2, 0}, {3, 0}, {4, 1}, {5, 0}, {3, 2}, {5, 3}};
    for (int[] s : shapes) {
      for (int seed = 0; seed < 4; seed++) {
        soak(s[0], s[1], 2_000 + 100 * s[0] + 10 * s[1] + seed);
      }
    }
  }

  private static void soak(int legs, int witnesses, int seed) {
    PoolLab lab = new PoolLab(legs, witnesses, ControlRules.ALL, seed);
    Random random = new Random(seed * 31L);
    lab.run(300);
    long generation = 1;
    for (int i = 0; i < 25; i++) {
      fault(lab, random);
      lab.run(random.nextInt(random.nextBoolean() ? 300 : 3_000));
      assertTrue(lab.view().generation() >= generation);
      sessions(lab);
      generation = lab.view().generation();
    }
    lab.filter = (f, t, m) -> false;
    lab.clientCut = 0;
    for (int i = 0; i < lab.size; i++) {
      for (int j = 0; j < i; j++) {
        lab.cut(i, j, false);
      }
      lab.planes[i].heals = true;
      lab.planes[i].reconciles = true;
      if (!lab.up(i)) {
        lab.restart(i, false);
      }
    }
    String name = "seed " + seed + ": ";
    assertTrue(lab.until(() -> whole(lab), 90_000), () -> name + lab.view() + lab.notes);
    UUID last = new UUID(77, seed);
    lab.client = null;
    lab.run(3_000);
    boolean in =
        lab.until(
            () -> {
              if (lab.now % (1_000 * PoolLab.MS) == 0) {
                lab.attach(0, last);
              }
              PoolView v = lab.view();
              return v.writer() != null && v.writer().session().equals(last);
            },
            20_000);
    assertTrue(in, () -> name + lab.notes);
    assertEquals(legs, Integer.bitCount(lab.view().inSyncSet()), () -> name + lab.notes);
  }

  /** A session that was taken over, or had another after it, never comes back (rules 5.1, 5.3). */
  private static void sessions(PoolLab lab) {
    Set<UUID> over = new HashSet<>();
    UUID writer = null;
    for (PoolView v : lab.history.values()) {
      LastSession last = v.lastSession();
      if (last != null && !last.resumable()) {
        over.add(last.id());
      }
      Writer w = v.writer();
      if (w != null && !w.session().equals(writer)) {
        assertTrue(!over.contains(w.session()), () -> "back again: " + v);
        if (writer != null) {
          over.add(writer);
        }
        writer = w.session();
      }
    }
  }

  private static boolean whole(PoolLab lab) {
    PoolView v = lab.view();
    for (int i = 0; i < lab.legs; i++) {
      Member m = v.members().get(i);
      PoolView adopted = lab.planes[i].adopted;
      if (m.incarnation() != lab.planes[i].incarnation || !v.equals(adopted)) {
        return false;
      }
    }
    return v.ready() && Integer.bitCount(v.inSyncSet()) == lab.legs;
  }

  private static void fault(PoolLab lab, Random random) {
    int i = random.nextInt(lab.size);
    int j = random.nextInt(lab.size);
    switch (random.nextInt(13)) {
      case 0, 1 -> lab.kill(i);
      case 2, 3 -> lab.restart(i, random.nextInt(6) == 0);
      case 4 -> {
        if (i != j) {
          lab.cut(i, j, random.nextBoolean());
        }
      }
      case 5 -> {
        int percent = random.nextInt(40);
        lab.filter = (f, t, m) -> random.nextInt(100) < percent;
      }
      case 6 -> lab.clientCut = random.nextInt(1 << lab.size);
      case 7 -> lab.client = null;
      case 8 -> {
        lab.client = new UUID(8, random.nextLong() >>> 1);
        if (lab.up(i)) {
          lab.attach(i, Objects.requireNonNull(lab.client));
        }
      }
      case 9 -> lab.planes[i].heals = random.nextBoolean();
      case 10 -> lab.planes[i].reconciles = random.nextBoolean();
      case 11 -> {
        if (lab.up(i)) {
          lab.client = new UUID(8, random.nextLong() >>> 1);
          lab.takeOver(i, Objects.requireNonNull(lab.client));
        }
      }
      case 12 -> {
        UUID session = lab.client;
        if (lab.up(i) && session != null) {
          lab.resume(i, session, lab.view().epoch());
        }
      }
      default -> throw new AssertionError();
    }
  }
}
