package io.onehop.sim;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Faults of the network: cuts between any two parties, one way or both, whole partitions. */
final class NetworkFaults {
  private final World world;
  private final FaultDriver driver;

  NetworkFaults(World world, FaultDriver driver) {
    this.world = world;
    this.driver = driver;
  }

  private @Nullable SimProcess client() {
    SimClient c = world.clients.present();
    return c == null ? null : c.process;
  }

  /** Some node but this one; the client if there is none. */
  private int other(Fault f) {
    int n = world.nodes.length;
    SimProcess c = client();
    if (n == 1) {
      return c == null ? Clients.FIRST_PARTY : c.party;
    }
    return (f.party() + 1 + f.other() % (n - 1)) % n;
  }

  void cut(Fault f) {
    boolean both = f.kind() == Fault.Kind.CUT;
    if (!both) {
      world.situations.count(Situation.ONE_WAY_CUT);
    }
    cut(f.party(), other(f), both, f.lasts());
  }

  /** This leg and another one. */
  void cutLegs(Fault f) {
    int legs = world.shape.legs();
    if (legs > 1) {
      int other = (f.party() + 1 + (int) (f.lasts() % (legs - 1))) % legs;
      cut(f.party(), other, f.at() % 2 == 0, f.lasts());
    }
  }

  private void cut(int a, int b, boolean both, long lasts) {
    world.network.cut(a, b);
    if (both) {
      world.network.cut(b, a);
    }
    driver.later(
        lasts,
        () -> {
          world.network.heal(a, b);
          world.network.heal(b, a);
        });
  }

  /** What the node answers to the client is held up from now on. */
  void cutAnswers(SimNode n, Fault f) {
    SimProcess c = client();
    if (c != null) {
      cut(n.index, c.party, f.at() % 2 == 0, f.lasts());
    }
  }

  /** All witnesses are cut off from everybody. */
  void cutWitnesses(Fault f) {
    for (int w = world.shape.legs(); w < world.nodes.length; w++) {
      for (int i = 0; i < world.shape.legs(); i++) {
        cut(w, i, (f.other() & 3) != 0, f.lasts());
      }
      for (SimClient c : world.clients.living()) {
        cut(w, c.process.party, true, f.lasts());
      }
    }
  }

  /** Two sides that do not reach each other; sometimes a new client on the one without a client. */
  void partition(Fault f) {
    world.situations.count(Situation.PARTITION);
    List<Integer> parties = new ArrayList<>();
    for (int i = 0; i < world.nodes.length; i++) {
      parties.add(i);
    }
    for (SimClient c : world.clients.living()) {
      parties.add(c.process.party);
    }
    int side = f.other();
    if ((f.other() & 1 << 20) != 0) {
      SimClient c = world.clients.compete((f.other() & 1 << 21) != 0);
      if (c != null) {
        parties.add(c.process.party);
      }
    }
    for (int i = 0; i < parties.size(); i++) {
      for (int j = i + 1; j < parties.size(); j++) {
        if (((side >> i) & 1) != ((side >> j) & 1)) {
          cut(parties.get(i), parties.get(j), true, f.lasts());
        }
      }
    }
  }

  /** A leg and the client on one side, everybody else and a new client on the other. */
  void isolate(SimNode n, Fault f) {
    SimProcess c = client();
    if (c == null) {
      return;
    }
    for (int i = 0; i < world.nodes.length; i++) {
      if (i != n.index) {
        cut(n.index, i, true, f.lasts());
        cut(c.party, i, true, f.lasts());
      }
    }
    SimClient other = world.clients.compete(f.other() % 4 == 0);
    if (other != null) {
      cut(other.process.party, n.index, true, f.lasts());
    }
  }

  void disconnect(Fault f) {
    int other = other(f);
    disconnect(
        world.nodes[f.party()].process(),
        other < world.nodes.length ? world.nodes[other].process() : client());
  }

  void disconnectClient(SimNode n) {
    disconnect(n.process(), client());
  }

  private void disconnect(@Nullable SimProcess a, @Nullable SimProcess b) {
    if (a != null && b != null) {
      world.network.disconnect(a, b);
    }
  }

  void cutClient(Fault f) {
    SimProcess c = client();
    if (c == null) {
      return;
    }
    boolean all = f.at() % 3 == 0;
    boolean both = f.at() % 2 == 0;
    if (!both) {
      world.situations.count(Situation.ONE_WAY_CUT);
    }
    for (int i = 0; i < world.nodes.length; i++) {
      if (all || i == f.party()) {
        cut(c.party, i, both, f.lasts());
      }
    }
    if (all && f.at() % 4 < 2) {
      world.clients.compete(f.other() % 2 == 0);
    }
  }
}
