package io.onehop.client;

import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.Policies;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.PoolView.Draft;
import io.onehop.protocol.model.Role;
import io.onehop.protocol.wire.AttachRequest;
import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import io.onehop.transport.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A pool of fake legs (the last member is a witness), an engine attached to it, and its events. */
final class FakePool implements VolumeListener {
  static final int STORE = 4 << 20;
  static final long MS = 1_000_000L;

  final TestLoop loop = new TestLoop();
  final FakeWire wire = new FakeWire(loop);
  final List<FakeLeg> legs = new ArrayList<>();
  final List<Integer> suspected = new ArrayList<>();

  /** What the client said of the only leg in sync. */
  final List<String> told = new ArrayList<>();

  final List<AttachRequest> attaches = new ArrayList<>();

  /** Of the attach requests: the epoch that the session held before. */
  final List<Long> heldEpochs = new ArrayList<>();

  final List<String> events = new ArrayList<>();
  final BufPool buffers = new BufPool(64 << 20);
  final VolumeEngine engine;
  PoolView view;

  /** Members that adopt every change by themselves. */
  int follow = ~0;

  int attachStatus = Status.OK;
  long relayed;
  @Nullable String waiting;

  FakePool(int dataLegs) {
    this(dataLegs, STORE, Policies.DEFAULT, ClientRules.ALL);
  }

  FakePool(int dataLegs, long size, Policies policies, ClientRules rules) {
    this(endpoints(dataLegs), size, policies, rules);
  }

  /** One whose client was started to take the pool over. */
  static FakePool takingOver(int dataLegs) {
    return new FakePool(endpoints(dataLegs), STORE, Policies.DEFAULT, ClientRules.ALL, true, 1);
  }

  private static List<Endpoint> endpoints(int dataLegs) {
    List<Endpoint> all = new ArrayList<>();
    for (int i = 0; i <= dataLegs; i++) {
      all.add(new Endpoint("node-" + i, 1000 + i));
    }
    return all;
  }

  FakePool(List<Endpoint> endpoints, long size, Policies policies, ClientRules rules) {
    this(endpoints, size, policies, rules, false, 1);
  }

  /** One whose client knows the first {@code servers} members. */
  static FakePool knowing(int servers, int dataLegs) {
    return new FakePool(
        endpoints(dataLegs), STORE, Policies.DEFAULT, ClientRules.ALL, false, servers);
  }

  @SuppressWarnings("this-escape")
  FakePool(
      List<Endpoint> endpoints,
      long size,
      Policies policies,
      ClientRules rules,
      boolean takeover,
      int servers) {
    int dataLegs = endpoints.size() - 1;
    List<Member> members = new ArrayList<>();
    for (int i = 0; i <= dataLegs; i++) {
      Endpoint at = endpoints.get(i);
      FakeLeg leg = new FakeLeg(this, i, at);
      legs.add(leg);
      wire.add(leg);
      boolean data = i < dataLegs;
      leg.incarnation = data ? leg.incarnation : 0;
      members.add(
          new Member(
              new UUID(1, i),
              "node-" + i,
              data ? Role.DATA : Role.WITNESS,
              at,
              data ? LegState.IN_SYNC : LegState.NONE,
              leg.incarnation,
              1,
              1,
              ""));
    }
    view =
        new PoolView(
            new UUID(9, 9),
            "p",
            size,
            4096,
            new UUID(8, 8),
            1,
            members,
            0,
            null,
            null,
            new Phase.Ready(),
            policies);
    for (FakeLeg l : legs) {
      l.adopted = view;
    }
    engine =
        new VolumeEngine(
            loop,
            loop::now,
            wire,
            new EngineSettings(
                "p",
                endpoints.subList(0, servers),
                new UUID(5, 5),
                "h",
                1,
                0,
                10_000,
                takeover,
                EngineSettings.DEFAULT_RESUME_NANOS),
            rules,
            this);
  }

  FakePool attached() {
    engine.start();
    wire.run();
    if (!events.contains("attached")) {
      throw new AssertionError("not attached: " + events);
    }
    return this;
  }

  /** A view change chosen by the pool; the followers adopt it at once. */
  void change(UnaryOperator<Draft> change) {
    view = view.next(change);
    for (FakeLeg l : legs) {
      if ((follow & 1 << l.index) != 0 && !l.down && !l.mute) {
        l.adopt(view);
      }
    }
  }

  void move(int leg, LegState to) {
    change(d ->
        d.member(
            leg, d.members().get(leg).moved(to, legs.get(leg).incarnation, d.generation(), "")));
  }

  /** Time passes; everything due happens, frames travel at once. */
  void advance(long nanos) {
    long end = loop.now() + nanos;
    wire.run();
    while (loop.runTimer(end)) {
      wire.run();
    }
  }

  /** A buffer full of {@code fill}. */
  Buf filled(int length, int fill) {
    Buf b = buffers.take(length);
    for (int i = 0; i < length; i++) {
      b.bytes().put(i, (byte) fill);
    }
    return b;
  }

  Outcome write(long offset, int length, int fill) {
    Outcome o = new Outcome();
    Buf b = filled(length, fill);
    engine.write(offset, length, b, 0, false, o);
    b.release();
    return o;
  }

  Outcome read(long offset, int length) {
    Outcome o = new Outcome();
    Buf b = buffers.take(length);
    o.data = b;
    engine.read(offset, length, b, 0, o);
    return o;
  }

  Outcome flush() {
    Outcome o = new Outcome();
    engine.flush(o);
    return o;
  }

  /** What became of one request; -1 = not answered. */
  static final class Outcome implements BlockDevice.Completion {
    int status = -1;
    @Nullable Buf data;

    @Override
    public void complete(int newStatus) {
      if (status != -1) {
        throw new AssertionError("completed twice");
      }
      status = newStatus;
    }

    int at(int i) {
      Buf b = data;
      return b == null ? -1 : b.bytes().get(i) & 0xff;
    }
  }

  @Override
  public void attached(PoolView v) {
    events.add("attached");
  }

  @Override
  public void suspended(String reason) {
    events.add("suspended");
  }

  @Override
  public void resumed(PoolView v) {
    events.add("resumed");
  }

  @Override
  public void waiting(@Nullable String reason) {
    waiting = reason;
  }

  @Override
  public void viewChanged(PoolView v) {
    events.add("view " + v.generation());
  }

  @Override
  public void detached() {
    events.add("detached");
  }

  @Override
  public void ended(String reason) {
    events.add("ended: " + reason);
  }
}
