package io.onehop.node.pool;

import io.onehop.node.leg.LegDataPlane;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegEvent;
import io.onehop.node.leg.LegLife;
import io.onehop.node.leg.LegMachine;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.leg.LegStatus;
import io.onehop.node.recovery.Recovery;
import io.onehop.node.recovery.RecoveryEffect;
import io.onehop.node.recovery.RecoveryEvent;
import io.onehop.node.store.VoteStore;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One pool on one node: drives the register, the pool machine, the recovery machine and the leg
 * machine, and does what they want through its ports. The actor and the simulator both run it
 * unchanged. Not thread-safe: one caller at a time; {@code now} is the loop clock (CLOCK_BOOTTIME,
 * nanoseconds) and never goes back. Ports are called on the caller's thread, {@link VoteStore}
 * blocking.
 */
public final class PoolMember {
  /** Sends to another member's control plane; never to this one; may lose what it sends. */
  public interface Messenger {
    /** Sends {@code message} to the member with this index; never blocks. */
    void send(int member, PoolMessage message);
  }

  /** What the shell hears, on the caller's thread. */
  public interface Listener {
    /** A newer chosen view is known (it was handed to the data plane before). */
    default void viewLearned(PoolView view) {}

    /** A line for the log: a change that is proposed or was chosen, a problem. */
    default void note(String text) {}
  }

  /** Outcome of an administrative request. */
  public interface Answer {
    /** Called once: done, or not and why. */
    void answered(boolean done, String text);
  }

  private final UUID pool;
  private final UUID memberId;
  private final VoteKeeper keeper;
  private final LegDataPlane leg;
  private final Messenger messenger;
  private final Listener listener;
  private final RandomGenerator random;
  private final LongSupplier wallClockMillis;
  private final ControlRules rules;

  private final Errands errands = new Errands();
  private final ArrayDeque<Runnable> works = new ArrayDeque<>();
  private int self = -1;
  private @Nullable RegisterMachine register;
  private @Nullable Bond bond;
  private @Nullable PoolMachine machine;
  private Recovery.Maker recoveryMaker = Recovery::inPlace;
  private @Nullable Recovery recovery;
  private long lastNow;
  private @Nullable LegMachine life;
  private long adopted;
  private boolean running;

  /**
   * @param pool the pool's UUID; messages about others are ignored
   * @param memberId this node's member (its disk, rule 1.2)
   * @param wallClockMillis shown to operators only
   * @param rules {@link ControlRules#ALL} but in the simulator
   */
  public PoolMember(
      UUID pool,
      UUID memberId,
      VoteStore votes,
      LegDataPlane leg,
      Messenger messenger,
      Listener listener,
      RandomGenerator random,
      LongSupplier wallClockMillis,
      ControlRules rules) {
    this.pool = pool;
    this.memberId = memberId;
    this.keeper = new VoteKeeper(votes, listener::note);
    this.leg = leg;
    this.messenger = messenger;
    this.listener = listener;
    this.random = random;
    this.wallClockMillis = wallClockMillis;
    this.rules = rules;
  }

  /** Before {@link #start}: the recovery machine runs where {@code maker} puts it. */
  public void recoverBy(Recovery.Maker maker) {
    recoveryMaker = maker;
  }

  /** What a recovery that does not run in place wants; on the caller's thread. */
  public void onRecovery(RecoveryEffect effect, long now) {
    serially(() -> recovered(effect, now));
  }

  /**
   * Loads the vote and begins with a read of the register.
   *
   * @throws IOException if the vote cannot be read, is of another pool or member, or the disk holds
   *     none: such a disk never votes (rule 1.2)
   */
  public void start(long now) throws IOException {
    VoteKeeper.Loaded vote = keeper.load(pool, memberId);
    self = vote.accepted().indexOf(memberId);
    register =
        new RegisterMachine(
            pool, self, vote.promised(), vote.ballot(), vote.accepted(), random, rules);
    Bond with = new Bond(pool, self, memberId, random.nextLong(), rules, messenger);
    bond = with;
    with.noted(vote.keptOut());
    lastNow = now;
    voted();
    machine = new PoolMachine(pool, self, rules, random, leg.status(), now);
    machine.bars(i -> i == self ? with.notice(lastNow) : with.bar(i, lastNow));
    recovery = recoveryMaker.make(self, rules.unionFirst(), e -> onRecovery(e, lastNow));
    life = new LegMachine(self, leg.status().incarnation());
    serially(() -> pool(new PoolEvent.Tick(), now));
  }

