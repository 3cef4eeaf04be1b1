package io.onehop.sim;

import static io.onehop.sim.Stage.A;
import static io.onehop.sim.Stage.B;
import static io.onehop.sim.Stage.W;

import io.onehop.node.leg.LegEdge;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Policies;
import io.onehop.transport.BufPool;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A directed trace for a rule that random walks rarely meet.
 *
 * @param name as in the protocol review
 * @param withoutRule the switch whose absence it must show, see {@link RuleSwitch#name}
 * @param shape legs and witnesses
 * @param policies settings of the pool
 */
record Scenario(
    String name, String withoutRule, Shape shape, Policies policies, Consumer<Stage> script) {
  private static final int LONG = 100;

  Scenario(String name, String withoutRule, Policies policies, Consumer<Stage> script) {
    this(name, withoutRule, Shape.SMALL, policies, script);
  }

  static List<Scenario> all() {
    return List.of(
        new Scenario(
            "late-clear-after-evict-and-return",
            "LegRules.clearChecked",
            Stage.policies(LONG, LONG, 4, 4),
            Scenario::lateClear),
        new Scenario(
            "isolated-client-reads-beside-a-syncing-leg",
            "ClientRules.leaseByWriteSet",
            Stage.policies(4, 4, 4, 4),
            Scenario::readsBesideASyncingLeg),
        new Scenario(
            "isolated-old-client-reads-after-suspected-death",
            "ControlRules.leaseWait",
            Stage.policies(4, 4, 2, 40),
            Scenario::readsAfterSuspectedDeath),
        new Scenario(
            "cold-start-prefers-living-leg",
            "ControlRules.livingLegFirst",
            Stage.policies(4, 4, 4, 4),
            Scenario::coldStartPrefersLivingLeg),
        new Scenario(
            "retry-on-other-lane-zombie",
            "LegRules.duplicates",
            Stage.policies(4, 4, 4, 4),
            Scenario::retryOnOtherLane),
        new Scenario(
            "takeover-wins-over-resuming",
            "ControlRules.takeoverBars",
            Stage.policies(4, 4, 4, 4),
            Scenario::takeoverWins),
        new Scenario(
            "cold-start-authority-killed-again-hears-old-view",
            "LegRules.generationDurable",
            new Shape(3, 2, 1),
            Stage.policies(4, 4, LONG, 4),
            Scenario::hearsOldView));
  }

  /** Plays it; a violation is thrown. */
  void play(Rules rules, BufPool bufs, @Nullable List<String> story) {
    Stage s = new Stage(shape, rules, policies, bufs, story);
    script.accept(s);
    s.settle();
  }

  /** A clear of the last stint arrives when the block is missing again. */
  private static void lateClear(Stage s) {
    SimClient c = s.client();
    s.kill(B);
    s.until("b is evicted", () -> s.is(B, LegState.STALE));
    s.write(c, 3);
    s.whenTells(
        B,
        LegEdge.Healed.class,
        () -> {
          s.cut(B, A);
          s.cut(B, W);
        });
    s.start(B);
    s.until("b has healed", () -> !s.world.network.reaches(B, A));
    s.disconnect(c, B);
    s.until("b is evicted again", () -> s.is(B, LegState.STALE));
    s.run(50); // the client knows it too
    s.write(c, 3);
    s.heal(B, A);
    s.heal(B, W);
    s.run(500);
  }

  /** The only leg in sync and the client are cut off just when the other leg comes in sync. */
  private static void readsBesideASyncingLeg(Stage s) {
    SimClient c1 = s.client();
    s.write(c1, 3);
    s.kill(B);
    s.until("b is evicted", () -> s.is(B, LegState.STALE));
    s.write(c1, 4);
    s.whenTells(B, LegEdge.Healed.class, () -> isolate(s, c1));
    s.start(B);
    s.until("b is in sync without a's knowing", () -> s.inSync(B));
    anotherWritesOneReads(s, c1);
  }

  /** A client that is cut off with a leg still has a lease when the next session begins. */
  private static void readsAfterSuspectedDeath(Stage s) {
    SimClient c1 = s.client();
    s.write(c1, 3);
    s.run(1_000);
    isolate(s, c1);
    anotherWritesOneReads(s, c1);
  }

  private static void isolate(Stage s, SimClient c) {
    for (int other : new int[] {B, W}) {
      s.cut(A, other);
      s.cut(other, A);
      s.cut(c.process.party, other);
      s.cut(other, c.process.party);
    }
  }

  private static void anotherWritesOneReads(Stage s, SimClient c1) {
    SimClient c2 = s.secondClient();
    s.cut(c2.process.party, A);
    s.cut(A, c2.process.party);
    s.until("another client is attached", c2::attached);
    s.write(c2, 3);
    c1.read(3);
    s.run(1_000);
    c1.process.die();
  }

  /** A copy of an answered write comes by another connection after a newer write. */
  private static void retryOnOtherLane(Stage s) {
    SimClient c = s.client();
    FrameHeader first = new FrameHeader();
    s.whenGets(A, FrameType.WRITE, h -> first.copyFrom(h));
    s.write(c, 3);
    long value = s.node(A).platter.data[3];
    s.write(c, 3);
    SecondLane lane = SecondLane.send(s.world, c, s.node(A), first, value);
    s.until("the copy is answered", () -> lane.answered);
  }

  /** The pool is taken from a client that lives, and that one does not take it back. */
  private static void takeoverWins(Stage s) {
    SimClient c1 = s.client();
    s.write(c1, 3);
    s.world.clients.noSuccessor();
    SimClient c2 = s.world.clients.spawn(true);
    s.until("the first session is ended", () -> s.world.chosen.newest().writer() == null);
    s.until("who took over is attached", c2::attached);
    if (s.admissions(c1) > 1) {
      throw new Violation("taken-back", "who was taken over was the writer again");
    }
    s.write(c2, 3);
  }

  /**
   * The authority of a cold start dies as soon as it has adopted its view; in its next run a client
   * is the first to tell it something: the view before.
   */
  private static void hearsOldView(Stage s) {
    SimClient c = s.client();
    int c2 = 2;
    int w = 3;
    int w2 = 4;
    s.world.clients.noSuccessor();
    s.cut(c.process.party, B);
    s.cut(c.process.party, c2);
    s.cut(w, c.process.party);
    s.cut(w2, c.process.party);
    long before = s.node(A).platter.data[3];
    c.write(3);
    s.until("a alone has stored the write", () -> s.node(A).platter.data[3] != before);
    for (int leg : new int[] {A, B, c2}) {
      s.kill(leg);
    }
    long generation = s.world.chosen.newest().generation();
    s.whenAdopts(
        A,
        generation + 1,
        () -> {
          throw new SimKilled();
        });
    s.start(A);
    s.until("a has led a cold start and died of it", () -> s.newerThan(generation) && s.dead(A));
    s.cut(A, w);
    s.cut(A, w2);
    s.start(A);
    s.run(1_500);
    c.process.die();
    s.heal(A, w);
    s.heal(A, w2);
    s.run(6_000);
  }

  /** A leg that was restarted at once does not lead while the other one lives. */
  private static void coldStartPrefersLivingLeg(Stage s) {
    s.world.clients.noSuccessor();
    s.client().detach();
    s.until("nobody is attached", () -> s.world.chosen.newest().writer() == null);
    s.until("it is ready", () -> s.world.chosen.newest().ready());
    long incarnation = s.member(A).incarnation();
    s.run(500);
    s.kill(B);
    // For a while a can only listen; else it evicts b before b can do wrong.
    s.cut(A, B);
    s.cut(A, W);
    s.start(B);
    for (int i = 0; i < 200; i++) {
      s.run(10);
      if (i == 100) {
        s.heal(A, B);
        s.heal(A, W);
      }
      if (!s.is(A, LegState.IN_SYNC) || s.member(A).incarnation() != incarnation) {
        throw new Violation(
            "living-leg", "b leads though a lived on: " + Story.of(s.world.chosen.newest()));
      }
    }
  }
}
