package io.onehop.node.pool;

import io.onehop.node.leg.LegEdge;
import io.onehop.node.store.VoteStore;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.transport.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A whole pool's control plane in one thread: real members over a network, disks and a clock of its
 * own.
 */
final class PoolLab {
  static final long MS = 1_000_000L;

  /** Decides whether a message is lost. */
  interface Filter {
    boolean lost(int from, int to, PoolMessage message);
  }

  /** An answer to a client. */
  record Answer(int status, String text) {}

  private record Letter(long at, int from, int to, PoolMessage message) {}

  private static final class Disk implements VoteStore {
    VoteStore.@Nullable Vote vote;
    boolean broken;

    @Override
    public VoteStore.@Nullable Vote load() {
      return vote;
    }

    @Override
    public void save(VoteStore.Vote v) throws IOException {
      if (broken) {
        throw new IOException("no space left");
      }
      vote = v;
    }
  }

  final int size;
  final int legs;
  final @Nullable PoolMember[] members;
  final LabLeg[] planes;
  final List<String> notes = new ArrayList<>();
  final Map<Long, Answer> answers = new TreeMap<>();
  final TreeMap<Long, PoolView> history = new TreeMap<>();
  final int[] cut;
  final int[] dataCut;
  long now = 1_000_000 * MS;
  Filter filter = (f, t, m) -> false;

  /** The client: the session that sends frames, and the members that it does not reach (mask). */
  @Nullable UUID client;

  int clientCut;
  boolean clientReports = true;

  /** The disks' identities, by member index. */
  final UUID[] ids;

  private final Disk[] disks;
  private final ControlRules rules;
  private final List<Letter> mail = new ArrayList<>();
  private final Random random;
  private long runs = 200;
  private long tokens;

  PoolLab(int legs, ControlRules rules, long seed) {
    this(legs, 1, rules, seed);
  }

  PoolLab(int legs, int witnesses, ControlRules rules, long seed) {
    this.legs = legs;
    this.size = legs + witnesses;
    this.rules = rules;
    this.random = new Random(seed);
    members = new @Nullable PoolMember[size];
    planes = new LabLeg[size];
    disks = new Disk[size];
    ids = new UUID[size];
    cut = new int[size];
    dataCut = new int[size];
    PoolView first = Views.first(legs, witnesses);
    for (int i = 0; i < size; i++) {
      disks[i] = new Disk();
      ids[i] = Views.memberId(i);
      disks[i].vote = new VoteStore.Vote(256, 256, ViewCodec.encode(first));
      planes[i] = new LabLeg(this, i, i < legs ? 101 + i : 0);
      boot(i);
    }
  }

