package io.onehop.transport.memory;

import io.onehop.protocol.model.Endpoint;
import io.onehop.transport.Buf;
import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.FrameCodec;
import io.onehop.transport.FrameFault;
import io.onehop.transport.FrameHeader;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One end of a simulated connection; what arrives at it waits in {@link #inbox}. */
final class MemoryConnection implements Connection {
  private enum State {
    CONNECTING,
    OPEN,
    CLOSED
  }

  private final MemoryNetwork network;
  private final MemoryNetwork.Node self;
  private final Supplier<ConnectionListener> listeners;
  private final String peerName;
  private final ArrayDeque<InFlight> inbox = new ArrayDeque<>();
  private final FrameHeader header = new FrameHeader();
  private final Runnable pump = this::pump;
  private State state = State.CONNECTING;
  private @Nullable ConnectionListener listener;
  private @Nullable MemoryConnection other;
  private long lastArrival;
  private long nextWake = Long.MAX_VALUE;
  private long queued;
  private long lastReceived;
  private boolean readPaused;
  private @Nullable Object attachment;

  MemoryConnection(
      MemoryNetwork network,
      MemoryNetwork.Node self,
      Supplier<ConnectionListener> listeners,
      String peerName) {
    this.network = network;
    this.self = self;
    this.listeners = listeners;
    this.peerName = peerName;
    this.lastReceived = self.loop.now();
    self.connections.add(this);
  }

  String peerName() {
    return peerName;
  }

  // ---- connecting

  void connect(Endpoint to) {
    listener = listeners.get();
    long deadline = self.loop.now() + MemoryNetwork.CONNECT_TIMEOUT_NANOS;
    long delay = network.policy().delayNanos(self.name, peerName);
    self.loop.schedule(delay, () -> knock(to, deadline));
  }

  private void knock(Endpoint to, long deadline) {
    if (self.dead || state != State.CONNECTING) {
      return;
    }
    if (cut(self.name, peerName) || cut(peerName, self.name)) {
      if (self.loop.now() >= deadline) {
        end("connect to " + to + " timed out");
      } else {
        self.loop.schedule(MemoryNetwork.RETRY_NANOS, () -> knock(to, deadline));
      }
      return;
    }
    MemoryListening door = network.at(to);
    if (door == null) {
      end("connect to " + to + ": Connection refused");
      return;
    }
    MemoryConnection far =
        new MemoryConnection(network, door.process(), door::newListener, self.name);
    other = far;
    far.other = this;
    far.arrive(new InFlight.Opened(far.arrival(0)));
    arrive(new InFlight.Opened(arrival(network.policy().delayNanos(peerName, self.name))));
  }

  private boolean cut(String from, String to) {
    return network.policy().cut(from, to);
  }

  // ---- what arrives

  /** When something sent now gets here: never before what was sent earlier. */
  private long arrival(long delay) {
    lastArrival = Math.max(lastArrival, self.loop.now() + delay);
    return lastArrival;
  }

  private void arrive(InFlight what) {
    inbox.add(what);
    wake(what.at() - self.loop.now());
  }

  /** Looks at the inbox after {@code delay}, or earlier. */
  void wake(long delay) {
    long at = self.loop.now() + Math.max(0, delay);
    // One pending look is enough: each look arranges the next.
    if (at < nextWake) {
      nextWake = at;
      self.loop.schedule(Math.max(0, delay), pump);
    }
  }

  private void pump() {
    if (self.loop.now() >= nextWake) {
      nextWake = Long.MAX_VALUE;
    }
    int frames = 0;
    while (!self.dead && !self.paused && !readPaused && state != State.CLOSED) {
      InFlight first = inbox.peek();
      if (first == null) {
        break;
      }
      long wait = first.at() - self.loop.now();
      if (wait > 0 || cut(peerName, self.name)) {
        wake(wait > 0 ? wait : MemoryNetwork.RETRY_NANOS);
        break;
      }
      inbox.remove();
      switch (first) {
        case InFlight.Opened _ -> opened();
        case InFlight.Closed(long _, String why) -> closedByOther(why);
        case InFlight.Frame frame -> {
          deliver(frame);
          frames++;
        }
      }
    }
    if (frames > 0 && !self.dead && listener != null) {
      listener.endOfBatch(this);
    }
  }

  private void opened() {
    state = State.OPEN;
    lastReceived = self.loop.now();
    if (listener == null) {
      listener = listeners.get();
    }
    listener.connected(this);
  }

  private void closedByOther(String why) {
    other = null;
    end(why);
  }

  private void deliver(InFlight.Frame frame) {
    FrameCodec codec = network.codec();
    ByteBuffer wire = network.scratch(frame.bytes());
    wire.put(frame.header().clear());
    if (frame.payload() != null) {
      ByteBuffer view = frame.payload().view(frame.from(), frame.length());
      wire.put(view);
      frame.payload().done(view);
    }
    wire.flip();
    FrameFault fault = codec.decode(wire, 0, header);
    if (fault == FrameFault.NONE && !codec.payloadIntact(wire, 0)) {
      throw new IllegalStateException(
          self.name + " <- " + peerName + ": a payload was changed between send and delivery");
    }
    if (fault != FrameFault.NONE) {
      throw new IllegalStateException(peerName + " sent a bad frame: " + fault.text());
    }
    sent(frame);
    frame.drop();
    lastReceived = self.loop.now();
    network.countDelivered();
    wire.position(FrameHeader.BYTES);
    if (listener != null) {
      listener.frame(this, header, wire);
    }
    wire.clear();
    // Whoever kept the slice beyond the call shall see that it was wrong.
    for (int i = FrameHeader.BYTES; i < frame.bytes(); i++) {
      wire.put(i, (byte) 0xDB);
    }
  }

  private void sent(InFlight.Frame frame) {
    if (other != null) {
      other.queued -= frame.bytes();
    }
  }

  // ---- the owner's side

  @Override
  public boolean send(FrameHeader h, @Nullable Buf payload, int from, int length) {
    if (state != State.OPEN) {
      return false;
    }
    if (length < 0 || length > FrameHeader.MAX_PAYLOAD || (payload == null && length != 0)) {
      throw new IllegalArgumentException("no frame has a payload of " + length + " bytes");
    }
    MemoryConnection far = other;
    if (far == null || far.self.dead || far.state == State.CLOSED) {
      // Nobody is there any more, and nobody has told yet.
      network.countLost(1);
      return true;
    }
    h.payloadBytes = length;
    Buf held = length > 0 && payload != null ? payload.retain() : null;
    int crc = held == null ? 0 : network.codec().checksum(held.bytes(), from, length);
    ByteBuffer head = FrameCodec.ordered(ByteBuffer.allocate(FrameHeader.BYTES));
    network.codec().encode(h, head, 0, crc);
    queued += FrameHeader.BYTES + length;
    long at = far.arrival(network.policy().delayNanos(self.name, peerName));
    far.arrive(new InFlight.Frame(at, head, held, from, length));
    return true;
  }

  @Override
  public long queuedBytes() {
    return queued;
  }

  @Override
  public void pauseReading(boolean pause) {
    readPaused = pause;
    if (!pause) {
      wake(0);
    }
  }

  @Override
  public long lastReceived() {
    return lastReceived;
  }

  @Override
  public String peer() {
    return peerName;
  }

  @Override
  public void close(String why) {
    MemoryConnection far = other;
    if (state != State.CLOSED && far != null) {
      // An orderly end is always told: a living kernel sends it after the frames.
      far.tellClosed(
          self.name + " closed the connection", network.policy().delayNanos(self.name, peerName));
    }
    end(why);
  }

  /** The process of this end was killed: what it sent and did not get there is lost. */
  void killed() {
    state = State.CLOSED;
    clearInbox();
    MemoryConnection far = other;
    if (far != null) {
      far.clearInbox();
      far.tellBroken();
    }
  }

  /** The network broke the connection: both ends will see it. */
  void broken() {
    MemoryConnection far = other;
    clearInbox();
    if (far != null) {
      far.clearInbox();
      far.tellBroken();
    }
    tellBroken();
  }

  private void tellBroken() {
    tellClosed(
        "connection to " + peerName + " broke",
        network.policy().closeDelayNanos(peerName, self.name));
  }

  private void tellClosed(String why, long delay) {
    // Whatever this end still sends goes nowhere.
    other = null;
    queued = 0;
    if (delay >= 0 && state != State.CLOSED) {
      arrive(new InFlight.Closed(arrival(delay), why));
    }
  }

  private void end(String why) {
    if (state == State.CLOSED) {
      return;
    }
    state = State.CLOSED;
    clearInbox();
    other = null;
    queued = 0;
    self.connections.remove(this);
    ConnectionListener told = listener;
    if (told != null) {
      self.loop.schedule(
          0,
          () -> {
            if (!self.dead) {
              told.closed(this, why);
            }
          });
    }
  }

  private void clearInbox() {
    for (InFlight lost = inbox.poll(); lost != null; lost = inbox.poll()) {
      if (lost instanceof InFlight.Frame frame) {
        network.countLost(1);
        sent(frame);
      }
      lost.drop();
    }
  }

  @Override
  public @Nullable Object attachment() {
    return attachment;
  }

  @Override
  public void attach(@Nullable Object o) {
    attachment = o;
  }
}