  /** A message from another member. */
  public void onMessage(PoolMessage message, long now) {
    serially(() -> message(message, now));
  }

  private void message(PoolMessage message, long now) {
    int from = message.from();
    if (!message.pool().equals(pool) || from == self || from < 0 || from >= PoolView.MAX_MEMBERS) {
      return;
    }
    lastNow = now;
    PoolMessage body = bond().open(message, view(), now);
    if (bond().forgetful()) {
      register().muted();
      voted();
    }
    if (bond().leftBehind()) {
      keeper.keptOut(bond().keptOut(), self);
      register(register().leftBehind(now), now);
      voted();
      pool(new PoolEvent.Tick(), now);
    }
    if (body != null) {
      taken(body, now);
    }
  }

  private void taken(PoolMessage message, long now) {
    register(register().onMessage(message, now), now);
    if (!rules.chosenOnly() && message instanceof PoolMessage.Accept a) {
      pool(new PoolEvent.Message(new PoolMessage.Chosen(pool, a.from(), a.view())), now); // †19
      return;
    }
    pool(new PoolEvent.Message(message), now);
  }

  /** An edge of this node's data plane. */
  public void onEdge(LegEdge edge, long now) {
    serially(() -> edge(edge, now));
  }

  private void edge(LegEdge edge, long now) {
    if (edge instanceof LegEdge.Adopted a) {
      adopted = Math.max(adopted, a.generation());
      live(new LegEvent.Adopted(a.generation()));
    } else if (edge instanceof LegEdge.DiskFailed f) {
      live(new LegEvent.DiskFailed(f.reason()));
    } else if (edge instanceof LegEdge.Stopped) {
      live(new LegEvent.Stopped());
    } else if (edge instanceof LegEdge.Verified v) {
      errands.verified(v);
    }
    pool(new PoolEvent.Edge(edge), now);
    recover(new RecoveryEvent.Edge(edge), now);
  }

  /** To be called every 100 ms. */
  public void onTick(long now) {
    serially(() -> {
      if (keeper.retry(now)) {
        voted();
      }
      register(register().onTick(now), now);
      pool(new PoolEvent.Tick(), now);
      recover(new RecoveryEvent.Tick(), now);
    });
  }

  /** A port that answers at once, on this very call, must not meet a machine in mid-step. */
  private void serially(Runnable work) {
    works.add(work);
    if (running) {
      return;
    }
    running = true;
    try {
      for (Runnable next = works.poll(); next != null; next = works.poll()) {
        next.run();
      }
    } finally {
      running = false;
    }
  }

  /** Changes settings; answered when a chosen view has them, or after 10 s with the reason. */
  public void changePolicies(UnaryOperator<Policies> change, Answer answer, long now) {
    ask(token -> new PoolEvent.ChangePolicies(token, change), answer, now);
  }

  /**
   * The own leg begins a new lineage with those who answer now (rule 8.6); answered within 15 s.
   *
   * @param acceptDataLoss false: refused, with what would be lost
   */
  public void force(boolean acceptDataLoss, Answer answer, long now) {
    ask(token -> new PoolEvent.Force(token, acceptDataLoss), answer, now);
  }

  /**
   * The disk {@code id} takes the place of member {@code index}, whose own is gone (rule 1.2);
   * answered within 15 s.
   */
  public void replace(int index, UUID id, Answer answer, long now) {
    ask(token -> new PoolEvent.Replace(token, index, id), answer, now);
  }

  private void ask(LongFunction<PoolEvent> event, Answer answer, long now) {
    long token = errands.begin(answer);
    serially(() -> pool(event.apply(token), now));
  }

  /** From now on no client is admitted for ten seconds; who is the writer as far as is known. */
  public @Nullable Writer fence(long now) {
    machine().fence(now);
    PoolView view = view();
    return view == null ? null : view.writer();
  }

  /**
   * Compares all in-sync legs with this one (rule 5.6); the listener is called once.
   *
   * @param against the one member to compare with instead, whatever its state; -1: all in sync
   */
  public void verify(int against, Consumer<LegEdge.Verified> done, long now) {
    UUID request = new UUID(random.nextLong(), random.nextLong());
    boolean inSync = view() != null && life().life() instanceof LegLife.InSync;
    if (errands.begin(request, inSync, done)) {
      leg.order(new LegOrder.Verify(request, against));
    }
  }

