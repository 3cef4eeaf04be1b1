package io.onehop.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.onehop.client.ClientRules;
import io.onehop.client.EngineSettings;
import io.onehop.client.VolumeEngine;
import io.onehop.client.VolumeListener;
import io.onehop.nbd.NbdServer;
import io.onehop.nbd.handshake.Export;
import io.onehop.nbd.wire.NbdAddress;
import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.PoolView;
import io.onehop.transport.BootClock;
import io.onehop.transport.BufPool;
import io.onehop.transport.tcp.DataLoop;
import io.onehop.transport.tcp.TcpTransport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The client: a pool as an NBD export, in the foreground. */
@Command(
    name = "attach",
    header = "Attaches a pool and exports it by NBD, in the foreground.",
    description = {
      "",
      "Prints `ready URI` when it serves; SIGTERM or Ctrl-C detaches in order (exit"
          + " 0). Another client that is alive is a refusal (exit 3), unless --takeover;"
          + " one that is silent is waited for, at most 30 s. When the pool ends the"
          + " session of a client that was silent for too long, requests wait and it goes"
          + " on, if nobody else was admitted; else they are answered ESHUTDOWN and it ends"
          + " (exit 3)."
    },
    mixinStandardHelpOptions = true)
final class AttachCommand implements Callable<Integer>, VolumeListener {
  private static final long ATTACH_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long LET_GO_NANOS = TimeUnit.SECONDS.toNanos(3);

  @Mixin private Target target = new Target();

  @Parameters(paramLabel = "NAME", description = "Name of the pool.")
  private String name = "";

  @Option(
      names = "--nbd",
      required = true,
      paramLabel = "unix:PATH|tcp:HOST:PORT",
      description = "Where NBD is served.")
  private String nbd = "";

  @Option(names = "--pid-file", paramLabel = "FILE", description = "Holds the pid while it runs.")
  private @Nullable Path pidFile;

  @Option(
      names = "--takeover",
      description = "End the session of whoever holds the pool, even of a living client.")
  private boolean takeover;

  private final CompletableFuture<PoolView> attached = new CompletableFuture<>();
  private final CompletableFuture<@Nullable String> over = new CompletableFuture<>();
  private @Nullable NbdServer server;
  private @Nullable VolumeEngine engine;
  private @Nullable DataLoop loop;
  private @Nullable Path written;
  private volatile boolean stopping;
  private volatile @Nullable String waits;

  @Override
  public Integer call() throws Exception {
    NbdAddress at = UpCommand.address(nbd);
    Processes.endWithParent();
    try {
      return serve(at);
    } finally {
      removePid();
    }
  }

  private int serve(NbdAddress at) throws IOException {
    List<Endpoint> servers = servers();
    LocalPool folder = target.dir() == null ? null : LocalPool.open(target.dir());
    Path file = pidFile != null ? pidFile : folder == null ? null : folder.clientPid();
    // While it waits for its session, too, it can be found and stopped; but a client that serves
    // keeps its file until the pool has decided between the two.
    if (file != null && Processes.named(file, "attach").isEmpty()) {
      writePid(file);
    }
    DataLoop l = new DataLoop("onehop-client", AttachCommand::fatal).start();
    loop = l;
    BufPool buffers = new BufPool(64L << 20);
    EngineSettings settings =
        new EngineSettings(
            name,
            servers,
            UUID.randomUUID(),
            hostName(),
            ProcessHandle.current().pid(),
            ATTACH_NANOS,
            EngineSettings.DEFAULT_MAX_REQUESTS,
            takeover,
            EngineSettings.DEFAULT_RESUME_NANOS);
    VolumeEngine e =
        new VolumeEngine(
            l, new BootClock()::nanos, new TcpTransport(l), settings, ClientRules.ALL, this);
    engine = e;
    Signals.onStop(0, this::stop);
    l.execute(e::start);
    PoolView view = awaitAttached();
    Export export = new Export(name, "OneHop pool " + name, view.sizeBytes());
    NbdServer s = listen(l, buffers, e, export, at);
    server = s;
    if (file != null) {
      writePid(file);
    }
    System.out.println("ready " + s.uri());
    System.out.flush();
    String reason = over.join();
    if (reason != null && !stopping) {
      System.err.println("onehop: " + name + ": " + reason);
      s.ended(reason);
      // Clients that are in the middle of something get their ESHUTDOWN before the socket closes.
      s.shutdown(TimeUnit.SECONDS.toNanos(2)).join();
      return Failure.REFUSED;
    }
    return 0;
  }

  /**
   * After a takeover the client that held the pool gets a moment to let go of the address. One that
   * does not, because it is stopped or hangs, loses its unix socket: its session is over for good.
   */
  private NbdServer listen(
      DataLoop l, BufPool buffers, VolumeEngine e, Export export, NbdAddress at) {
    long until = System.nanoTime() + (takeover ? LET_GO_NANOS : 0);
    boolean last = false;
    while (true) {
      try {
        return NbdServer.start(l, buffers, e, export, at);
      } catch (IOException x) {
        if (System.nanoTime() - until < 0) {
          LockSupport.parkNanos(LET_GO_NANOS / 50);
        } else if (last || !takenFromHolder(at)) {
          stop();
          throw new Failure(Failure.REFUSED, Failure.text(x), x);
        } else {
          last = true;
        }
      }
    }
  }

