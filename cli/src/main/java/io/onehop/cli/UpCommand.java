package io.onehop.cli;

import io.onehop.nbd.wire.NbdAddress;
import io.onehop.node.pools.CreateRequest;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A local pool to try. */
@Command(
    name = "up",
    header = "Starts a local pool to try: data nodes, a witness if needed, and an NBD client.",
    description = {
      "",
      "Prints `ready URI` when the pool serves. Ctrl-C stops everything in order; a"
          + " second `up` on the same folder goes on with its data. An even number of legs"
          + " gets a witness, so that the number of voters is odd; an odd number needs"
          + " none."
    },
    mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
  @Option(
      names = "--dir",
      required = true,
      paramLabel = "DIR",
      description = "Folder of everything.")
  private Path dir = Path.of(".");

  @Option(names = "--size", paramLabel = "SIZE", description = "Size of the pool (default 1G).")
  private @Nullable String size;

  @Option(names = "--legs", paramLabel = "N", description = "Data legs, 1 to 5 (default 2).")
  private @Nullable Integer legs;

  @Option(
      names = "--nbd",
      paramLabel = "unix:PATH|tcp:HOST:PORT",
      description = "Where NBD is served (default: unix:DIR/nbd.sock).")
  private @Nullable String nbd;

  @Override
  public Integer call() {
    if (legs != null && (legs < 1 || legs > CreateRequest.MAX_DATA)) {
      throw new Failure(
          Failure.USAGE,
          "--legs " + legs + ": a pool has 1 to " + CreateRequest.MAX_DATA + " legs");
    }
    if (size != null && usage(() -> Units.bytes(java.util.Objects.requireNonNull(size))) < 1) {
      throw new Failure(Failure.USAGE, "--size: a pool has at least one byte");
    }
    Path socket = dir.toAbsolutePath().normalize().resolve("nbd.sock");
    NbdAddress at = address(nbd == null ? "unix:" + socket : nbd);
    Upper up = Upper.in(dir, legs);
    Signals.onStop(0, up::close);
    boolean ok = false;
    try {
      up.startNodes();
      up.createPool(size);
      String uri = up.startClient(at);
      if (!Upper.within(30, up::inSync)) {
        System.err.println(
            "onehop: warning: not every leg is in sync after 30 s (see `onehop status`)");
      }
      System.out.println("ready " + uri);
      System.out.flush();
      ok = true;
    } finally {
      // After a signal the stop is on its way already, and waits for it here would be in its way.
      if (!ok && !Signals.stopping()) {
        up.closeOwn();
      }
    }
    Upper.forEver().join();
    return 0;
  }

  /** Where NBD is to be served; what is wrong with it is wrong usage. */
  static NbdAddress address(String text) {
    if (text.equals("unix:")) {
      throw new Failure(Failure.USAGE, "'unix:' names no path: write unix:PATH");
    }
    return usage(() -> NbdAddress.parse(text));
  }

  /** What is wrong with an option is wrong usage. */
  static <T> T usage(java.util.function.Supplier<T> parse) {
    try {
      return parse.get();
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, String.valueOf(e.getMessage()), e);
    }
  }
}
