package io.onehop.cli;

import io.onehop.nbd.client.NbdClient;
import io.onehop.nbd.wire.NbdAddress;
import io.onehop.node.Logs;
import io.onehop.node.Node;
import io.onehop.node.NodeSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * What nodes and clients do from their start on, once, all in this process: the launcher has the
 * JVM note what that needs, for the cache that lets them start faster. Of no use by itself.
 */
@Command(
    name = "train",
    hidden = true,
    header = "Runs a small pool in this process, for the launcher's cache.",
    mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
  private static final int PATIENCE_SECONDS = 30;
  private static final int BLOCK = 4096;
  private static final int SIZE = 4 << 20;
  private static final int WRITES = 200;
  private static final int DEPTH = 16;

  @Parameters(paramLabel = "DIR", description = "An empty folder; the caller deletes it.")
  private Path dir = Path.of("");

  private final List<Node> nodes = new ArrayList<>();

  @Override
  public Integer call() throws Exception {
    LocalPool pool = LocalPool.create(dir, 2);
    Logs.configure(pool.nodes().getFirst().log());
    Main.run("node", dir.resolve("none.conf").toString());
    startAll(pool);
    String create = "pool create vol0 --size " + SIZE + " --data node-a,node-b --witness witness";
    run(create, pool);
    String nbd = new NbdAddress.Unix(pool.socket()).toString();
    Thread.ofPlatform().daemon().start(() -> run("attach vol0 --nbd " + nbd, pool));
    Upper.await("the client serves", PATIENCE_SECONDS, () -> pool.socket().toFile().exists());
    try (NbdClient client = NbdClient.connect("nbd+unix:///?socket=" + pool.socket())) {
      write(client);
      nodes.get(1).close();
      write(client);
      nodes.set(1, start(pool.nodes().get(1)));
      Api api = new Api(pool.apis());
      Upper.await("both legs are in sync", PATIENCE_SECONDS, () -> Upper.inSync(api, 2));
      // All at once, under a client that waits: what is to be fast.
      closeAll();
      startAll(pool);
      write(client);
    }
    return 0;
  }

  private static void run(String command, LocalPool pool) {
    List<String> words = new ArrayList<>(List.of(command.split(" ", -1)));
    words.addAll(List.of("--dir", pool.dir().toString()));
    Main.run(words.toArray(String[]::new));
  }

  private void startAll(LocalPool pool) throws Exception {
    for (NodeSettings n : pool.nodes()) {
      nodes.add(start(n));
    }
  }

  private static Node start(NodeSettings settings) throws Exception {
    return Node.start(settings, e -> Runtime.getRuntime().halt(Failure.NO));
  }

  private void closeAll() {
    nodes.forEach(Node::close);
    nodes.clear();
  }

  /** As much as the JVM takes to find out what is worth compiling. */
  private static void write(NbdClient client) throws IOException, InterruptedException {
    ByteBuffer content = ByteBuffer.allocateDirect(BLOCK);
    Semaphore free = new Semaphore(DEPTH);
    AtomicInteger failed = new AtomicInteger();
    for (int i = 0; i < WRITES; i++) {
      take(free, 1);
      long at = (long) (i * 7 % (SIZE / BLOCK)) * BLOCK;
      client.write(
          at,
          content.duplicate(),
          false,
          error -> {
            failed.compareAndSet(0, error);
            free.release();
          });
    }
    take(free, DEPTH);
    if (failed.get() != 0) {
      throw new Failure(Failure.NO, "a write failed with error " + failed.get());
    }
  }

  private static void take(Semaphore free, int count) throws InterruptedException {
    if (!free.tryAcquire(count, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new Failure(Failure.NO, "waited " + PATIENCE_SECONDS + " s for a write in vain");
    }
  }
}
