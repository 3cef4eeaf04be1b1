package io.onehop.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The {@code onehop} command: every other command hangs below it. */
@Command(
    name = "onehop",
    description = "Active-active replicated block storage in one network hop.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "`onehop COMMAND --help` explains a command.",
      "Exit codes: 0 done, 1 it ran and the answer is no, 2 wrong usage, 3 cannot be",
      "reached or refused, 4 wrong or damaged input, 130 interrupted."
    },
    subcommands = {
      DemoCommand.class,
      UpCommand.class,
      StatusCommand.class,
      NodeCommand.class,
      PoolCommand.class,
      AttachCommand.class,
      VerifyCommand.class,
      SimulateCommand.class,
      TrainCommand.class,
      ChaosCommand.class,
      BenchCommand.class
    })
public final class Main implements Runnable {
  private static final String DEBUG = "--debug";

  @Spec private @Nullable CommandSpec spec;

  @Option(names = DEBUG, scope = ScopeType.INHERIT, description = "Show stack traces of errors.")
  private boolean debug;

  private Main() {}

  /** The process: runs one command and ends with its exit code. */
  public static void main(String[] args) {
    int code = run(args);
    Signals.ending();
    System.exit(code);
  }

  /** Runs one command; its exit code. */
  static int run(String... args) {
    Main main = new Main();
    CommandLine line = new CommandLine(main);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler(Main::wrongUsage);
    line.setExecutionExceptionHandler((e, command, parsed) -> failed(e, main.debug));
    if (List.of(args).contains(DEBUG)) {
      System.setProperty("onehop.debug", "true");
    }
    String unknown = unknownCommand(line, args);
    if (unknown != null) {
      System.err.println("onehop: " + unknown);
      return Failure.USAGE;
    }
    return line.execute(args);
  }

  /** What to say if a word stands where a command should and is none; null if all is well. */
  private static @Nullable String unknownCommand(CommandLine line, String... args) {
    CommandLine at = line;
    for (String word : args) {
      if (word.equals(DEBUG)) {
        continue;
      }
      if (word.startsWith("-") || at.getSubcommands().isEmpty()) {
        return null;
      }
      CommandLine next = at.getSubcommands().get(word);
      if (next == null) {
        String name = at.getCommandSpec().qualifiedName();
        String known = String.join(", ", at.getSubcommands().keySet());
        return "'" + word + "' is no command: " + name + " has " + known;
      }
      at = next;
    }
    return null;
  }

  private static int wrongUsage(ParameterException e, String[] args) {
    if (List.of(args).contains(DEBUG)) {
      e.printStackTrace();
    }
    CommandLine command = e.getCommandLine();
    System.err.println(
        "onehop: "
            + Failure.text(e)
            + " (see `"
            + command.getCommandSpec().qualifiedName()
            + " --help`)");
    return Failure.USAGE;
  }

  private static int failed(Exception e, boolean debug) {
    if (Signals.stopping()) {
      return Signals.INTERRUPTED;
    }
    if (debug) {
      e.printStackTrace();
    }
    System.err.println("onehop: " + Failure.text(e));
    return e instanceof Failure f ? f.exitCode() : Failure.REFUSED;
  }

  @Override
  public void run() {
    throw needsCommand(spec);
  }

  /** The error of a command that does nothing without one of its subcommands. */
  static ParameterException needsCommand(@Nullable CommandSpec spec) {
    CommandLine line = java.util.Objects.requireNonNull(spec).commandLine();
    String all = String.join(", ", line.getSubcommands().keySet());
    return new ParameterException(line, "say which command: " + all);
  }

  /** The version that the build wrote into the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      @Nullable String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"onehop " + (version == null ? "(not packaged)" : version)};
    }
  }
}
