package io.onehop.history;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** {@code java … io.onehop.history.CheckHistory FILE}: checks a recorded history. */
public final class CheckHistory {
  private static final int HOLDS = 0;
  private static final int VIOLATED = 1;
  private static final int USAGE = 2;
  private static final int REFUSED = 3;
  private static final int INPUT = 4;

  private CheckHistory() {}

  /** Prints the verdict; exit code 0 if it holds, 1 if not, 2 to 4 if it cannot be said. */
  public static void main(String[] args) {
    System.exit(run(System.out, System.err, args));
  }

  static int run(PrintStream out, PrintStream err, String... args) {
    if (args.length != 1 || args[0].startsWith("-")) {
      err.println("usage: CheckHistory FILE (a recorded history, see package io.onehop.history)");
      return USAGE;
    }
    try {
      Verdict verdict = HistoryCheck.of(Path.of(args[0]));
      out.println(verdict.text());
      return verdict.good() ? HOLDS : VIOLATED;
    } catch (HistoryException e) {
      err.println(args[0] + ", " + e.getMessage());
      return INPUT;
    } catch (NoSuchFileException e) {
      err.println(args[0] + ": no such file");
      return REFUSED;
    } catch (IOException e) {
      err.println(args[0] + ": " + e.getMessage());
      return REFUSED;
    }
  }
}
