package io.onehop.cli;

import io.onehop.protocol.model.Endpoint;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a command finds its nodes. */
final class Target {
  private static final Endpoint DEFAULT = new Endpoint("localhost", 7412);

  @Option(
      names = "--server",
      paramLabel = "HOST:PORT[,...]",
      description =
          "API addresses of one or more nodes (default: $ONEHOP_SERVER, else localhost:7412).")
  private @Nullable String server;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "A folder made by `onehop up`; all its nodes are asked.")
  private @Nullable Path dir;

  /** The folder given, or null. */
  @Nullable Path dir() {
    return dir;
  }

  /** The nodes to ask. */
  Api api() {
    if (server != null && dir != null) {
      throw new Failure(Failure.USAGE, "--server and --dir exclude each other");
    }
    if (dir != null) {
      return new Api(LocalPool.open(dir).apis());
    }
    String env = System.getenv("ONEHOP_SERVER");
    String text = server != null ? server : env;
    if (text == null || (server == null && text.isBlank())) {
      return new Api(List.of(DEFAULT));
    }
    try {
      return new Api(Api.endpoints(text));
    } catch (IllegalArgumentException e) {
      throw new Failure(
          Failure.USAGE, (server != null ? "--server: " : "$ONEHOP_SERVER: ") + e.getMessage(), e);
    }
  }
}
