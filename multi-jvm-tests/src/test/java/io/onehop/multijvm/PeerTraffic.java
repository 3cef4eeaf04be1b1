package io.onehop.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/** Bytes that the nodes have sent to each other, as the kernel counts them. */
final class PeerTraffic {
  private static final Pattern ENDS =
      Pattern.compile("ESTAB\\s+\\d+\\s+\\d+\\s+\\S+:(\\d+)\\s+\\S+:(\\d+)");
  private static final Pattern PID = Pattern.compile("pid=(\\d+)");
  private static final Pattern COUNTS = Pattern.compile("bytes_(?:sent|received):(\\d+)");

  private PeerTraffic() {}

  /**
   * Sent and received on all live connections that a node of the cluster has opened to a node; the
   * clients' are not among them.
   */
  static long bytes(LocalCluster cluster) {
    // One line per socket: ends, processes, counters.
    Dist.Ended ss = Dist.tool(cluster.dir(), 10, "sh", "-c", "ss -HtniOp");
    if (ss.code() != 0) {
      System.out.println("SKIPPED: traffic between nodes cannot be counted: " + ss.err().strip());
      Assumptions.abort("no usable ss");
    }
    Set<Integer> ports = new HashSet<>();
    Set<Long> pids = new HashSet<>();
    for (String node : cluster.names()) {
      ClusterFiles.Ports p = cluster.files().ports(node);
      ports.add(p.control());
      ports.add(p.data());
      pids.add(cluster.process(node).pid());
    }
    long bytes = 0;
    int connections = 0;
    for (String line : ss.out().lines().toList()) {
      Matcher ends = ENDS.matcher(line);
      Matcher pid = PID.matcher(line);
      if (ends.find()
          && pid.find()
          && ports.contains(Integer.parseInt(ends.group(2)))
          && pids.contains(Long.parseLong(pid.group(1)))) {
        connections++;
        for (Matcher m = COUNTS.matcher(line); m.find(); ) {
          bytes += Long.parseLong(m.group(1));
        }
      }
    }
    assertThat(connections).as("connections between the nodes").isPositive();
    return bytes;
  }

  /** Bytes of content that the nodes have sent to each other, by their own counters. */
  static long served(LocalCluster cluster) throws IOException {
    long bytes = 0;
    for (String node : cluster.names()) {
      bytes += served(cluster, node);
    }
    return bytes;
  }

  /** The same for one node. */
  static long served(LocalCluster cluster, String node) throws IOException {
    return figure(cluster, node, "served_to_peers_bytes_total");
  }

  /** What a node's metrics say of its only pool. */
  static long figure(LocalCluster cluster, String node, String name) throws IOException {
    URI metrics = URI.create("http://127.0.0.1:" + cluster.files().ports(node).api() + "/metrics");
    String begin = "onehop_pool_" + name + "{";
    try (InputStream in = metrics.toURL().openStream()) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      String line = text.lines().filter(l -> l.startsWith(begin)).findFirst().orElseThrow();
      return Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
    }
  }
}
