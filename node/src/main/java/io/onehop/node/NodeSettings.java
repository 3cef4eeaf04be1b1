package io.onehop.node;

import com.typesafe.config.Config;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node's configuration file says, checked.
 *
 * @param file the file it was read from, absolute
 * @param name this node's name
 * @param dataFolder folder of this node's pools, absolute
 * @param pidFile file that holds the pid while the node runs, absolute
 * @param log where the log goes and how much of it
 * @param nodes every node of the cluster, this one among them, in the file's order
 * @param storeFaults for tests only: folder of files that tell which faults the stores of this node
 *     have, absolute; null (the default): none
 * @param pekko the file's {@code pekko} block (may be empty), laid over this module's defaults
 */
public record NodeSettings(
    Path file,
    String name,
    Path dataFolder,
    Path pidFile,
    LogSettings log,
    List<NodeAddress> nodes,
    @Nullable Path storeFaults,
    Config pekko) {

  /** Copies the list. */
  public NodeSettings {
    nodes = List.copyOf(nodes);
  }

  /**
   * Logging.
   *
   * @param file absolute, or null for stderr
   * @param level one of error, warn, info, debug
   */
  public record LogSettings(@Nullable Path file, String level) {}

  /**
   * Reads and checks {@code file}.
   *
   * @throws ConfigError one line naming the file and the key; the caller exits with 4
   */
  public static NodeSettings read(Path file) throws ConfigError {
    return new SettingsReader(file.toAbsolutePath().normalize()).read();
  }

  /** This node's own addresses. */
  public NodeAddress self() {
    return nodes.stream().filter(n -> n.name().equals(name)).findFirst().orElseThrow();
  }

  /** The node of this name, or null. */
  public @Nullable NodeAddress node(String wanted) {
    return nodes.stream().filter(n -> n.name().equals(wanted)).findFirst().orElse(null);
  }
}
