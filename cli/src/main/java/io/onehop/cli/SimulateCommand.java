package io.onehop.cli;

import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The simulator, which only a checkout has. */
@Command(
    name = "simulate",
    header = "Runs the real rules over a simulated network, clock and disks (checkout only).",
    mixinStandardHelpOptions = true)
final class SimulateCommand implements Callable<Integer> {
  @Option(names = "--seeds", paramLabel = "N", description = "How many seeds (default 1000).")
  private long seeds = 1000;

  @Option(names = "--from", paramLabel = "S", description = "The first seed (default 1).")
  private long from = 1;

  @Option(names = "--threads", paramLabel = "N", description = "Default: all processors.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Override
  public Integer call() throws Exception {
    if (seeds < 1 || threads < 1) {
      throw new Failure(Failure.USAGE, "--seeds and --threads are 1 or more");
    }
    try {
      return (Integer)
          Class.forName("io.onehop.sim.SimulateMain")
              .getMethod("run", long.class, long.class, int.class, PrintStream.class)
              .invoke(null, seeds, from, threads, System.out);
    } catch (ClassNotFoundException e) {
      throw new Failure(
          Failure.REFUSED, "the simulator is not part of a distribution: use a checkout", e);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }
}
