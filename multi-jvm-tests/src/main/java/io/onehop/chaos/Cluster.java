package io.onehop.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of one pool as processes, in a folder laid out like that of {@code onehop up}. One
 * thread at a time may start and kill.
 */
final class Cluster {
  static final String POOL = "vol0";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int ANSWER_MILLIS = 1_000;
  private static final int STOP_SECONDS = 20;

  /** Ports of a node. */
  record Ports(int control, int data, int api) {}

  private final Path dir;
  private final Network network;
  private final Map<String, Ports> nodes = new LinkedHashMap<>();
  private final int legs;
  private final String options;
  private final Map<String, Process> processes = new LinkedHashMap<>();

  private boolean stopped;

  /**
   * Makes the folder's parts and the configurations; starts nothing.
   *
   * @param options of every process' JVM, separated by blanks; "" for none
   */
  Cluster(Path dir, int legs, String options) throws IOException {
    this.dir = dir;
    this.legs = legs;
    this.options = options;
    List<String> names = new ArrayList<>();
    for (int i = 0; i < legs; i++) {
      names.add("node-" + (char) ('a' + i));
    }
    if (legs % 2 == 0) {
      names.add("witness");
    }
    for (String sub : List.of("conf", "run", "log", "store", "faults")) {
      Files.createDirectories(dir.resolve(sub));
    }
    List<Integer> free = freePorts(names.size() * 3);
    for (int i = 0; i < names.size(); i++) {
      nodes.put(names.get(i), new Ports(free.get(3 * i), free.get(3 * i + 1), free.get(3 * i + 2)));
    }
    network = Network.open(dir, nodes);
    StringBuilder list = new StringBuilder();
    nodes.forEach((name, p) -> list.append("    ").append(network.entry(name, p)).append('\n'));
    for (String name : names) {
      Files.createDirectories(dir.resolve("store").resolve(name));
      Files.createDirectories(dir.resolve("faults").resolve(name));
      Files.writeString(
          conf(name),
          """
          onehop {
            name = %1$s
            data-folder = ../store/%1$s
            pid-file = ../run/%1$s.pid
            log { file = ../log/%1$s.log }
            test { store-faults = ../faults/%1$s }
            nodes = [
          %2$s  ]
          }
          """
              .formatted(name, list));
    }
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    List<Integer> free = new ArrayList<>();
    try {
      while (free.size() < count) {
        ServerSocket s = new ServerSocket();
        held.add(s);
        s.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
        free.add(s.getLocalPort());
      }
    } finally {
      for (ServerSocket s : held) {
        s.close();
      }
    }
    return free;
  }

  Path dir() {
    return dir;
  }

  Network network() {
    return network;
  }

  /** What the JVM of a process is started with. */
  String options(String party) {
    return options + " " + network.option(party);
  }

  private Path conf(String name) {
    return dir.resolve("conf").resolve(name + ".conf");
  }

  Path log(String name) {
    return dir.resolve("log").resolve(name + ".log");
  }

  /** What is wrong with the store of a leg, as text. */
  Path faultFile(String leg) {
    return dir.resolve("faults").resolve(leg).resolve(POOL);
  }

  /** All nodes. */
  List<String> names() {
    return List.copyOf(nodes.keySet());
  }

  /** Nodes with data. */
  List<String> legs() {
    return names().subList(0, legs);
  }

  /** API addresses, as {@code --server} takes them. */
  String servers() {
    List<String> all = new ArrayList<>();
    nodes.values().forEach(p -> all.add("127.0.0.1:" + p.api));
    return String.join(",", all);
  }

  synchronized void start(String name) throws IOException {
    processes.put(name, Launch.process(log(name), false, options(name), "node", "" + conf(name)));
  }

  synchronized boolean runs(String name) {
    Process p = processes.get(name);
    return p != null && p.isAlive();
  }

  synchronized Process process(String name) {
    Process p = processes.get(name);
    if (p == null) {
      throw new IllegalStateException(name + " was never started");
    }
    return p;
  }

  void awaitAnswers(String name) throws ChaosException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (get(name, "/v1/version") == null) {
      if (!runs(name) || System.nanoTime() > end) {
        throw new ChaosException(name + " does not answer, see " + log(name));
      }
      Thread.sleep(50);
    }
  }

  void createPool(long bytes) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Launch.launcher().toString(),
                "pool",
                "create",
                POOL,
                "--size",
                "" + bytes,
                "--data",
                String.join(",", legs()),
                "--server",
                servers()));
    if (legs < names().size()) {
      command.addAll(List.of("--witness", String.join(",", names().subList(legs, names().size()))));
    }
    Tool.Ended e = Tool.run(log("create"), command);
    if (e.code() != 0) {
      throw new ChaosException("pool create: " + e.last());
    }
  }

  /** What keeps the pool from being well, as any node sees it; empty if nothing does. */
  String trouble() {
    for (String name : names()) {
      JsonNode answer = get(name, "/v1/status?pool=" + POOL);
      JsonNode s = answer == null ? null : answer.path("pools").path(0);
      if (s == null || s.path("legs").isEmpty()) {
        return name + " does not answer";
      }
      if (!s.path("phase").asText().equals("ready") || !s.path("waiting").isNull()) {
        return name + " says " + s.path("phase").asText() + ", " + s.path("waiting").asText();
      }
      for (JsonNode l : s.path("legs")) {
        if (!l.path("state").asText().equals("in-sync")) {
          return "%s says that %s is %s: %s"
              .formatted(
                  name,
                  l.path("node").asText(),
                  l.path("state").asText(),
                  l.path("reason").asText());
        }
        if (l.path("missingBytes").asLong() > 0) {
          return name + " says that " + l.path("node").asText() + " misses some blocks";
        }
      }
    }
    return "";
  }

  /** What {@code pool show} says. */
  JsonNode shown() throws ChaosException {
    for (String name : names()) {
      JsonNode s = get(name, "/v1/pools/" + POOL);
      if (s != null) {
        return s;
      }
    }
    throw new ChaosException("no node answers");
  }

  /** GET at a node's API; null if it does not answer well. */
  private @Nullable JsonNode get(String node, String path) {
    Ports p = nodes.get(node);
    if (p == null) {
      throw new IllegalArgumentException("no node " + node);
    }
    try {
      HttpURLConnection c =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + p.api + path).toURL().openConnection(Proxy.NO_PROXY);
      c.setConnectTimeout(ANSWER_MILLIS);
      c.setReadTimeout(ANSWER_MILLIS);
      if (c.getResponseCode() != 200) {
        return null;
      }
      try (InputStream in = c.getInputStream()) {
        return JSON.readTree(in);
      }
    } catch (IOException e) {
      return null;
    }
  }

  /** SIGTERM to all nodes, and waits, once; what had to be killed. */
  synchronized List<String> stop() {
    if (stopped) {
      return List.of();
    }
    stopped = true;
    network.healAll();
    List<String> killed = new ArrayList<>();
    processes.values().forEach(Process::destroy);
    processes.forEach((name, p) -> {
      if (!Launch.ended(p, STOP_SECONDS)) {
        killed.add(name);
        p.destroyForcibly();
        Launch.ended(p, STOP_SECONDS);
      }
    });
    network.close();
    return killed;
  }
}
