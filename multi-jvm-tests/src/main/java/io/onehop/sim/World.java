package io.onehop.sim;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.pool.PoolMessage;
import io.onehop.node.store.Superblock;
import io.onehop.node.store.VoteStore;
import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.transport.BufPool;
import io.onehop.transport.FrameHeader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** One pool, its clients, and everything around them. */
final class World implements SimPlatter.Watcher, TapTransport.Tap {
  /** Name of the pool. */
  static final String NAME = "pool";

  /** The machines never lose power: one boot id for all runs. */
  static final UUID BOOT = new UUID(1, 1);

  /** Waits for a moment; may kill the process whose turn it is by throwing {@link SimKilled}. */
  interface Trap {
    /** {@code to} is about to get a frame. */
    default void delivered(SimProcess to, FrameHeader header) {}

    /** A leg's data plane told something. */
    default void edge(SimNode node, LegEdge edge) {}

    /** A client's write was stored by a leg. */
    default void stored(SimNode node) {}
  }

  final Mix mix;

  /** How many legs, witnesses and clients there are. */
  final Shape shape;

  final Rules rules;
  final SplittableRandom random;
  final EventScheduler scheduler;
  final BufPool bufs;
  final SimNetwork network;
  final UUID pool;
  final SimNode[] nodes;
  final Chosen chosen;
  final Judge judge;
  final SituationWatch situations;
  final Clients clients;
  private final List<Trap> traps = new ArrayList<>();
  private final @Nullable List<String> story;

  /** Whether some disk has failed somehow: then legs may end by themselves and reads may fail. */
  boolean mediaFaults;

  /** Control messages sent. */
  long messages;

  /** Frames delivered. */
  long frames;

