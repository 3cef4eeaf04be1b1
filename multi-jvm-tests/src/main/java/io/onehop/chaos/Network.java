package io.onehop.chaos;

import io.onehop.netfault.FaultNet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The links between the processes, and how a configuration names their ends. */
final class Network implements AutoCloseable {
  private final FaultNet net;

  private Network(FaultNet net) {
    this.net = net;
  }

  static Network open(Path dir, Map<String, Cluster.Ports> nodes) throws IOException {
    List<FaultNet.Node> all = new ArrayList<>();
    nodes.forEach((name, p) -> all.add(new FaultNet.Node(name, List.of(p.control(), p.data()))));
    return new Network(FaultNet.open(dir.resolve("net"), all));
  }

  /** A node's line in every node's configuration. */
  String entry(String name, Cluster.Ports p) {
    String host = FaultNet.host(name);
    return "{ name = %s, control = \"%s:%d\", data = \"%s:%d\", api = \"127.0.0.1:%d\" }"
        .formatted(name, host, p.control(), host, p.data(), p.api());
  }

  /** What a process must be started with. */
  String option(String party) {
    return net.javaOption(party);
  }

  FaultNet net() {
    return net;
  }

  void healAll() {
    net.healAll();
  }

  @Override
  public void close() {
    net.close();
  }
}
