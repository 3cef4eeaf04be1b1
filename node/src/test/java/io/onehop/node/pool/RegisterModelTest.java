package io.onehop.node.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.onehop.node.pool.RegisterEffect.Outcome;
import io.onehop.protocol.model.PoolView;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The register as a model: three acceptors, three proposers, seeded schedules with loss, delay,
 * duplication and restart. Never are two different views of one generation chosen (invariant 5),
 * and no member is told one that is not.
 */
class RegisterModelTest {
  private static final int SCHEDULES = 3_000;

  /** What the world under test does wrongly on purpose. */
  private enum Fault {
    NONE,
    VOTES_NOT_DURABLE,
    ACCEPTED_TAKEN_FOR_CHOSEN
  }

  private record Saved(long promised, long acceptedBallot, @Nullable PoolView accepted) {}

  private record Letter(int to, PoolMessage message) {}

  private static final class World {
    final Random random;
    final Fault fault;
    final RegisterMachine[] nodes = new RegisterMachine[3];
    final Saved[] disks = new Saved[3];
    final PoolView[] known = new PoolView[3];
    final List<Letter> mail = new ArrayList<>();
    final Map<Long, PoolView> chosen = new TreeMap<>();
    final Map<Long, Map<PoolView, Set<Integer>>> accepts = new TreeMap<>();
    @Nullable String broken;
    int outcomes;
    long now;
    int stamp;

    World(long seed, Fault fault) {
      this.random = new Random(seed);
      this.fault = fault;
      PoolView first = Views.first(2);
      for (int i = 0; i < 3; i++) {
        disks[i] = new Saved(256, 256, first);
        known[i] = first;
        boot(i);
      }
    }

    void boot(int i) {
      Saved d = disks[i];
      nodes[i] =
          new RegisterMachine(
              Views.POOL,
              i,
              d.promised(),
              d.acceptedBallot(),
              d.accepted(),
              new Random(random.nextLong()),
              ControlRules.ALL);
    }

    void step() {
      now += random.nextInt(40) * 1_000_000L;
      int node = random.nextInt(3);
      int kind = random.nextInt(100);
      if (kind < 62 && !mail.isEmpty()) {
        Letter l = mail.remove(random.nextInt(mail.size()));
        if (random.nextInt(10) == 0) {
          mail.add(l); // comes twice
        }
        take(l.to(), nodes[l.to()].onMessage(l.message(), now));
      } else if (kind < 68 && !mail.isEmpty()) {
        mail.remove(random.nextInt(mail.size()));
      } else if (kind < 80) {
        take(node, nodes[node].onTick(now));
      } else if (kind < 90 && !nodes[node].busy()) {
        propose(node);
      } else if (kind < 95 && !nodes[node].busy()) {
        take(node, nodes[node].read(now));
      } else if (kind < 97) {
        boot(node); // loses everything but its disk
      }
    }

    void propose(int i) {
      PoolView base = known[i];
      int mark = ++stamp; // makes every proposal another one
      PoolView next = base.next(d -> d.admitted(new java.util.UUID(9, mark), "h", mark, 0));
      take(i, nodes[i].propose(base.generation(), next, now));
    }

    void take(int i, List<RegisterEffect> effects) {
      for (RegisterEffect e : effects) {
        switch (e) {
          case RegisterEffect.SaveVote v -> {
            if (fault != Fault.VOTES_NOT_DURABLE) {
              disks[i] = new Saved(v.promised(), v.acceptedBallot(), v.accepted());
            }
            accepted(i, v);
          }
          case RegisterEffect.Send s -> mail.add(new Letter(s.to(), s.message()));
          case RegisterEffect.Done d -> outcome(i, d.outcome());
        }
      }
    }

    /** Chosen = one ballot accepted by a majority; noted by ballot, so it is seen at once. */
    void accepted(int i, RegisterEffect.SaveVote v) {
      PoolView view = v.accepted();
      if (view == null) {
        return;
      }
      Map<PoolView, Set<Integer>> byView =
          accepts.computeIfAbsent(v.acceptedBallot(), b -> new java.util.HashMap<>());
      Set<Integer> who = byView.computeIfAbsent(view, x -> new HashSet<>());
      who.add(i);
      if (who.size() >= 2) {
        choose(view, "chosen");
      }
      if (fault == Fault.ACCEPTED_TAKEN_FOR_CHOSEN) {
        choose(view, "acted upon");
        if (view.generation() > known[i].generation()) {
          known[i] = view;
        }
      }
    }

    void choose(PoolView view, String how) {
      PoolView before = chosen.putIfAbsent(view.generation(), view);
      if (before != null && !before.equals(view) && broken == null) {
        broken = "two views of generation " + view.generation() + " " + how;
      }
    }

