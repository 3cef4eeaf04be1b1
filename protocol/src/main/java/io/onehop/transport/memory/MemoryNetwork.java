package io.onehop.transport.memory;

import io.onehop.protocol.model.Endpoint;
import io.onehop.transport.FrameCodec;
import io.onehop.transport.Loop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All processes and links of a simulated network. Everything happens in tasks that it schedules on
 * the loops of the processes; all these loops must be driven by one thread, on which every method
 * is called.
 */
public final class MemoryNetwork {
  /** How long a connect waits for an answer. */
  public static final long CONNECT_TIMEOUT_NANOS = 2_000_000_000L;

  /** How often what is held up by a cut is tried again, as TCP would. */
  static final long RETRY_NANOS = 10_000_000;

  private final LinkPolicy policy;
  private final Map<String, Node> processes = new HashMap<>();
  private final Map<Endpoint, MemoryListening> listening = new HashMap<>();
  private final Map<Endpoint, String> owners = new HashMap<>();
  private final FrameCodec codec = new FrameCodec();
  private ByteBuffer scratch = FrameCodec.ordered(ByteBuffer.allocateDirect(64 << 10));
  private int nextPort = 30_000;
  private long delivered;
  private long lost;

  /** A network without processes. */
  public MemoryNetwork(LinkPolicy policy) {
    this.policy = policy;
  }

  /** One run of a process; a restarted one is another. */
  static final class Node {
    final String name;
    final Loop loop;
    // In order of creation: what is done to all of them must not depend on hash codes.
    final Set<MemoryConnection> connections = new LinkedHashSet<>();
    boolean dead;
    boolean paused;

    Node(String name, Loop loop) {
      this.name = name;
      this.loop = loop;
    }
  }

  /**
   * A process joins, under a name that no living process has.
   *
   * @param loop schedules everything that is delivered to it
   */
  public MemoryTransport join(String name, Loop loop) {
    Node old = processes.get(name);
    if (old != null && !old.dead) {
      throw new IllegalStateException("a process named " + name + " is running");
    }
    Node p = new Node(name, loop);
    processes.put(name, p);
    return new MemoryTransport(this, p);
  }

  /**
   * Kills a process: its listeners hear nothing more, frames in flight from and to it are lost,
   * nothing listens at its addresses; its peers see {@code closed} as the policy says.
   */
  public void kill(String name) {
    Node p = process(name);
    p.dead = true;
    listening.values().removeIf(l -> l.process() == p);
    for (MemoryConnection c : new ArrayList<>(p.connections)) {
      c.killed();
    }
    p.connections.clear();
  }

  /** Stops delivering anything to a process (SIGSTOP); its loop is the caller's to stop. */
  public void pause(String name) {
    process(name).paused = true;
  }

  /** Delivers again, everything that came meanwhile first. */
  public void resume(String name) {
    Node p = process(name);
    p.paused = false;
    for (MemoryConnection c : new ArrayList<>(p.connections)) {
      c.wake(0);
    }
  }

  /** Breaks every connection between two processes; both sides see it as the policy says. */
  public void disconnect(String a, String b) {
    for (MemoryConnection c : new ArrayList<>(process(a).connections)) {
      if (c.peerName().equals(b)) {
        c.broken();
      }
    }
  }

  /** Frames delivered so far. */
  public long delivered() {
    return delivered;
  }

  /** Frames that died with their connection. */
  public long lost() {
    return lost;
  }

  void countDelivered() {
    delivered++;
  }

  void countLost(int frames) {
    lost += frames;
  }

  LinkPolicy policy() {
    return policy;
  }

  private Node process(String name) {
    Node p = processes.get(name);
    if (p == null) {
      throw new IllegalArgumentException("no process named " + name);
    }
    return p;
  }

  @Nullable MemoryListening at(Endpoint endpoint) {
    return listening.get(endpoint);
  }

  /** Name of the process that listens or last listened there: the far end of the link to it. */
  String owner(Endpoint endpoint) {
    return owners.getOrDefault(endpoint, endpoint.toString());
  }

  FrameCodec codec() {
    return codec;
  }

  /** Where a frame is put together for its delivery; there is one delivery at a time. */
  ByteBuffer scratch(int bytes) {
    if (scratch.capacity() < bytes) {
      int capacity = Integer.highestOneBit(bytes - 1) << 1;
      scratch = FrameCodec.ordered(ByteBuffer.allocateDirect(capacity));
    }
    return scratch.clear();
  }

  Endpoint bind(MemoryListening l, Endpoint wanted) throws IOException {
    Endpoint at = wanted.port() == 0 ? new Endpoint(wanted.host(), nextPort++) : wanted;
    if (listening.putIfAbsent(at, l) != null) {
      throw new IOException("cannot listen on " + at + ": Address already in use");
    }
    owners.put(at, l.process().name);
    return at;
  }

  void unbind(MemoryListening l, Endpoint at) {
    listening.remove(at, l);
  }
}
