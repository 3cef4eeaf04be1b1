package io.onehop.netfault;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Links between processes on this machine, by pairs and directions. A node's control and data
 * addresses must be configured as {@link #host} and its port; every process, node or client, runs
 * with its own {@link #javaOption}. Nodes listen on 127.0.0.1; what one party sends to another goes
 * through a relay that drops nothing that TCP would not lose: while a direction is cut, bytes wait,
 * as they would for retransmission, and new connections of the pair hang. Methods may be called by
 * any thread; a change is in effect when they return.
 */
public final class FaultNet implements AutoCloseable {
  private static final int MOST_PARTIES = 250;
  private static final int TRIES = 20;

  /**
   * A party that listens.
   *
   * @param name its name
   * @param ports the ports on which it listens at 127.0.0.1
   */
  public record Node(String name, List<Integer> ports) {
    /** Copies the list. */
    public Node {
      ports = List.copyOf(ports);
    }
  }

  private final Path folder;
  private final List<Node> nodes;
  private final int network;
  private final Map<String, Integer> parties = new LinkedHashMap<>();
  private final Relays relays;

  private FaultNet(Path folder, List<Node> nodes, int network, Relays relays) {
    this.folder = folder;
    this.nodes = List.copyOf(nodes);
    this.network = network;
    this.relays = relays;
  }

  /**
   * A network in which nothing is cut.
   *
   * @param folder where the processes' hosts files are kept
   * @param nodes everybody who listens
   * @throws IOException if no listening address is free, or the files cannot be written
   */
  public static FaultNet open(Path folder, List<Node> nodes) throws IOException {
    Files.createDirectories(folder);
    IOException last = new IOException("no nodes");
    for (int i = 0; i < TRIES; i++) {
      // Another network on the same ports may be there: each has its own 127.N.0.0/16.
      FaultNet net =
          new FaultNet(folder, nodes, ThreadLocalRandom.current().nextInt(16, 250), new Relays());
      try {
        for (Node n : nodes) {
          net.party(n.name());
        }
        return net;
      } catch (IOException e) {
        net.close();
        last = e;
      }
    }
    throw last;
  }

  /** What stands for a node's host in every configuration. */
  public static String host(String node) {
    return node + ".fault";
  }

  /**
   * The option for the JVM of one party: a node, or any name for a client. A process started with
   * it again is the same party.
   */
  public synchronized String javaOption(String party) {
    try {
      party(party);
    } catch (IOException e) {
      throw new IllegalStateException("cannot add " + party + " to the network", e);
    }
    return "-Djdk.net.hosts.file=" + hosts(party);
  }

  private Path hosts(String party) {
    return folder.resolve(party + ".hosts");
  }

  private synchronized void party(String name) throws IOException {
    if (parties.containsKey(name)) {
      return;
    }
    int own = parties.size() + 1;
    if (own > MOST_PARTIES) {
      throw new IOException("more than " + MOST_PARTIES + " parties");
    }
    StringBuilder hosts = new StringBuilder("127.0.0.1 localhost " + machine() + "\n");
    List<ServerSocketChannel> opened = new ArrayList<>();
    try {
      for (int i = 0; i < nodes.size(); i++) {
        Node to = nodes.get(i);
        boolean self = to.name().equals(name);
        String address = self ? "127.0.0.1" : "127." + network + "." + own + "." + (i + 1);
        hosts.append(address).append(' ').append(host(to.name())).append('\n');
        for (int port : self ? List.<Integer>of() : to.ports()) {
          ServerSocketChannel listening = ServerSocketChannel.open();
          opened.add(listening);
          listening.bind(new InetSocketAddress(InetAddress.ofLiteral(address), port), 64);
          relays.listen(listening, name, to.name(), port);
        }
      }
      Files.writeString(hosts(name), hosts);
    } catch (IOException e) {
      for (ServerSocketChannel c : opened) {
        c.close();
      }
      throw e;
    }
    parties.put(name, own);
  }

  /** A hosts file is all that its process knows: this machine's own name, too. */
  private static String machine() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "";
    }
  }

  /** Silent in both directions. */
  public void cut(String one, String other) {
    relays.change(gates -> {
      gates.way(one, other).cut = true;
      gates.way(other, one).cut = true;
    });
  }

  /** What {@code from} sends does not arrive at {@code to}; no new connection between them does. */
  public void cutOneWay(String from, String to) {
    relays.change(gates -> gates.way(from, to).cut = true);
  }

  /** Every connection between the two is reset, and so is every new one. */
  public void refuse(String one, String other) {
    relays.change(gates -> {
      gates.way(one, other).refused = true;
      gates.way(other, one).refused = true;
    });
  }

  /** What {@code from} sends arrives at {@code to} so much later. */
  public void delay(String from, String to, Duration by) {
    relays.change(gates -> gates.way(from, to).delayNanos = by.toNanos());
  }

  /** Nothing is wrong between the two any more. */
  public void heal(String one, String other) {
    relays.change(gates -> {
      gates.way(one, other).heal();
      gates.way(other, one).heal();
    });
  }

  /** Nothing is wrong any more. */
  public void healAll() {
    relays.change(Gates::healAll);
  }

  /** Bytes that have arrived at {@code to} from {@code from}. */
  public long bytes(String from, String to) {
    return relays.ask(gates -> gates.way(from, to).bytes);
  }

  /** Resets every connection and stops listening. */
  @Override
  public void close() {
    relays.close();
  }
}