  /** From now on this node proposes nothing; its leg is ordered to stop, its voter goes on. */
  public void stop(long now) {
    serially(() -> pool(new PoolEvent.Stop(), now));
    leg.order(new LegOrder.Stop());
  }

  /** This node's member index; -1 before {@link #start}. */
  public int self() {
    return self;
  }

  /** The newest chosen view known; null before the first register round. */
  public @Nullable PoolView view() {
    return machine().view();
  }

  /** Where the own leg's life stands. */
  public LegMachine life() {
    return Objects.requireNonNull(life, "not started");
  }

  /** A snapshot for the operator's API. */
  public PoolStatus status(long now) {
    return bond().shown(machine().status(now, keeper.problem()), machine().inside(), now);
  }

  private RegisterMachine register() {
    return Objects.requireNonNull(register, "not started");
  }

  private Bond bond() {
    return Objects.requireNonNull(bond, "not started");
  }

  private PoolMachine machine() {
    return Objects.requireNonNull(machine, "not started");
  }

  /** The published status lags behind the edges; what an edge said counts at once. */
  private LegStatus own() {
    LegStatus s = leg.status();
    return s.adoptedGeneration() >= adopted ? s : s.adopted(adopted);
  }

  private void live(LegEvent event) {
    boolean fine = life().violation().isEmpty();
    life().step(event);
    if (fine && !life().violation().isEmpty()) {
      listener.note("a rule was broken: " + life().violation());
    }
  }

  private void pool(PoolEvent event, long now) {
    PoolView vote = keeper.durable() && !bond().forgetful() ? register().accepted() : null;
    machine().votes(keeper.problem(), bond().keptOut(), bond().heardFrom());
    List<PoolEffect> effects = machine().step(event, own(), vote, now, wallClockMillis.getAsLong());
    for (PoolEffect e : effects) {
      switch (e) {
        case PoolEffect.Order o -> leg.order(o.order());
        case PoolEffect.Send s -> bond().send(s.to(), s.message());
        case PoolEffect.Fork f -> {
          listener.note("begins lineage " + f.first().lineage());
          register(register().fork(f.first(), now), now);
        }
        case PoolEffect.Read r -> register(register().read(now), now);
        case PoolEffect.Propose p -> {
          listener.note("proposes generation " + p.next().generation() + ": " + p.why());
          register(register().propose(p.expectedGeneration(), p.next(), now), now);
        }
        case PoolEffect.Learned l -> {
          register().learned(l.view());
          live(new LegEvent.Chosen(l.view()));
          listener.viewLearned(l.view());
          recover(new RecoveryEvent.Tick(), now);
        }
        case PoolEffect.AnswerChange a -> errands.answered(a);
      }
    }
  }

  private void recover(RecoveryEvent event, long now) {
    lastNow = now;
    Objects.requireNonNull(recovery).step(event, view(), own(), now);
  }

  private void recovered(RecoveryEffect effect, long now) {
    switch (effect) {
      case RecoveryEffect.Order o -> leg.order(o.order());
      case RecoveryEffect.Reconciled r -> pool(new PoolEvent.Reconciled(r.generation()), now);
    }
  }

  /** Does what the register wants; while a vote is not durable nothing leaves (rule 1.2). */
  private void register(List<RegisterEffect> effects, long now) {
    List<RegisterEffect.Outcome> done = new ArrayList<>();
    for (RegisterEffect e : effects) {
      switch (e) {
        case RegisterEffect.SaveVote v -> {
          if (keeper.save(v, now)) {
            voted(); // before the answer leaves (rule 5.4)
          }
        }
        case RegisterEffect.Send s -> {
          if (keeper.durable()) {
            bond().send(s.to(), s.message());
          }
        }
        // An outcome may rest on the own vote.
        case RegisterEffect.Done d ->
            done.add(keeper.durable() ? d.outcome() : new RegisterEffect.Outcome.Unknown(0));
      }
    }
    for (RegisterEffect.Outcome outcome : done) {
      pool(new PoolEvent.Registered(outcome), now);
    }
  }

  private void voted() {
    PoolView accepted = register().accepted();
    if (accepted != null) {
      bond().voted(accepted, register().voted());
      leg.accepted(
          bond().forgetful() || bond().keptOut() != null ? -1 : accepted.epoch(),
          rules.leaseNamesVoters() ? accepted.votersId() : LegDataPlane.ANY_VOTERS);
    }
  }
}
