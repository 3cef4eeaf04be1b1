package io.onehop.nbd;

import io.onehop.client.BlockDevice;
import io.onehop.nbd.handshake.Export;
import io.onehop.nbd.transmission.Service;
import io.onehop.nbd.wire.NbdAddress;
import io.onehop.transport.BufPool;
import io.onehop.transport.Loop;
import io.onehop.transport.tcp.ChannelHandler;
import io.onehop.transport.tcp.DataLoop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Offers a {@link BlockDevice} over NBD at one address, on the device's own data loop. Connections
 * take turns: each turn reads at most one chunk and writes at most what its socket takes, so a slow
 * one never blocks another. {@link #start}, {@link #ended}, {@link #shutdown} and {@link #close}
 * may be called from any thread; the rest belongs to the loop.
 */
public final class NbdServer implements AutoCloseable, ChannelHandler {
  /** Connections served at a time; one more is closed at once. */
  public static final int MAX_CONNECTIONS = 128;

  /** How long {@link #close} waits for requests in flight. */
  public static final long CLOSE_NANOS = 5_000_000_000L;

  private static final long ACCEPT_RETRY_NANOS = 100_000_000L;

  private final DataLoop loop;
  private final BufPool buffers;
  private final Service service;
  private final Export export;
  private final ServerSocket socket;
  private final Set<NbdConnection> connections = new LinkedHashSet<>();
  private final ArrayDeque<NbdConnection> busy = new ArrayDeque<>();
  private final Runnable runBusy = this::runBusy;
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private boolean runQueued;
  private boolean stopping;
  private Loop.@Nullable Timer bound;
  private long protocolErrors;
  private String lastProtocolError = "";

  private NbdServer(
      DataLoop loop, BufPool buffers, BlockDevice device, Export export, ServerSocket socket) {
    this.loop = loop;
    this.buffers = buffers;
    this.export = export;
    this.socket = socket;
    this.service = new Service(device, buffers, Service.defaultBudget());
  }

  /**
   * Binds {@code at} and serves. Returns when the socket listens; clients may connect from then on.
   *
   * @param loop the loop of {@code device}
   * @param buffers that loop's buffers
   * @throws IOException if the address cannot be had; the message says why
   */
  public static NbdServer start(
      DataLoop loop, BufPool buffers, BlockDevice device, Export export, NbdAddress at)
      throws IOException {
    NbdServer server = new NbdServer(loop, buffers, device, export, ServerSocket.bind(at));
    loop.execute(server::register);
    return server;
  }

  private void register() {
    try {
      if (!stopping) {
        loop.register(socket.channel(), SelectionKey.OP_ACCEPT, this);
      }
    } catch (IOException e) {
      stop();
    }
  }

  /** URI of the default export, with the real port. */
  public String uri() {
    return socket.address().uri();
  }

  /** Where it listens, with the real port. */
  public NbdAddress address() {
    return socket.address();
  }

  /** Clients connected now. On the loop. */
  public int connections() {
    return connections.size();
  }

  /** Connections ended because the client broke the protocol. On the loop. */
  public long protocolErrors() {
    return protocolErrors;
  }

  /**
   * The pool is not ours any more: every request that is looked at after this has reached the loop
   * is answered ESHUTDOWN.
   *
   * @param reason for people, sent to clients that try to connect
   */
  public void ended(String reason) {
    loop.execute(() -> service.refuse(reason));
  }

  /**
   * Stops in order: accepts no more, answers new requests ESHUTDOWN, lets those in flight finish
   * and closes every connection as it falls idle; what is left after {@code boundNanos} is cut off.
   *
   * @return completes when every connection is closed
   */
  public CompletableFuture<Void> shutdown(long boundNanos) {
    loop.execute(() -> stopWithin(boundNanos));
    return stopped;
  }

  /** {@link #shutdown} with {@link #CLOSE_NANOS}; waits for it, unless called on the loop. */
  @Override
  public void close() {
    CompletableFuture<Void> done = shutdown(CLOSE_NANOS);
    if (loop.onLoop()) {
      return;
    }
    try {
      done.get(CLOSE_NANOS + 1_000_000_000L, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (java.util.concurrent.ExecutionException | TimeoutException e) {
      socket.close(); // the loop has ended: nothing is served any more
    }
  }

  private void stopWithin(long boundNanos) {
    if (stopping) {
      return;
    }
    stopping = true;
    service.refuse("the server is stopping");
    socket.close();
    for (NbdConnection c : connections.toArray(new NbdConnection[0])) {
      c.leave();
    }
    if (connections.isEmpty()) {
      stop();
    } else {
      bound = loop.schedule(boundNanos, this::stop);
    }
  }

  private void stop() {
    stopping = true;
    socket.close();
    for (NbdConnection c : connections.toArray(new NbdConnection[0])) {
      c.close();
    }
    if (bound != null) {
      bound.cancel();
    }
    stopped.complete(null);
  }

  @Override
  public void ready(SelectionKey key) {
    try {
      for (SocketChannel c = socket.channel().accept(); c != null; c = socket.channel().accept()) {
        if (connections.size() >= MAX_CONNECTIONS) {
          c.close();
        } else {
          admit(c);
        }
      }
    } catch (IOException e) {
      // Most likely no file descriptor is left: do not spin on it.
      if (key.isValid()) {
        key.interestOps(0);
        loop.schedule(
            ACCEPT_RETRY_NANOS,
            () -> {
              if (key.isValid()) {
                key.interestOps(SelectionKey.OP_ACCEPT);
              }
            });
      }
    }
  }

  private void admit(SocketChannel channel) throws IOException {
    try {
      channel.configureBlocking(false);
      if (channel.getLocalAddress() instanceof InetSocketAddress) {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      }
      connections.add(new NbdConnection(this, channel));
    } catch (IOException e) {
      channel.close(); // it went away at once
    }
  }

  /** {@code c} has something to do at the end of this turn. */
  void list(NbdConnection c) {
    busy.addLast(c);
    if (!runQueued) {
      runQueued = true;
      // A task, not an end-of-turn hook: completions that come in others' hooks are answered too.
      loop.execute(runBusy);
    }
  }

  private void runBusy() {
    for (NbdConnection c = busy.pollFirst(); c != null; c = busy.pollFirst()) {
      c.listed = false;
      c.turnEnd();
      if (stopping) {
        c.leave();
      }
    }
    runQueued = false;
  }

  void gone(NbdConnection c) {
    connections.remove(c);
    if (stopping && connections.isEmpty()) {
      stop();
    }
  }

  void protocolError(String what) {
    protocolErrors++;
    lastProtocolError = what;
  }

  /** What the client that broke the protocol last did; "" if none did. On the loop. */
  public String lastProtocolError() {
    return lastProtocolError;
  }

  DataLoop loop() {
    return loop;
  }

  BufPool buffers() {
    return buffers;
  }

  Service service() {
    return service;
  }

  Export export() {
    return export;
  }
}