  /**
   * @param bufs buffers, shared by all processes: one thread runs them all
   * @param story gets one line per event worth telling, or null
   */
  World(long seed, Mix mix, Rules rules, BufPool bufs, @Nullable List<String> story) {
    this.mix = mix;
    this.shape = mix.shape();
    this.nodes = new SimNode[shape.nodes()];
    this.rules = rules;
    this.bufs = bufs;
    this.story = story;
    this.random = new SplittableRandom(seed);
    this.scheduler = new EventScheduler(random.split());
    this.network = new SimNetwork(scheduler, random.split(), mix, this);
    this.pool = uuid();
    this.judge = new Judge(this);
    this.situations = new SituationWatch(this);
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < nodes.length; i++) {
      boolean leg = shape.isLeg(i);
      Endpoint at = new Endpoint(shape.name(i), 7000);
      network.name(at.toString(), i);
      members.add(
          new Member(
              uuid(),
              shape.name(i),
              leg ? Role.DATA : Role.WITNESS,
              at,
              leg ? LegState.IN_SYNC : LegState.NONE,
              0,
              leg ? 1 : 0,
              leg ? 1 : 0,
              ""));
    }
    PoolView first =
        new PoolView(
            pool,
            NAME,
            mix.blocks() * SimDisk.BLOCK,
            PoolView.BLOCK_SIZE,
            uuid(),
            1,
            members,
            0,
            null,
            null,
            new Phase.Ready(),
            mix.policies());
    this.chosen = new Chosen(first);
    chosen.lineage().begins(new History(mix.blocks()));
    for (int i = 0; i < nodes.length; i++) {
      Member m = members.get(i);
      nodes[i] = new SimNode(this, i, m.node(), m.data(), disk(first, i, 1 << 8, 1));
    }
    this.clients = new Clients(this);
  }

  /**
   * An empty disk for a member of {@code v}.
   *
   * @param ballot under which it has accepted {@code v}; 0 if it was only told who votes
   * @param lastInSync generation that named it in sync, 0 for none
   */
  SimPlatter disk(PoolView v, int index, long ballot, long lastInSync) {
    UUID id = v.members().get(index).id();
    Superblock blank =
        new Superblock(
            v.pool(),
            v.name(),
            id,
            v.lineage(),
            v.sizeBytes(),
            0,
            lastInSync,
            0,
            BOOT,
            true,
            false,
            "");
    SimPlatter p = new SimPlatter(index, mix.blocks(), mix.policies().window(), blank, this);
    p.vote = new VoteStore.Vote(ballot, ballot, ViewCodec.encode(v));
    p.accepted = v;
    return p;
  }

  /** Something of what was written and read, over all lineages. */
  long total(ToLongFunction<History> what) {
    long sum = 0;
    for (Lineage l : chosen.lineages()) {
      History h = l.history();
      sum += h == null ? 0 : what.applyAsLong(h);
    }
    return sum;
  }

  /** What was written and read in the newest lineage that serves. */
  History history() {
    for (int i = chosen.lineages().size() - 1; i > 0; i--) {
      History h = chosen.lineages().get(i).history();
      if (h != null) {
        return h;
      }
    }
    return Objects.requireNonNull(chosen.lineages().getFirst().history());
  }

  UUID uuid() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  /** Starts the nodes and a client. */
  void begin() {
    beginNodes();
    clients.spawn(false);
  }

  /** Starts the nodes. */
  void beginNodes() {
    for (SimNode n : nodes) {
      n.start();
    }
  }

  /** Runs one event and judges what it did; false if nothing happens up to {@code until}. */
  boolean step(long until) {
    boolean stepped = scheduler.step(until);
    judge.afterEvent();
    return stepped;
  }

  void trap(Trap trap) {
    traps.add(trap);
  }

  void untrap(Trap trap) {
    traps.remove(trap);
  }

  void untrapAll() {
    traps.clear();
  }

  // ---- the story

  boolean telling() {
    return story != null;
  }

  void say(String line) {
    if (story != null) {
      story.add("%10.3f ms  %s".formatted((scheduler.now() - 1_000_000_000L) / 1e6, line));
    }
  }

  // ---- what the nodes do

  void order(SimNode n, LegOrder order) {
    if (telling()) {
      say(n.name + " is ordered: " + Story.of(order));
    }
    if (order instanceof LegOrder.Adopt(PoolView v) && shape.isLeg(n.index)) {
      situations.newerView(n.index, v.generation());
    }
  }

  void edge(SimNode n, LegEdge e) {
    if (telling()) {
      say(n.name + " tells: " + e);
    }
    situations.edge(n.index, e);
    for (Trap t : List.copyOf(traps)) {
      t.edge(n, e);
    }
  }

  void message(SimNode from, SimNode to, PoolMessage message) {
    if (telling() && Story.worthTelling(message)) {
      say(to.name + " gets from " + from.name + ": " + Story.of(message));
    }
  }

  void learned(SimNode n, PoolView view) {
    if (telling()) {
      say(n.name + " learns: " + Story.of(view));
    }
    judge.learned(n.name, view);
    situations.learned(view.generation());
  }

  void nodeDied(SimNode n) {
    situations.nodeDied(n.index);
  }

  // ---- what the disks tell

  @Override
  public void touched(int block) {
    judge.touched(block);
  }

  @Override
  public void admitted(SimPlatter p, SimLog.Entry entry) {
    if (telling()) {
      say(nodes[p.index].name + " admits " + entry);
    }
    judge.admitted(p, entry);
  }

  @Override
  public long expected(SimPlatter p, SimLog.Entry entry) {
    return judge.expected(p, entry);
  }

  @Override
  public void stored(SimPlatter p, int block, long before, long after, boolean client) {
    if (telling()) {
      say(
          "%s stores %s in block %d (was %s)%s"
              .formatted(
                  nodes[p.index].name,
                  History.text(after),
                  block,
                  History.text(before),
                  client ? "" : ", healing"));
    }
    judge.stored(p, block, before, after, client);
    if (client && !traps.isEmpty()) {
      for (Trap t : List.copyOf(traps)) {
        t.stored(nodes[p.index]);
      }
    }
  }

  @Override
  public void saved(SimPlatter p, Superblock before, Superblock after) {
    if (after.adoptedGeneration() != before.adoptedGeneration()) {
      if (telling()) {
        say(nodes[p.index].name + " adopts view " + after.adoptedGeneration());
      }
      p.refill();
      situations.learned(after.adoptedGeneration());
    }
    judge.saved(p, before, after);
    situations.saved(before, after);
  }

  @Override
  public void voted(SimPlatter p, VoteStore.Vote vote) {
    PoolView v = judge.voted(p, vote);
    if (v != null && telling()) {
      say("chosen: " + Story.of(v));
    }
  }

  @Override
  public void unreadable(SimPlatter p) {
    if (chosen.newest().members().get(p.index).state() == LegState.IN_SYNC) {
      situations.count(Situation.MEDIA_ERROR);
    }
  }

  @Override
  public void misused(SimPlatter p, String what) {
    throw new Violation("disk-port", "leg " + nodes[p.index].name + ": " + what);
  }

  // ---- what the network tells

  @Override
  public void sent(SimProcess from, String to, FrameHeader h) {
    situations.sent(from.party, h);
  }

  @Override
  public void delivered(SimProcess to, String from, FrameHeader h, ByteBuffer payload) {
    frames++;
    if (telling() && Story.worthTelling(h)) {
      say(to.name + " gets from " + from + ": " + Story.of(h));
    }
    situations.delivered(to, h);
    if (shape.isLeg(to.party)) {
      judge.requested(to.party, h, payload);
    }
    if (!traps.isEmpty()) {
      for (Trap t : List.copyOf(traps)) {
        t.delivered(to, h);
      }
    }
  }
}
