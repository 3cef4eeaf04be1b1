package io.onehop.node.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.onehop.node.pools.CreateRequest;
import io.onehop.node.pools.NodeMessage;
import io.onehop.node.pools.NodeMessage.Order.Kind;
import io.onehop.node.pools.OrderRequest;
import io.onehop.node.pools.Outcome;
import io.onehop.node.pools.PoolBoard;
import io.onehop.node.pools.PoolShape;
import io.onehop.node.pools.PoolsActor;
import io.onehop.protocol.model.Endpoint;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The operator's API. Questions are answered from {@link PoolBoard} at once; requests that change
 * something are handed to {@link PoolsActor} and waited for by the request's own virtual thread.
 */
public final class ApiServer implements AutoCloseable {
  private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(ApiServer.class);

  /** Largest request body, bytes. */
  static final int MAX_BODY = 64 * 1024;

  private static final long CHANGE_SECONDS = 30;
  private static final long LONG_SECONDS = 24 * 3600;
  private static final ObjectMapper JSON = new ObjectMapper();
  // Held, because the JDK forgets the level of a logger that nobody holds.
  private static final Logger HELIDON = Logger.getLogger("io.helidon");

  /** A node as the API names it. */
  public record NodeLine(String name, Endpoint data, Endpoint api) {}

  private final String node;
  private final Endpoint at;

  /** Misdirected: another node may do it. */
  private static final int KEPT_OUT = 421;

  private final List<NodeLine> nodes;
  private final PoolBoard board;
  private final Consumer<PoolsActor.Command> pools;
  private @Nullable WebServer server;

  /**
   * An API that does not listen yet.
   *
   * @param node this node's name
   * @param at where it listens
   * @param nodes all nodes of the cluster
   */
  public ApiServer(
      String node,
      Endpoint at,
      List<NodeLine> nodes,
      PoolBoard board,
      Consumer<PoolsActor.Command> pools) {
    this.node = node;
    this.at = at;
    this.nodes = List.copyOf(nodes);
    this.board = board;
    this.pools = pools;
  }

  /**
   * Listens and answers.
   *
   * @throws IOException if the address cannot be had; the message names it
   */
  public void start() throws IOException {
    HELIDON.setLevel(Level.WARNING);
    try {
      server =
          WebServer.builder()
              .host(at.host())
              .port(at.port())
              .shutdownHook(false)
              .featuresDiscoverServices(false)
              .maxPayloadSize(MAX_BODY)
              .maxTcpConnections(256)
              .routing(this::routes)
              .build()
              .start();
    } catch (RuntimeException e) {
      Throwable cause = e;
      while (cause.getCause() != null && !(cause instanceof IOException)) {
        cause = cause.getCause();
      }
      throw new IOException("cannot listen on " + at + " (api): " + cause.getMessage(), e);
    }
    // A port that is taken is only logged by the server.
    if (!server.isRunning()) {
      throw new IOException("cannot listen on " + at + " (api)");
    }
  }

  @Override
  public void close() {
    WebServer s = server;
    if (s != null) {
      s.stop();
    }
  }

  private void routes(HttpRouting.Builder r) {
    r.get("/v1/version", (q, a) -> send(a, 200, version()));
    r.get("/v1/nodes", (q, a) -> send(a, 200, nodes()));
    r.get("/v1/status", (q, a) -> send(a, 200, PoolJson.status(asked(q))));
    r.get("/v1/pools", (q, a) -> send(a, 200, PoolJson.list(board.all())));
    r.get("/v1/pools/{name}", (q, a) -> send(a, 200, PoolJson.show(pool(name(q)))));
    r.post("/v1/pools", this::create);
    r.delete("/v1/pools/{name}", this::delete);
    r.post("/v1/pools/{name}/settings", this::settings);
    r.post("/v1/pools/{name}/verify", this::verify);
    r.post("/v1/pools/{name}/force", (q, a) -> order(q, a, Kind.FORCE));
    r.post("/v1/pools/{name}/replace", (q, a) -> order(q, a, Kind.REPLACE));
    r.post("/v1/pools/{name}/rejoin", (q, a) -> order(q, a, Kind.REJOIN));
    r.get("/metrics", (q, a) -> metrics(a));
    r.any((q, a) -> send(a, 404, error("no such resource: " + q.path().path())));
    r.error(Refusal.class, (q, a, e) -> send(a, e.status, error(e.text())));
    r.error(
        RuntimeException.class,
        (q, a, e) -> {
          LOG.warn("request {} failed", q.path().path(), e);
          send(a, 500, error("internal error: " + e));
        });
  }

  private static ObjectNode version() {
    String v = ApiServer.class.getPackage().getImplementationVersion();
    return PoolJson.object().put("version", v == null ? "(not packaged)" : v);
  }

  private ObjectNode nodes() {
    ObjectNode root = PoolJson.object().put("self", node);
    var list = root.putArray("nodes");
    for (NodeLine n : nodes) {
      list.addObject()
          .put("name", n.name())
          .put("data", n.data().toString())
          .put("api", n.api().toString());
    }
    return root;
  }

  private Collection<PoolBoard.Entry> asked(ServerRequest q) {
    String name = q.query().first("pool").orElse("");
    return name.isEmpty() ? board.all() : List.of(pool(name));
  }

  private PoolBoard.Entry pool(String name) {
    PoolBoard.Entry e = board.named(name);
    if (e == null) {
      throw new Refusal(404, "no pool '" + name + "' on node '" + node + "'");
    }
    return e;
  }

