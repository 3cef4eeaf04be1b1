package io.onehop.multijvm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** The folder of a cluster, laid out like that of {@code onehop up}: configurations and ports. */
final class ClusterFiles {
  private final Path dir;
  private final UnaryOperator<String> hosts;
  private final boolean faulty;
  private final Map<String, Ports> ports = new LinkedHashMap<>();

  /** Addresses of a node. */
  record Ports(int control, int data, int api) {}

  /**
   * Makes the folders and the nodes' configurations, with free ports.
   *
   * @param hosts host of a node's control and data address
   * @param faulty stores fail as {@link #faults} says
   */
  ClusterFiles(Path dir, List<String> names, UnaryOperator<String> hosts, boolean faulty) {
    this.dir = dir;
    this.hosts = hosts;
    this.faulty = faulty;
    List<Integer> free = freePorts(names.size() * 3);
    for (int i = 0; i < names.size(); i++) {
      ports.put(names.get(i), new Ports(free.get(3 * i), free.get(3 * i + 1), free.get(3 * i + 2)));
    }
    try {
      for (String sub : List.of("conf", "run", "log", "store", "faults")) {
        Files.createDirectories(dir.resolve(sub));
      }
      for (String name : names) {
        Files.createDirectories(dir.resolve("store").resolve(name));
        Files.createDirectories(dir.resolve("faults").resolve(name));
        Files.writeString(conf(name), confText(name));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A node's configuration. */
  String confText(String name) {
    StringBuilder list = new StringBuilder();
    ports.forEach((node, p) ->
        list.append("    { name = %s, control = \"%s\"".formatted(node, at(node, p.control)))
            .append(", data = \"%s\"".formatted(at(node, p.data)))
            .append(", api = \"127.0.0.1:%d\" }\n".formatted(p.api)));
    return """
    onehop {
      name = %1$s
      data-folder = ../store/%1$s
      pid-file = ../run/%1$s.pid
      log { file = ../log/%1$s.log }
      %3$s
      nodes = [
    %2$s  ]
    }
    """
        .formatted(name, list, faulty ? "test { store-faults = ../faults/" + name + " }" : "");
  }

  private String at(String node, int port) {
    return hosts.apply(node) + ":" + port;
  }

  /** Ports that nobody listens on. */
  static List<Integer> freePorts(int count) {
    List<ServerSocket> held = new ArrayList<>();
    List<Integer> free = new ArrayList<>();
    try {
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
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return free;
  }

  Path dir() {
    return dir;
  }

  Path conf(String name) {
    return dir.resolve("conf").resolve(name + ".conf");
  }

  /** The file that says what is wrong with a leg's store. */
  Path faults(String leg, String pool) {
    return dir.resolve("faults").resolve(leg).resolve(pool);
  }

  Path log(String name) {
    return dir.resolve("log").resolve(name + ".log");
  }

  /** In the order of the configuration. */
  List<String> names() {
    return List.copyOf(ports.keySet());
  }

  Ports ports(String name) {
    Ports p = ports.get(name);
    if (p == null) {
      throw new IllegalArgumentException("no node " + name);
    }
    return p;
  }

  /** API addresses, as {@code --server} takes them. */
  String servers() {
    List<String> all = new ArrayList<>();
    ports.values().forEach(p -> all.add("127.0.0.1:" + p.api));
    return String.join(",", all);
  }
}
