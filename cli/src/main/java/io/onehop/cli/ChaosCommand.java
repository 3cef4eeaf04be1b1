package io.onehop.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Long runs of random faults on real processes, which only a checkout has. */
@Command(
    name = "chaos",
    header = "Random faults on real processes under load, and a verdict (checkout only).",
    description = {
      "",
      "Starts a pool of own processes and a client, loads it through NBD (a checker"
          + " that records a history, fio with checksums, nbdcopy), and kills, pauses,"
          + " restarts and cuts off whatever it draws. Exit code 0 only if every answer can"
          + " be explained and all legs are identical."
    },
    mixinStandardHelpOptions = true)
final class ChaosCommand implements Callable<Integer> {
  private static final int MOST_LEGS = 5;
  private static final int MOST_MINUTES = 60 * 24 * 30;

  @Option(names = "--minutes", paramLabel = "N", description = "How long (default 10).")
  private double minutes = 10;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Of all that is drawn (default: a new one, which is printed).")
  private @Nullable Long seed;

  @Option(names = "--legs", paramLabel = "K", description = "Data legs, 2 to 5 (default 2).")
  private int legs = 2;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Make and keep this folder (default: a temporary one, kept if it went wrong).")
  private @Nullable Path dir;

  @Option(names = "--require-tools", description = "Refuse to go without fio, nbdcopy and nbdkit.")
  private boolean requireTools;

  @Override
  public Integer call() throws Exception {
    if (!(minutes * 60 >= 1 && minutes <= MOST_MINUTES)) {
      throw new Failure(
          Failure.USAGE, "--minutes is 1/60 (a second) to " + MOST_MINUTES + ", for example 0.5");
    }
    if (legs < 2 || legs > MOST_LEGS) {
      throw new Failure(Failure.USAGE, "--legs is 2 to " + MOST_LEGS);
    }
    Long given = seed;
    Object run =
        make(
            Math.max(1, Math.round(minutes * 60)),
            given != null ? given : new SplittableRandom().nextInt(Integer.MAX_VALUE));
    Signals.onStop(
        Signals.INTERRUPTED,
        () -> {
          try {
            ((AutoCloseable) run).close();
          } catch (Exception e) {
            System.err.println("onehop: " + Failure.text(e));
          }
        });
    return (Integer) ((Callable<?>) run).call();
  }

  private Object make(long seconds, long drawn) throws Exception {
    try {
      Class<?> settings = Class.forName("io.onehop.chaos.Settings");
      return Class.forName("io.onehop.chaos.Chaos")
          .getConstructor(settings, PrintStream.class, PrintStream.class)
          .newInstance(
              settings.getConstructors()[0].newInstance(seconds, drawn, legs, dir, requireTools),
              System.out,
              System.err);
    } catch (ClassNotFoundException e) {
      throw new Failure(Failure.REFUSED, "chaos is not part of a distribution: use a checkout", e);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IOException cause) {
        throw new Failure(Failure.REFUSED, Failure.text(cause), cause);
      }
      throw e;
    }
  }
}
