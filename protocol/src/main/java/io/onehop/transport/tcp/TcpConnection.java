package io.onehop.transport.tcp;

import io.onehop.transport.Buf;
import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.Loop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** One TCP connection: its socket's life, what is queued for it, and its {@link FrameReader}. */
final class TcpConnection implements Connection, ChannelHandler {
  private enum State {
    CONNECTING,
    OPEN,
    CLOSED
  }

  /** A turn that sends more than this does not wait for its end. */
  private static final int EARLY_BYTES = 128 << 10;

  private final TcpTransport transport;
  private final DataLoop loop;
  private final TcpCounters counters;
  private final ConnectionListener listener;
  private final SendQueue out;
  private final FrameReader in;
  private final Runnable resume = this::resume;
  private State state = State.CONNECTING;
  private @Nullable SocketChannel channel;
  private @Nullable SelectionKey key;
  private Loop.@Nullable Timer timeout;
  private InetAddress[] addresses = {};
  private int nextAddress;
  private int port;
  private String lastError = "no address";
  private String peer;
  private String why = "";
  private boolean dirty;
  private boolean writeBlocked;
  private boolean paused;
  private long lastReceived;
  private @Nullable Object attachment;

  TcpConnection(TcpTransport transport, ConnectionListener listener, String peer) {
    this.transport = transport;
    this.loop = transport.loop();
    this.counters = transport.counters();
    this.listener = listener;
    this.peer = peer;
    this.in = new FrameReader(this, transport, listener);
    this.out =
        new SendQueue(transport.buffers(), in.codec(), transport.options().payloadChecksums());
    this.lastReceived = loop.now();
  }

  // ---- connecting

  void startTimeout() {
    timeout =
        loop.schedule(
            transport.options().connectTimeoutNanos(),
            () -> connectFailed("connect to " + peer + " timed out"));
  }

  void connectTo(InetAddress[] all, int toPort) {
    addresses = all;
    port = toPort;
    tryNextAddress();
  }

  /** A name may have several addresses (localhost: v6 and v4), of which any may be refused. */
  private void tryNextAddress() {
    while (state == State.CONNECTING && nextAddress < addresses.length) {
      InetSocketAddress to = new InetSocketAddress(addresses[nextAddress++], port);
      try {
        SocketChannel ch = SocketChannel.open();
        channel = ch;
        prepare(ch);
        boolean done = ch.connect(to);
        key = loop.register(ch, SelectionKey.OP_CONNECT, this);
        if (done) {
          loop.execute(this::opened);
        }
        return;
      } catch (IOException e) {
        lastError = String.valueOf(e.getMessage());
        closeChannel();
      }
    }
    if (state == State.CONNECTING) {
      connectFailed("connect to " + peer + ": " + lastError);
    }
  }

  void connectFailed(String reason) {
    if (state == State.CONNECTING) {
      counters.connectErrors++;
      end(reason);
    }
  }

  private void finishConnect(SocketChannel ch) {
    try {
      if (ch.finishConnect()) {
        opened();
      }
    } catch (IOException e) {
      lastError = String.valueOf(e.getMessage());
      closeChannel();
      tryNextAddress();
    }
  }

  void accepted(SocketChannel ch) {
    channel = ch;
    try {
      prepare(ch);
      key = loop.register(ch, 0, this);
      opened();
    } catch (IOException e) {
      end("accepted connection: " + e.getMessage());
    }
  }

  private void prepare(SocketChannel ch) throws IOException {
    ch.configureBlocking(false);
    ch.setOption(StandardSocketOptions.TCP_NODELAY, true);
    int size = transport.options().socketBufferBytes();
    if (size > 0) {
      ch.setOption(StandardSocketOptions.SO_SNDBUF, size);
      ch.setOption(StandardSocketOptions.SO_RCVBUF, size);
    }
  }

  private void opened() {
    SocketChannel ch = channel;
    if (state != State.CONNECTING || ch == null) {
      return;
    }
    if (timeout != null) {
      timeout.cancel();
      counters.connected++;
    }
    state = State.OPEN;
    lastReceived = loop.now();
    try {
      if (ch.getRemoteAddress() instanceof InetSocketAddress a) {
        peer = a.getAddress().getHostAddress() + ":" + a.getPort();
      }
    } catch (IOException e) {
      // Already gone; the first read says so.
    }
    updateInterest();
    listener.connected(this);
  }

