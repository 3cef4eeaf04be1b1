package io.onehop.node;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.onehop.node.api.ApiServer;
import io.onehop.node.control.ActorPeers;
import io.onehop.node.control.Founding;
import io.onehop.node.plane.PoolOpener;
import io.onehop.node.pools.AilingPool;
import io.onehop.node.pools.OpenPool;
import io.onehop.node.pools.PoolBoard;
import io.onehop.node.pools.PoolFolders;
import io.onehop.node.pools.PoolShape;
import io.onehop.node.pools.PoolsActor;
import io.onehop.node.pools.WrongDisks;
import io.onehop.node.serve.DataDoor;
import io.onehop.node.store.WrongDiskException;
import io.onehop.protocol.model.Endpoint;
import io.onehop.transport.BootClock;
import io.onehop.transport.BufPool;
import io.onehop.transport.Transport;
import io.onehop.transport.tcp.DataLoop;
import io.onehop.transport.tcp.TcpTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running storage node: data loop, stores, actors, HTTP. Puts the parts together and takes them
 * apart again; a test may run several in one process.
 */
public final class Node implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Node.class);
  private static final long KEEP_BUFFERS = 64L << 20;
  private static final long STOP_SECONDS = 15;

  private final NodeSettings settings;
  private final PoolBoard board = new PoolBoard();
  private final ExecutorService blocking = Executors.newVirtualThreadPerTaskExecutor();
  private final SecureRandom random = new SecureRandom();
  private final BootClock clock = new BootClock();
  private final DataLoop loop;
  private final Consumer<Throwable> fatal;
  private Transport.@Nullable Listening listening;
  private @Nullable ActorSystem<PoolsActor.Command> actors;
  private @Nullable ApiServer api;
  private volatile boolean closing;

  private Node(NodeSettings settings, Consumer<Throwable> fatal) {
    this.settings = settings;
    this.fatal = fatal;
    this.loop = new DataLoop("onehop-data", fatal).start();
  }

  /**
   * Starts a node; returns when it answers on all its ports.
   *
   * @param fatal called if the data loop or a pool's actor dies; the process should end
   * @throws StartError if it cannot start; everything begun is undone
   */
  public static Node start(NodeSettings settings, Consumer<Throwable> fatal) throws StartError {
    Node node = new Node(settings, fatal);
    try {
      node.open();
      return node;
    } catch (StartError | RuntimeException e) {
      node.close();
      throw e;
    }
  }

  private void open() throws StartError {
    NodeAddress self = settings.self();
    TcpTransport transport = new TcpTransport(loop);
    BufPool bufs = new BufPool(KEEP_BUFFERS);
    DataDoor door = new DataDoor(bufs);
    checkFree("control", self.control());
    checkFree("api", self.api());
    Path pools = settings.dataFolder().resolve("pools");
    PoolOpener opener =
        new PoolOpener(
            loop,
            transport,
            bufs,
            door,
            id -> pools.resolve(id.toString()),
            random,
            settings.storeFaults());
    PoolFolders folders;
    List<OpenPool> open = new ArrayList<>();
    List<AilingPool> ailing = new ArrayList<>();
    try {
      folders = new PoolFolders(settings.dataFolder(), opener);
      openAll(folders, opener, open, ailing);
    } catch (IOException e) {
      open.forEach(p -> p.plane().close());
      throw new StartError(4, oneLine(e), e);
    }
    ActorPeers peers =
        new ActorPeers(settings.name(), byName(NodeAddress::control), byName(NodeAddress::data));
    try {
      listening = loop.call(() -> transport.listen(self.data(), door::newListener));
      actors =
          ActorSystem.create(
              PoolsActor.create(
                  new PoolsActor.Setup(
                      peers,
                      folders,
                      board,
                      opener,
                      open,
                      ailing,
                      blocking,
                      this::broken,
                      random,
                      clock::nanos)),
              ActorPeers.SYSTEM,
              pekko(self.control()));
    } catch (RuntimeException e) {
      open.forEach(p -> p.plane().close());
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new StartError(cause instanceof IOException ? 3 : 1, oneLine(cause), e);
    }
    peers.system(actors);
    actors
        .getWhenTerminated()
        .thenAccept(_ -> {
          if (!closing) {
            broken("the control plane failed; see the log");
          }
        });
    actors.systemActorOf(
        Founding.create(
            self.control(), settings.nodes().stream().map(NodeAddress::control).toList()),
        "founding",
        Props.empty());
    api =
        new ApiServer(
            settings.name(),
            self.api(),
            settings.nodes().stream()
                .map(n -> new ApiServer.NodeLine(n.name(), n.data(), n.api()))
                .toList(),
            board,
            actors::tell);
    try {
      api.start();
    } catch (IOException e) {
      throw new StartError(3, oneLine(e), e);
    }
  }

  /**
   * One damaged pool does not take the others with it; with nothing left to serve it is an error.
   */
  private void openAll(
      PoolFolders folders, PoolOpener opener, List<OpenPool> open, List<AilingPool> ailing)
      throws IOException {
    IOException first = null;
    Map<UUID, String> names = new HashMap<>();
    for (UUID pool : folders.committed()) {
      try {
        PoolShape shape = checked(folders.shape(pool));
        names.put(pool, shape.name());
        try {
          open.add(opener.open(shape, 0));
        } catch (WrongDiskException e) {
          // The node is needed to put another disk in: it starts, and says what is wrong.
          LOG.error("pool {}: {}", shape.name(), oneLine(e));
          ailing.add(new AilingPool(shape, WrongDisks.text(e, shape, names::get)));
        }
      } catch (IOException e) {
        LOG.error("pool {} is left out: {}", pool, oneLine(e));
        first = first == null ? e : first;
      }
    }
    if (first != null && open.isEmpty() && ailing.isEmpty()) {
      throw first;
    }
  }

  /** The configuration must still be the one that the pool was made with, as far as it matters. */
  private PoolShape checked(PoolShape shape) throws IOException {
    if (!shape.own().node().equals(settings.name())) {
      throw new IOException(
          settings.dataFolder()
              + ": pool '"
              + shape.name()
              + "' belongs to node '"
              + shape.own().node()
              + "', not '"
              + settings.name()
              + "': onehop.name or onehop.data-folder is wrong");
    }
    for (PoolShape.ShapeMember m : shape.members()) {
      if (settings.node(m.node()) == null) {
        LOG.warn("pool {}: member node {} is not in onehop.nodes", shape.name(), m.node());
      }
    }
    return shape;
  }

  /** Pekko and the HTTP server say little when they cannot bind: ask first. */
  private static void checkFree(String what, Endpoint at) throws StartError {
    try (ServerSocket s = new ServerSocket()) {
      s.setReuseAddress(true);
      s.bind(new InetSocketAddress(InetAddress.getByName(at.host()), at.port()));
    } catch (IOException e) {
      throw new StartError(3, "cannot listen on " + at + " (" + what + "): " + e.getMessage(), e);
    }
  }

  private Config pekko(Endpoint at) {
    Map<String, ?> own =
        Map.of(
            "pekko.remote.artery.canonical.hostname",
            at.host(),
            "pekko.remote.artery.canonical.port",
            at.port());
    return settings
        .pekko()
        .withFallback(ConfigFactory.parseMap(own))
        .withFallback(ConfigFactory.load())
        .resolve();
  }

  private Map<String, Endpoint> byName(Function<NodeAddress, Endpoint> which) {
    return settings.nodes().stream().collect(Collectors.toMap(NodeAddress::name, which));
  }

  private static String oneLine(Throwable e) {
    String text = e.getMessage() == null ? e.toString() : e.getMessage();
    return text.lines().findFirst().orElse(text);
  }

  private void broken(String what) {
    fatal.accept(new IllegalStateException(what));
  }

  /** What this node knows of its pools. */
  public PoolBoard board() {
    return board;
  }

  /** Stops in order: pools first (in-flight work, store sync, clean mark), then the rest. */
  @Override
  public void close() {
    closing = true;
    if (api != null) {
      api.close();
    }
    ActorSystem<PoolsActor.Command> running = actors;
    if (running != null) {
      CountDownLatch stopped = new CountDownLatch(1);
      running.tell(new PoolsActor.Shutdown(stopped::countDown));
      try {
        if (!stopped.await(STOP_SECONDS, TimeUnit.SECONDS)) {
          LOG.warn("some pools did not stop in order within {} s", STOP_SECONDS);
        }
        running.terminate();
        running.getWhenTerminated().toCompletableFuture().get(STOP_SECONDS, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
        LOG.warn("the actor system did not end: {}", e.toString());
      }
    }
    Transport.Listening l = listening;
    if (l != null) {
      loop.execute(l::close);
    }
    loop.close();
    blocking.shutdownNow();
  }
}