    void outcome(int i, Outcome o) {
      outcomes++;
      PoolView told =
          switch (o) {
            case Outcome.Chosen c -> c.view();
            case Outcome.Current c -> c.view();
            case Outcome.Conflict c -> c.view();
            case Outcome.Unknown u -> null;
          };
      if (told == null) {
        return;
      }
      if (told.generation() > 1 && !told.equals(chosen.get(told.generation())) && broken == null) {
        broken = "told a view that was not chosen, generation " + told.generation();
      }
      if (told.generation() > known[i].generation()) {
        known[i] = told;
      }
    }
  }

  private static @Nullable String run(long seed, Fault fault, int[] generations) {
    World w = new World(seed, fault);
    for (int s = 0; s < 160 && w.broken == null; s++) {
      w.step();
    }
    generations[0] += w.chosen.size();
    generations[1] += w.outcomes;
    return w.broken;
  }

  @Test
  void neverTwoChosenViewsOfOneGeneration() {
    int[] counts = new int[2];
    for (long seed = 0; seed < SCHEDULES; seed++) {
      assertNull(run(seed, Fault.NONE, counts), "seed " + seed);
    }
    assertTrue(counts[0] > SCHEDULES * 2, "the schedules choose too little: " + counts[0]);
    assertTrue(counts[1] > SCHEDULES * 3, "the schedules end too little: " + counts[1]);
  }

  @Test
  void breaksIfVotesAreNotDurable() {
    assertNotNull(firstBroken(Fault.VOTES_NOT_DURABLE));
  }

  @Test
  void breaksIfAcceptedIsTakenForChosen() {
    assertNotNull(firstBroken(Fault.ACCEPTED_TAKEN_FOR_CHOSEN));
  }

  private static @Nullable String firstBroken(Fault fault) {
    for (long seed = 0; seed < SCHEDULES; seed++) {
      String b = run(seed, fault, new int[2]);
      if (b != null) {
        return b;
      }
    }
    return null;
  }

  @Test
  void blankDiskNeitherVotesNorProposes() {
    RegisterMachine blank =
        new RegisterMachine(Views.POOL, 0, 0, 0, null, new Random(1), ControlRules.ALL);
    PoolView v = Views.first(2);
    assertEquals(List.of(), blank.onMessage(new PoolMessage.Query(Views.POOL, 1, 1), 0));
    assertEquals(List.of(), blank.onMessage(new PoolMessage.Prepare(Views.POOL, 1, 1, 512), 0));
    assertEquals(List.of(), blank.onMessage(new PoolMessage.Accept(Views.POOL, 1, 1, 512, v), 0));
    assertEquals(List.of(new RegisterEffect.Done(new Outcome.Unknown(0))), blank.propose(1, v, 0));
  }

  @Test
  void theVoteIsSavedBeforeItIsSent() {
    PoolView v = Views.first(2);
    RegisterMachine m =
        new RegisterMachine(Views.POOL, 0, 256, 256, v, new Random(1), ControlRules.ALL);
    List<RegisterEffect> out = m.onMessage(new PoolMessage.Prepare(Views.POOL, 1, 5, 1025), 0);
    assertEquals(2, out.size());
    assertEquals(new RegisterEffect.SaveVote(1025, 256, v), out.get(0));
    assertTrue(out.get(1) instanceof RegisterEffect.Send);
  }

  @Test
  void aReadWithOneBallotAtAMajorityWritesNothing() {
    World w = new World(1, Fault.NONE);
    w.take(0, w.nodes[0].read(0));
    while (!w.mail.isEmpty()) {
      Letter l = w.mail.remove(0);
      List<RegisterEffect> out = w.nodes[l.to()].onMessage(l.message(), 0);
      assertTrue(out.stream().noneMatch(e -> e instanceof RegisterEffect.SaveVote));
      w.take(l.to(), out);
    }
    assertEquals(1, w.outcomes);
  }

  @Test
  void roundsEndAsUnknownAndNameTheSilent() {
    World w = new World(1, Fault.NONE);
    PoolView base = w.known[0];
    List<RegisterEffect> all = new ArrayList<>(w.nodes[0].propose(1, base.next(d -> d), 0));
    for (int t = 1; t < 200; t++) {
      all.addAll(w.nodes[0].onTick(t * 100_000_000L));
    }
    assertEquals(
        List.of(new RegisterEffect.Done(new Outcome.Unknown(0b110))),
        all.stream().filter(e -> e instanceof RegisterEffect.Done).toList());
    assertTrue(!w.nodes[0].busy());
  }
}