  // ---- the selector's side

  @Override
  public void ready(SelectionKey ready) {
    SocketChannel ch = channel;
    if (ch == null) {
      return;
    }
    if (state == State.CONNECTING) {
      finishConnect(ch);
      return;
    }
    if (ready.isWritable()) {
      writeBlocked = false;
      flush();
    }
    if (state == State.OPEN && ready.isValid() && ready.isReadable()) {
      read(ch);
    }
  }

  private void read(SocketChannel ch) {
    int n;
    try {
      n = in.read(ch);
    } catch (IOException e) {
      end("connection to " + peer + " broke: " + e.getMessage());
      return;
    }
    counters.reads++;
    if (n < 0) {
      end(peer + (in.midFrame() ? " died in the middle of a frame" : " closed the connection"));
      return;
    }
    if (n > 0) {
      counters.bytesIn += n;
      lastReceived = loop.now();
      in.deliver();
    }
  }

  private void updateInterest() {
    if (key != null && key.isValid()) {
      int ops = (paused ? 0 : SelectionKey.OP_READ) | (writeBlocked ? SelectionKey.OP_WRITE : 0);
      if (key.interestOps() != ops) {
        key.interestOps(ops);
      }
    }
  }

  void flushAtEndOfTurn() {
    dirty = false;
    if (state == State.OPEN && !writeBlocked) {
      flush();
    }
  }

  private void flush() {
    SocketChannel ch = channel;
    if (ch == null) {
      return;
    }
    long before = out.queuedBytes();
    try {
      while (!out.isEmpty()) {
        counters.writes++;
        if (!out.write(ch)) {
          writeBlocked = true;
          break;
        }
      }
    } catch (IOException e) {
      end("connection to " + peer + " broke: " + e.getMessage());
      return;
    } finally {
      counters.bytesOut += before - out.queuedBytes();
    }
    updateInterest();
  }

  // ---- the owner's side

  @Override
  public boolean send(FrameHeader header, @Nullable Buf payload, int from, int length) {
    if (state != State.OPEN) {
      return false;
    }
    if (length < 0 || length > FrameHeader.MAX_PAYLOAD || (payload == null && length != 0)) {
      throw new IllegalArgumentException("no frame has a payload of " + length + " bytes");
    }
    out.add(header, payload, from, length);
    counters.framesOut++;
    if (out.queuedBytes() > transport.options().maxQueuedBytes()) {
      counters.overflows++;
      end(peer + " does not take what is sent: " + out.queuedBytes() + " bytes are queued");
      return false;
    }
    if (!writeBlocked && out.queuedBytes() >= EARLY_BYTES) {
      // Lets the other side begin while this turn goes on.
      flush();
      return state == State.OPEN;
    }
    if (!dirty) {
      dirty = true;
      loop.markDirty(this);
    }
    return true;
  }

  @Override
  public long queuedBytes() {
    return out.queuedBytes();
  }

  @Override
  public void pauseReading(boolean pause) {
    if (paused == pause) {
      return;
    }
    paused = pause;
    if (state != State.OPEN) {
      return;
    }
    if (pause) {
      updateInterest();
    } else {
      // Frames already received come first; not from within the caller.
      loop.execute(resume);
    }
  }

  private void resume() {
    if (state == State.OPEN && !paused) {
      in.deliver();
      updateInterest();
    }
  }

  /** Whether the reader may hand out another frame. */
  boolean delivering() {
    return state == State.OPEN && !paused;
  }

  @Override
  public long lastReceived() {
    return lastReceived;
  }

  @Override
  public String peer() {
    return peer;
  }

  @Override
  public void close(String reason) {
    if (state == State.OPEN && !writeBlocked) {
      // A last word (why a hello was refused) mostly gets through.
      flush();
    }
    end(reason);
  }

  private void end(String reason) {
    if (state == State.CLOSED) {
      return;
    }
    state = State.CLOSED;
    why = reason;
    if (timeout != null) {
      timeout.cancel();
    }
    closeChannel();
    out.drop();
    // Not from within the caller; and the reader may be further up on this stack.
    loop.execute(this::notifyClosed);
  }

  private void notifyClosed() {
    in.drop();
    listener.closed(this, why);
  }

  private void closeChannel() {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        // It is closed for us either way.
      }
      channel = null;
      key = null;
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