  /** A node that another lineage keeps out speaks for nobody (rule 8.6). */
  private PoolBoard.Entry letIn(PoolBoard.Entry e) {
    if (PoolJson.keptOut(e)) {
      String why = e.status() == null ? null : e.status().waiting();
      throw new Refusal(KEPT_OUT, "node '" + node + "' is " + (why == null ? "kept out" : why));
    }
    return e;
  }

  private static String name(ServerRequest q) {
    return q.path().pathParameters().get("name");
  }

  private void create(ServerRequest q, ServerResponse a) {
    CreateRequest request = RequestJson.create(body(q));
    Outcome o = ask(done -> new PoolsActor.Create(request, done::complete), LONG_SECONDS);
    if (o.kind() != Outcome.Kind.DONE) {
      throw refusal(o);
    }
    PoolBoard.Entry e = board.named(request.name());
    ObjectNode made = e == null ? PoolJson.object().put("name", request.name()) : PoolJson.show(e);
    send(a, 201, made);
  }

  private void delete(ServerRequest q, ServerResponse a) {
    String name = name(q);
    Outcome o = ask(done -> new PoolsActor.Delete(name, done::complete), CHANGE_SECONDS * 4);
    if (o.kind() != Outcome.Kind.DONE) {
      throw refusal(o);
    }
    send(a, 200, PoolJson.object().put("deleted", name));
  }

  private void settings(ServerRequest q, ServerResponse a) {
    String name = name(q);
    Map<String, String> changes = RequestJson.settings(body(q));
    PoolBoard.Entry e = letIn(pool(name));
    PoolView view = e.status() == null ? null : e.status().view();
    if (view == null) {
      throw new Refusal(503, "the pool's view is not known yet: no majority of its voters answers");
    }
    try {
      SettingKeys.apply(view.policies(), changes);
    } catch (IllegalArgumentException wrong) {
      throw new Refusal(400, String.valueOf(wrong.getMessage()));
    }
    Outcome o =
        ask(
            done ->
                new PoolsActor.SetPolicies(
                    name, p -> SettingKeys.apply(p, changes), done::complete),
            CHANGE_SECONDS);
    if (o.kind() != Outcome.Kind.DONE) {
      throw refusal(o);
    }
    send(a, 200, PoolJson.object().put("text", o.text()));
  }

  private void order(ServerRequest q, ServerResponse a, Kind kind) {
    String name = pool(name(q)).shape().name();
    OrderRequest request = RequestJson.order(kind, name, body(q));
    Outcome o = ask(done -> new PoolsActor.Order(request, done::complete), LONG_SECONDS);
    if (o.kind() != Outcome.Kind.DONE) {
      throw refusal(o);
    }
    send(a, 200, PoolJson.object().put("text", o.text()));
  }

  private void verify(ServerRequest q, ServerResponse a) {
    PoolShape shape = pool(name(q)).shape();
    String name = shape.name();
    String against = RequestJson.against(body(q));
    List<String> legs =
        shape.members().stream()
            .filter(m -> m.role() == Role.DATA)
            .map(PoolShape.ShapeMember::node)
            .toList();
    if (against != null && !legs.contains(against)) {
      throw new Refusal(
          400,
          "pool '%s' has no leg on node '%s': its legs are on %s"
              .formatted(name, against, String.join(", ", legs)));
    }
    NodeMessage.Compared c =
        ask(done -> new PoolsActor.Verify(name, against, done::complete), LONG_SECONDS);
    if (!c.error().isEmpty()) {
      throw new Refusal(503, c.error());
    }
    send(a, 200, PoolJson.compared(name, c));
  }

  private void metrics(ServerResponse a) {
    a.header(HeaderNames.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    a.send(Metrics.text(node, board.all()).getBytes(StandardCharsets.UTF_8));
  }

  private <T> T ask(Function<CompletableFuture<T>, PoolsActor.Command> command, long seconds) {
    CompletableFuture<T> done = new CompletableFuture<>();
    pools.accept(command.apply(done));
    try {
      return done.get(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refusal(503, "the node stops");
    } catch (ExecutionException e) {
      throw new Refusal(500, "internal error: " + e.getCause());
    } catch (TimeoutException e) {
      throw new Refusal(503, "no outcome within " + seconds + " s");
    }
  }

  private static Refusal refusal(Outcome o) {
    int status =
        switch (o.kind()) {
          case DONE -> 200;
          case INVALID -> 400;
          case UNKNOWN -> 404;
          case REFUSED -> 409;
          case UNREACHABLE -> 503;
        };
    return new Refusal(status, o.text());
  }

  private static byte[] body(ServerRequest q) {
    try (InputStream in = q.content().inputStream()) {
      byte[] b = in.readNBytes(MAX_BODY + 1);
      if (b.length > MAX_BODY) {
        throw new Refusal(413, "the body is larger than " + MAX_BODY + " bytes");
      }
      return b;
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      throw new Refusal(400, "the body could not be read: " + e.getMessage());
    }
  }

  private static ObjectNode error(String text) {
    return PoolJson.object().put("error", text.lines().findFirst().orElse(""));
  }

  private static void send(ServerResponse a, int status, ObjectNode body) {
    byte[] bytes;
    try {
      bytes = JSON.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
    a.status(status);
    a.header(HeaderNames.CONTENT_TYPE, "application/json");
    a.send(bytes);
  }
}
