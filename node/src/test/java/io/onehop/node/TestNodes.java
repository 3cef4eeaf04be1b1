package io.onehop.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Real nodes in this process, on free ports, in a temporary folder; spoken to by HTTP. */
final class TestNodes implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** An answer of the API. */
  record Answer(int status, JsonNode body) {
    String error() {
      return body.path("error").asText();
    }
  }

  private final Path folder;
  private final Map<String, Path> configs = new LinkedHashMap<>();
  private final Map<String, Integer> api = new LinkedHashMap<>();
  private final Map<String, Node> running = new LinkedHashMap<>();
  private final AtomicReference<@Nullable Throwable> fatal = new AtomicReference<>();
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  TestNodes(Path folder, String... names) throws IOException {
    this.folder = folder;
    List<Integer> ports = freePorts(names.length * 3);
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < names.length; i++) {
      api.put(names[i], ports.get(3 * i + 2));
      list.append(
          "{ name = %s, control = \"127.0.0.1:%d\", data = \"127.0.0.1:%d\", api = \"127.0.0.1:%d\" }\n"
              .formatted(names[i], ports.get(3 * i), ports.get(3 * i + 1), ports.get(3 * i + 2)));
    }
    for (String name : names) {
      String text =
          "onehop { name = %s, data-folder = store/%s, pid-file = run/%s.pid, nodes = [\n%s] }\n"
              .formatted(name, name, name, list);
      configs.put(name, Files.writeString(folder.resolve(name + ".conf"), text));
    }
  }

  private static List<Integer> freePorts(int n) throws IOException {
    List<ServerSocket> open = new ArrayList<>();
    List<Integer> ports = new ArrayList<>();
    try {
      for (int i = 0; i < n; i++) {
        ServerSocket s = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        open.add(s);
        ports.add(s.getLocalPort());
      }
    } finally {
      for (ServerSocket s : open) {
        s.close();
      }
    }
    return ports;
  }

  Path folder() {
    return folder;
  }

  NodeSettings settings(String name) throws ConfigError {
    Path config = configs.get(name);
    if (config == null) {
      throw new IllegalArgumentException(name);
    }
    return NodeSettings.read(config);
  }

  Node start(String name) throws ConfigError, StartError {
    Node node = Node.start(settings(name), fatal::set);
    running.put(name, node);
    return node;
  }

  void stop(String name) {
    Node node = running.remove(name);
    if (node != null) {
      node.close();
    }
  }

  Answer call(String node, String method, String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.get(node) + path))
            .timeout(Duration.ofSeconds(60))
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> r = http.send(request, HttpResponse.BodyHandlers.ofString());
    return new Answer(r.statusCode(), JSON.readTree(r.body()));
  }

  Answer get(String node, String path) throws Exception {
    return call(node, "GET", path, "");
  }

  String text(String node, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.get(node) + path)).build();
    return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  JsonNode pool(String node, String name) throws Exception {
    return get(node, "/v1/status?pool=" + name).body().path("pools").path(0);
  }

  @Override
  public void close() {
    List.copyOf(running.keySet()).forEach(this::stop);
    http.close();
    Throwable bug = fatal.get();
    if (bug != null) {
      throw new AssertionError("a data loop died", bug);
    }
  }
}
