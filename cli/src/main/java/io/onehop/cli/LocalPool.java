package io.onehop.cli;

import io.onehop.node.ConfigError;
import io.onehop.node.NodeSettings;
import io.onehop.protocol.model.Endpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The folder of `onehop up`: {@code conf/NAME.conf}, {@code run/NAME.pid}, {@code log/NAME.log},
 * {@code store/NAME/}. Ports are chosen once and kept in {@code conf/}.
 */
final class LocalPool {
  /** Name of the pool that `up` makes. */
  static final String POOL = "vol0";

  static final String WITNESS = "witness";

  private final Path dir;
  private final List<NodeSettings> nodes;

  private LocalPool(Path dir, List<NodeSettings> nodes) {
    this.dir = dir;
    this.nodes = List.copyOf(nodes);
  }

  /** An existing folder. */
  static LocalPool open(Path given) {
    Path dir = given.toAbsolutePath().normalize();
    Path conf = dir.resolve("conf");
    if (!Files.isDirectory(conf)) {
      throw new Failure(
          Failure.INPUT,
          given + " has no conf/: it was not made by `onehop up --dir " + given + "`");
    }
    List<NodeSettings> nodes = new ArrayList<>();
    try (Stream<Path> files = Files.list(conf)) {
      for (Path f : files.filter(p -> p.toString().endsWith(".conf")).sorted().toList()) {
        nodes.add(NodeSettings.read(f));
      }
    } catch (ConfigError e) {
      throw new Failure(Failure.INPUT, String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new Failure(Failure.INPUT, "cannot read " + conf + ": " + Failure.text(e), e);
    }
    if (nodes.isEmpty()) {
      throw new Failure(Failure.INPUT, conf + " holds no NAME.conf");
    }
    return new LocalPool(dir, nodes);
  }

  /** Whether {@code dir} was made before. */
  static boolean exists(Path dir) {
    return Files.isDirectory(dir.resolve("conf"));
  }

  /**
   * Makes the folder for {@code legs} data nodes, with free ports; an even number of them gets a
   * witness, so that the number of voters is odd.
   */
  static LocalPool create(Path given, int legs) {
    Path dir = given.toAbsolutePath().normalize();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < legs; i++) {
      names.add("node-" + (char) ('a' + i));
    }
    if (legs % 2 == 0) {
      names.add(WITNESS);
    }
    try {
      List<Integer> ports = freePorts(names.size() * 3);
      StringBuilder list = new StringBuilder();
      for (int i = 0; i < names.size(); i++) {
        list.append("    { name = ").append(names.get(i));
        String[] kinds = {"control", "data", "api"};
        for (int k = 0; k < kinds.length; k++) {
          list.append(", ").append(kinds[k]).append(" = \"127.0.0.1:").append(ports.get(3 * i + k));
          list.append('"');
        }
        list.append(" }\n");
      }
      for (String sub : List.of("run", "log", "store", "new-conf")) {
        Files.createDirectories(dir.resolve(sub));
      }
      for (String name : names) {
        Files.createDirectories(dir.resolve("store").resolve(name));
        Files.writeString(
            dir.resolve("new-conf").resolve(name + ".conf"),
            """
            onehop {
              name = %1$s
              data-folder = ../store/%1$s
              pid-file = ../run/%1$s.pid
              log { file = ../log/%1$s.log }
              nodes = [
            %2$s  ]
            }
            """
                .formatted(name, list));
      }
      Files.move(dir.resolve("new-conf"), dir.resolve("conf"));
    } catch (IOException e) {
      throw new Failure(Failure.REFUSED, "cannot make " + dir + ": " + Failure.text(e), e);
    }
    return open(dir);
  }

  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    List<Integer> ports = new ArrayList<>();
    try {
      while (ports.size() < count) {
        ServerSocket s = new ServerSocket();
        held.add(s);
        s.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
        ports.add(s.getLocalPort());
      }
    } finally {
      for (ServerSocket s : held) {
        s.close();
      }
    }
    return ports;
  }

  Path dir() {
    return dir;
  }

  List<NodeSettings> nodes() {
    return nodes;
  }

  /** How many of the nodes hold data. */
  int legs() {
    return (int) nodes.stream().filter(n -> !n.name().equals(WITNESS)).count();
  }

  /** API addresses of all nodes. */
  List<Endpoint> apis() {
    return nodes.getFirst().nodes().stream().map(n -> n.api()).toList();
  }

  Path conf(String name) {
    return dir.resolve("conf").resolve(name + ".conf");
  }

  Path log(String name) {
    return dir.resolve("log").resolve(name + ".log");
  }

  Path run() {
    return dir.resolve("run");
  }

  Path clientPid() {
    return run().resolve("client.pid");
  }

  /** The client's live process. */
  Optional<ProcessHandle> client() {
    return Processes.named(clientPid(), "attach");
  }

  /** A node's live process, whoever started it. */
  Optional<ProcessHandle> node(String name) {
    return Processes.named(run().resolve(name + ".pid"), name + ".conf");
  }

  Path socket() {
    return dir.resolve("nbd.sock");
  }
}
