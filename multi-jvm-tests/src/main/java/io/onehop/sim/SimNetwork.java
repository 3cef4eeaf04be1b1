package io.onehop.sim;

import io.onehop.transport.Transport;
import io.onehop.transport.memory.LinkPolicy;
import io.onehop.transport.memory.MemoryNetwork;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What stands between the machines: delays, cuts, lost connections and lost control messages.
 * Frames travel over the in-memory transport, control messages beside it, both under the same cuts.
 */
final class SimNetwork implements LinkPolicy {
  private final EventScheduler scheduler;
  private final SplittableRandom random;
  private final Mix mix;
  private final TapTransport.Tap tap;
  private final MemoryNetwork memory = new MemoryNetwork(this);
  private final Map<String, Integer> parties = new HashMap<>();
  private final Set<Integer> cuts = new HashSet<>();
  private final Set<Integer> held = new HashSet<>();
  private final Map<Integer, Long> slow = new HashMap<>();
  private boolean faulty = true;

  SimNetwork(EventScheduler scheduler, SplittableRandom random, Mix mix, TapTransport.Tap tap) {
    this.scheduler = scheduler;
    this.random = random;
    this.mix = mix;
    this.tap = tap;
  }

  /** Frames addressed to or coming from {@code name} belong to this machine. */
  void name(String name, int party) {
    parties.put(name, party);
  }

  /** The network as {@code process} sees it. */
  Transport join(SimProcess process) {
    name(process.name, process.party);
    return new TapTransport(memory.join(process.name, process.loop), process, tap);
  }

  void killed(SimProcess process) {
    memory.kill(process.name);
  }

  /** Every connection between two living processes breaks. */
  void disconnect(SimProcess a, SimProcess b) {
    memory.disconnect(a.name, b.name);
  }

  @Override
  public long delayNanos(String from, String to) {
    return delay() + (slow.isEmpty() ? 0 : slowness(parties.get(from)) + slowness(parties.get(to)));
  }

  private long slowness(@Nullable Integer party) {
    Long most = party == null ? null : slow.get(party);
    return most == null ? 0 : random.nextLong(most);
  }

  /** Everything to and from this machine takes up to {@code most} ns longer; 0 = as usual. */
  void slow(int party, long most) {
    if (most > 0) {
      slow.put(party, most);
    } else {
      slow.remove(party);
    }
  }

  private long delay() {
    long d = 1_000 + random.nextLong(mix.delayNanos());
    return faulty && random.nextInt(1000) < mix.slowPerMille() ? d * 50 : d;
  }

  @Override
  public boolean cut(String from, String to) {
    if (cuts.isEmpty() && held.isEmpty()) {
      return false;
    }
    Integer a = parties.get(from);
    Integer b = parties.get(to);
    return a != null && b != null && (cuts.contains(key(a, b)) || held.contains(key(a, b)));
  }

  private static int key(int from, int to) {
    return from << 16 | to;
  }

  /** Frames to the other machine wait, control messages do not; for scenarios. */
  void hold(int from, int to) {
    held.add(key(from, to));
  }

  /** What was held arrives. */
  void release(int from, int to) {
    held.remove(key(from, to));
  }

  /** Nothing gets from one machine to the other any more. */
  void cut(int from, int to) {
    cuts.add(key(from, to));
  }

  void heal(int from, int to) {
    cuts.remove(key(from, to));
  }

  /** The network is well from now on. */
  void healAll() {
    cuts.clear();
    held.clear();
    slow.clear();
    faulty = false;
  }

  boolean reaches(int from, int to) {
    return !cuts.contains(key(from, to));
  }

  /**
   * A control message: late, lost, overtaken by others.
   *
   * @param handling runs as a turn of {@code to}
   */
  void message(SimProcess from, @Nullable SimProcess to, Runnable handling) {
    if (to != null
        && reaches(from.party, to.party)
        && !(faulty && random.nextInt(1000) < mix.lossPerMille())) {
      scheduler.in(delayNanos(from.name, to.name), to.loop, handling);
    }
  }
}
