package io.onehop.netfault;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.Function;

/** The one thread that listens for all pairs and carries their bytes. */
final class Relays implements AutoCloseable {
  private static final int CHUNK = 256 << 10;
  private static final int MOST = 4096;

  /** A listening socket's pair. */
  private record Door(String from, String to, int port) {}

  private final Selector selector;
  private final Gates gates = new Gates();
  private final ConcurrentLinkedQueue<Runnable> orders = new ConcurrentLinkedQueue<>();
  private final Set<Relay> relays = new HashSet<>();
  private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
  private final Thread thread;
  private boolean closing;
  private volatile boolean closed;

  Relays() throws IOException {
    selector = Selector.open();
    thread = Thread.ofPlatform().daemon().name("fault-net").start(this::run);
  }

  void listen(ServerSocketChannel at, String from, String to, int port) {
    ask(_ -> {
      try {
        at.configureBlocking(false);
        at.register(selector, SelectionKey.OP_ACCEPT, new Door(from, to, port));
        return at;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }

  void change(Consumer<Gates> what) {
    ask(g -> {
      what.accept(g);
      List.copyOf(relays).forEach(this::progress);
      return g;
    });
  }

  <T> T ask(Function<Gates, T> what) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    orders.add(() -> {
      try {
        answer.complete(what.apply(gates));
      } catch (RuntimeException e) {
        answer.completeExceptionally(e);
      }
    });
    if (closed) {
      throw new IllegalStateException("the network is closed");
    }
    selector.wakeup();
    return answer.join();
  }

  private void run() {
    try {
      while (!closing) {
        long wait = 0;
        long now = System.nanoTime();
        for (Relay r : relays) {
          long due = r.dueNanos(now);
          wait = due < 0 ? wait : Math.min(wait == 0 ? Long.MAX_VALUE : wait, due / 1_000_000 + 1);
        }
        selector.select(wait);
        for (Runnable order = orders.poll(); order != null; order = orders.poll()) {
          order.run();
        }
        Set<Relay> ready = new HashSet<>();
        for (SelectionKey key : selector.selectedKeys()) {
          if (key.isValid() && key.attachment() instanceof Door door) {
            accept((ServerSocketChannel) key.channel(), door);
          } else if (key.attachment() instanceof Relay relay) {
            ready.add(relay);
          }
        }
        selector.selectedKeys().clear();
        long then = System.nanoTime();
        for (Relay r : relays) {
          if (r.dueNanos(then) == 0) {
            ready.add(r);
          }
        }
        ready.forEach(this::progress);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      end();
    }
  }

  private void accept(ServerSocketChannel at, Door door) {
    try {
      for (SocketChannel c = at.accept(); c != null; c = at.accept()) {
        if (relays.size() >= MOST) {
          c.close();
          continue;
        }
        Relay r =
            new Relay(
                selector,
                c,
                door.port,
                gates.way(door.from, door.to),
                gates.way(door.to, door.from));
        relays.add(r);
        progress(r);
      }
    } catch (IOException e) {
      System.err.println("fault-net: cannot accept: " + e.getMessage());
    }
  }

  private void progress(Relay r) {
    if (!r.progress(chunk)) {
      relays.remove(r);
    }
  }

  private void end() {
    closed = true;
    relays.forEach(Relay::reset);
    try {
      for (SelectionKey key : new ArrayList<>(selector.keys())) {
        key.channel().close();
      }
      selector.close();
    } catch (IOException e) {
      System.err.println("fault-net: " + e.getMessage());
    }
    for (Runnable order = orders.poll(); order != null; order = orders.poll()) {
      order.run();
    }
  }

  @Override
  public void close() {
    if (!closed) {
      orders.add(() -> closing = true);
      selector.wakeup();
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