  /** The socket's file goes; what its holder does with it later does not concern the next one. */
  private boolean takenFromHolder(NbdAddress at) {
    if (!takeover || !(at instanceof NbdAddress.Unix unix)) {
      return false;
    }
    Optional<ProcessHandle> holder = SocketHolder.find(unix.path(), name);
    if (holder.isEmpty()) {
      return false;
    }
    try {
      Files.deleteIfExists(unix.path());
    } catch (IOException e) {
      return false;
    }
    System.err.println(
        "onehop: pid "
            + holder.get().pid()
            + ", whose session was taken over, does not let go of "
            + unix.path()
            + ": replaced");
    return true;
  }

  /** Waits for the session; says what for when that takes longer than a moment. */
  private PoolView awaitAttached() {
    String said = "";
    while (true) {
      try {
        return attached.get(1, TimeUnit.SECONDS);
      } catch (TimeoutException x) {
        String reason = waits;
        if (reason != null && !reason.equals(said)) {
          sayWaiting(reason);
          said = reason;
        }
      } catch (ExecutionException x) {
        Throwable cause = x.getCause();
        String why = Failure.text(cause == null ? x : cause);
        throw new Failure(Failure.REFUSED, "cannot attach '" + name + "': " + why, x);
      } catch (InterruptedException x) {
        throw new Failure(Signals.INTERRUPTED, "interrupted", x);
      }
    }
  }

  private static void sayWaiting(String reason) {
    System.err.println("onehop: " + (reason.startsWith("wait") ? "" : "waiting: ") + reason);
  }

  private List<Endpoint> servers() {
    Api api = target.api();
    JsonNode pool = api.get("/v1/pools/" + PoolCommand.encode(name));
    Set<String> members = new HashSet<>();
    pool.path("legs").forEach(l -> members.add(l.path("node").asText()));
    pool.path("witnesses").forEach(w -> members.add(w.path("node").asText()));
    List<Endpoint> all = new ArrayList<>();
    for (JsonNode n : api.get("/v1/nodes").path("nodes")) {
      if (members.contains(n.path("name").asText())) {
        all.add(Endpoint.parse(n.path("data").asText()));
      }
    }
    if (all.isEmpty()) {
      throw new Failure(Failure.REFUSED, "no node names a data address of pool '" + name + "'");
    }
    return all;
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  private static void fatal(Throwable e) {
    System.err.println("onehop: the client's data thread died: " + e);
    Runtime.getRuntime().halt(Failure.REFUSED);
  }

  /** In one step, so that nobody ever reads half a number. */
  private void writePid(Path file) {
    long pid = ProcessHandle.current().pid();
    try {
      Path next = file.resolveSibling(file.getFileName() + "." + pid);
      Files.writeString(next, pid + "\n");
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      written = file;
    } catch (IOException e) {
      throw new Failure(Failure.REFUSED, "cannot write " + file + ": " + Failure.text(e), e);
    }
  }

  private void removePid() {
    Path file = written;
    try {
      if (file != null
          && Files.exists(file)
          && Files.readString(file).strip().equals(String.valueOf(ProcessHandle.current().pid()))) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      System.err.println("onehop: cannot remove " + file + ": " + e.getMessage());
    }
  }

  /** Orderly end: NBD first, then the session. */
  private void stop() {
    if (stopping || over.isDone()) {
      return;
    }
    stopping = true;
    NbdServer s = server;
    if (s != null) {
      s.close();
    }
    VolumeEngine e = engine;
    DataLoop l = loop;
    if (e != null && l != null) {
      l.execute(e::detach);
      try {
        over.get(8, TimeUnit.SECONDS);
      } catch (TimeoutException x) {
        System.err.println(
            "onehop: the pool did not confirm the detach in 8 s; its legs will end the session");
      } catch (InterruptedException | ExecutionException x) {
        System.err.println("onehop: " + x.getMessage());
      }
    }
    removePid();
  }

  @Override
  public void attached(PoolView view) {
    attached.complete(view);
  }

  @Override
  public void suspended(String reason) {
    System.err.println(
        "onehop: "
            + name
            + ": the session was ended, "
            + reason
            + "; requests wait, it asks again");
  }

  @Override
  public void resumed(PoolView view) {
    System.err.println("onehop: " + name + ": the session goes on");
  }

  @Override
  public void waiting(@Nullable String reason) {
    waits = reason;
    if (reason != null && attached.isDone()) {
      sayWaiting(reason);
    }
  }

  @Override
  public void viewChanged(PoolView view) {}

  @Override
  public void detached() {
    over.complete(null);
  }

  @Override
  public void ended(String reason) {
    attached.completeExceptionally(new IOException(reason));
    over.complete(reason);
  }
}