  private void boot(int i) {
    PoolMember m =
        new PoolMember(
            Views.POOL,
            ids[i],
            disks[i],
            planes[i],
            (to, message) -> post(i, to, message),
            new PoolMember.Listener() {
              @Override
              public void viewLearned(PoolView view) {
                PoolView before = history.putIfAbsent(view.generation(), view);
                boolean other = before != null && !before.lineage().equals(view.lineage());
                if (before != null && !other && !before.equals(view)) {
                  throw new AssertionError("two chosen views of " + view.generation());
                }
              }

              @Override
              public void note(String text) {
                notes.add((now / MS) + " " + i + ": " + text);
              }
            },
            new Random(random.nextLong()),
            () -> now / MS,
            rules);
    members[i] = m;
    try {
      m.start(now);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void kill(int i) {
    members[i] = null;
    mail.removeIf(l -> l.to() == i);
  }

  void restart(int i, boolean lostPower) {
    kill(i);
    planes[i] = new LabLeg(this, i, i < legs ? ++runs : 0);
    planes[i].lostPower = lostPower;
    boot(i);
  }

  /**
   * Another process finds an empty disk that was made for {@code id} while {@code v} was chosen.
   */
  void remake(int i, UUID id, PoolView v) {
    kill(i);
    ids[i] = id;
    PoolView named =
        v.next(d -> {
          Member m = d.members().get(i);
          return d.member(
              i,
              new Member(id, m.node(), m.role(), m.data(), m.state(), 0, m.since(), 0, m.reason()));
        });
    disks[i] = new Disk();
    disks[i].vote = new VoteStore.Vote(0, 0, ViewCodec.encode(named));
    planes[i] = new LabLeg(this, i, i < legs ? ++runs : 0);
    boot(i);
  }

  /** What is on its disk; put back by {@link #rollBack}. */
  VoteStore.@Nullable Vote image(int i) {
    return disks[i].vote;
  }

  /** Another process finds an old image of the disk. */
  void rollBack(int i, VoteStore.@Nullable Vote image) {
    kill(i);
    disks[i].vote = image;
    restart(i, false);
  }

  void breakDisk(int i, boolean broken) {
    disks[i].broken = broken;
  }

  boolean up(int i) {
    return members[i] != null;
  }

  private void post(int from, int to, PoolMessage message) {
    if (up(to) && (cut[from] & 1 << to) == 0 && !filter.lost(from, to, PoolMessage.body(message))) {
      mail.add(new Letter(now + MS + random.nextInt(3) * MS, from, to, message));
    }
  }

  /** Cuts or mends control and data between two members. */
  void cut(int a, int b, boolean isCut) {
    for (int[] c : List.of(cut, dataCut)) {
      c[a] = isCut ? c[a] | 1 << b : c[a] & ~(1 << b);
      c[b] = isCut ? c[b] | 1 << a : c[b] & ~(1 << a);
    }
  }

  /** Members that the client reaches (mask). */
  int clientHears() {
    int mask = 0;
    for (int j = 0; client != null && j < size; j++) {
      mask |= up(j) && (clientCut & 1 << j) == 0 ? 1 << j : 0;
    }
    return mask;
  }

  int links(int self) {
    int mask = 0;
    for (int j = 0; j < legs; j++) {
      if (j != self && up(j) && (dataCut[self] & 1 << j) == 0) {
        mask |= 1 << j;
      }
    }
    return mask;
  }

  boolean allAt(int self, int mask, long generation) {
    for (int j = 0; j < size; j++) {
      if ((mask & 1 << j) != 0) {
        PoolView v = planes[j].adopted;
        if (!up(j) || (links(self) & 1 << j) == 0 || v == null || v.generation() != generation) {
          return false;
        }
      }
    }
    return true;
  }

  boolean answered(long token, int status, String text) {
    answers.put(token, new Answer(status, text));
    return true;
  }

  long attach(int node, UUID session) {
    long token = ++tokens;
    edge(node, new LegEdge.AttachAsked(token, session, "host-x", 4711, false, 0));
    return token;
  }

  long takeOver(int node, UUID session) {
    return ask(node, t -> new LegEdge.AttachAsked(t, session, "host-y", 4712, true, 0));
  }

  long resume(int node, UUID session, long heldEpoch) {
    return ask(node, t -> new LegEdge.AttachAsked(t, session, "host-x", 4711, false, heldEpoch));
  }

  long ask(int node, java.util.function.LongFunction<LegEdge> edge) {
    long token = ++tokens;
    edge(node, edge.apply(token));
    return token;
  }

  void edge(int node, LegEdge edge) {
    planes[node].edges.add(edge);
  }

  /** Asks until it is admitted, as a client does; says whether it was in that time. */
  boolean admitted(LongSupplier ask, long millis) {
    long[] token = {ask.getAsLong()};
    return until(
        () -> {
          Answer a = answers.get(token[0]);
          if (a != null && a.status() == Status.AGAIN) {
            token[0] = ask.getAsLong();
          }
          return a != null && a.status() == Status.OK;
        },
        millis);
  }

  /** The answer to this question, waited for. */
  Answer answer(long token) {
    if (!until(() -> answers.containsKey(token), 6_000)) {
      throw new AssertionError("no answer: " + notes);
    }
    return java.util.Objects.requireNonNull(answers.get(token));
  }

  /** Ready, all legs in sync under their living runs, the newest view adopted by all. */
  boolean whole() {
    PoolView v = view();
    for (int i = 0; i < legs; i++) {
      if (v.members().get(i).incarnation() != planes[i].incarnation
          || !v.equals(planes[i].adopted)) {
        return false;
      }
    }
    return v.ready() && Integer.bitCount(v.inSyncSet()) == legs;
  }

  /** The newest view that any node learned. */
  PoolView view() {
    return history.lastEntry().getValue();
  }

  LegState state(int i) {
    return view().members().get(i).state();
  }

  void run(long millis) {
    until(() -> false, millis);
  }

  /** Runs until it holds; false if that took longer. */
  boolean until(BooleanSupplier holds, long millis) {
    long end = now + millis * MS;
    while (now < end) {
      if (holds.getAsBoolean()) {
        return true;
      }
      now += MS;
      step();
    }
    return holds.getAsBoolean();
  }

  private void step() {
    long ms = now / MS;
    if (ms % 500 == 0) {
      beat();
    }
    List<Letter> due = new ArrayList<>();
    mail.removeIf(l -> l.at() <= now && due.add(l));
    for (Letter l : due) {
      PoolMember m = members[l.to()];
      if (m != null) {
        m.onMessage(l.message(), now);
      }
    }
    for (int i = 0; i < size; i++) {
      PoolMember m = members[i];
      if (m == null) {
        continue;
      }
      planes[i].work();
      List<LegEdge> edges = new ArrayList<>(planes[i].edges);
      planes[i].edges.clear();
      for (LegEdge e : edges) {
        m.onEdge(e, now);
      }
      if (ms % 100 == i * 7L % 100) {
        m.onTick(now);
      }
    }
  }

  /** The client's heartbeat, and its reports of legs that it does not reach. */
  private void beat() {
    UUID session = client;
    PoolView newest = history.isEmpty() ? null : view();
    if (session == null || newest == null) {
      return;
    }
    int silent = 0;
    for (int i = 0; i < size; i++) {
      if (up(i) && (clientCut & 1 << i) == 0) {
        planes[i].session = session;
        planes[i].lastFrame = now;
      } else if (newest.members().get(i).state().inWriteSet()) {
        silent |= 1 << i;
      }
    }
    Writer w = newest.writer();
    if (!clientReports || w == null || !w.session().equals(session)) {
      return;
    }
    for (int s = 0; s < size; s++) {
      if ((silent & 1 << s) != 0) {
        suspect(s, w.epoch(), newest.generation());
      }
    }
  }

  void suspect(int member, long epoch, long generation) {
    UUID session = java.util.Objects.requireNonNull(client);
    for (int i = 0; i < legs; i++) {
      if (up(i) && (clientCut & 1 << i) == 0 && state(i) == LegState.IN_SYNC) {
        edge(i, new LegEdge.Suspected(session, epoch, member, generation, "no answer"));
      }
    }
  }
}
