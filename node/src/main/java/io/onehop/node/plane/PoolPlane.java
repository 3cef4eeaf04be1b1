package io.onehop.node.plane;

import io.onehop.node.leg.LegActor;
import io.onehop.node.leg.LegDataPlane;
import io.onehop.node.leg.LegEdge;
import io.onehop.node.leg.LegOrder;
import io.onehop.node.leg.LegStatus;
import io.onehop.node.serve.DataDoor;
import io.onehop.node.serve.PoolPort;
import io.onehop.transport.Loop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The crossing of one pool: orders hop onto the data loop, edges leave it. The engine behind it is
 * touched on the loop only, but for the two methods that allow any thread.
 */
final class PoolPlane implements LegActor.Plane {
  /** Starts an engine; on the loop. */
  interface Start {
    void run() throws IOException;
  }

  private final Loop loop;
  private final DataDoor door;
  private final AutoCloseable store;
  private final List<LegEdge> early = new ArrayList<>();
  private @Nullable Consumer<LegEdge> listener;
  private @Nullable LegDataPlane engine;
  private @Nullable PoolPort port;

  PoolPlane(Loop loop, DataDoor door, AutoCloseable store) {
    this.loop = loop;
    this.door = door;
    this.store = store;
  }

  /** Where the engine's edges go; called on the loop. */
  synchronized void edge(LegEdge edge) {
    Consumer<LegEdge> to = listener;
    if (to == null) {
      early.add(edge);
    } else {
      to.accept(edge);
    }
  }

  /** Starts the engine and lets connections in; waits until that is done. */
  <E extends LegDataPlane & PoolPort> void run(E started, Start start) throws IOException {
    engine = started;
    port = started;
    onLoop(() -> {
      start.run();
      door.add(started);
    });
  }

  private void onLoop(Start task) throws IOException {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    loop.execute(() -> {
      try {
        task.run();
        done.complete(true);
      } catch (IOException | RuntimeException e) {
        done.completeExceptionally(e);
      }
    });
    try {
      done.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw e;
    }
  }

  private LegDataPlane engine() {
    LegDataPlane e = engine;
    if (e == null) {
      throw new IllegalStateException("the data plane does not run yet");
    }
    return e;
  }

  @Override
  public synchronized void listen(Consumer<LegEdge> to) {
    early.forEach(to);
    early.clear();
    listener = to;
  }

  @Override
  public void order(LegOrder order) {
    LegDataPlane e = engine();
    loop.execute(() -> e.order(order));
  }

  @Override
  public LegStatus status() {
    return engine().status();
  }

  @Override
  public void accepted(long epoch, long voters) {
    engine().accepted(epoch, voters);
  }

  @Override
  public void close() {
    try {
      onLoop(() -> {
        PoolPort p = port;
        if (p != null) {
          door.remove(p.pool());
          // One that was not stopped, or did not stop in time, must not touch what is closed now.
          p.shutDown("the pool is closed");
        }
        try {
          store.close();
        } catch (IOException e) {
          throw e;
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      });
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
