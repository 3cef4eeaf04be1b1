package io.onehop.cli;

import com.sun.net.httpserver.HttpServer;
import io.onehop.protocol.model.Endpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A node's HTTP API as far as the command line sees it, on a free port. */
final class FakeNode implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch over = new CountDownLatch(1);

  /** What was asked for, as {@code METHOD /path}. */
  final List<String> asked = new CopyOnWriteArrayList<>();

  FakeNode() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
    server.setExecutor(threads);
    server.start();
  }

  /** Answers {@code path} and what lies below it. */
  FakeNode answers(String path, int status, String body) {
    server.createContext(
        path,
        x -> {
          asked.add(x.getRequestMethod() + " " + x.getRequestURI());
          x.getRequestBody().readAllBytes();
          byte[] b = body.getBytes(StandardCharsets.UTF_8);
          x.sendResponseHeaders(status, b.length == 0 ? -1 : b.length);
          x.getResponseBody().write(b);
          x.close();
        });
    return this;
  }

  /** Takes requests for {@code path} and never answers, like a stopped process. */
  FakeNode hangs(String path) {
    server.createContext(
        path,
        x -> {
          try {
            over.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    return this;
  }

  Endpoint at() {
    return new Endpoint("127.0.0.1", server.getAddress().getPort());
  }

  @Override
  public void close() {
    over.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
