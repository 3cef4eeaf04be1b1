package io.onehop.cli;

import io.onehop.node.NodeMain;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** One storage node. */
@Command(
    name = "node",
    header = "Runs one storage node in the foreground, until SIGTERM or Ctrl-C.",
    mixinStandardHelpOptions = true)
final class NodeCommand implements Callable<Integer> {
  @Parameters(paramLabel = "CONFIG", description = "The node's configuration file.")
  private Path config = Path.of("");

  @Override
  public Integer call() throws Exception {
    Signals.heedInterrupt();
    Processes.endWithParent();
    return NodeMain.run(config, System.err);
  }
}
