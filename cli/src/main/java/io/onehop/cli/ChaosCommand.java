package io.onehop.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Long runs of random faults on real processes: not there yet, and says so. */
@Command(
    name = "chaos",
    header = "Random faults on real processes for a long time (not possible yet).",
    mixinStandardHelpOptions = true)
final class ChaosCommand implements Callable<Integer> {
  @Option(names = "--minutes", paramLabel = "N", description = "How long.")
  private int minutes = 10;

  @Option(names = "--seed", paramLabel = "S", description = "What is drawn.")
  private long seed = 1;

  @Override
  public Integer call() {
    throw new Failure(
        Failure.USAGE,
        "chaos is not possible yet: `onehop simulate --seeds "
            + Math.max(1, minutes) * 1000L
            + " --from "
            + seed
            + "` draws faults over simulated processes");
  }
}
