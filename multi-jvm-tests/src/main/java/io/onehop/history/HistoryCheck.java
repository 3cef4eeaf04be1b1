package io.onehop.history;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Checks a history. The file is read once to count, and once more for every few million lines of
 * units, so that memory stays bounded whatever its length; each unit takes time in the order of its
 * operations times their logarithm.
 */
public final class HistoryCheck {
  /** How many contradictions are explained. */
  public static final int MOST_EXPLAINED = 5;

  private static final int BYTES_PER_LINE = 40;

  private final Path file;
  private final int mostLines;

  private HistoryCheck(Path file, int mostLines) {
    this.file = file;
    this.mostLines = mostLines;
  }

  /**
   * Checks a file, in a third of the memory that this JVM may have.
   *
   * @throws HistoryException if it is no history
   * @throws IOException if it cannot be read
   */
  public static Verdict of(Path file) throws IOException {
    long room = Runtime.getRuntime().maxMemory() / 3 / BYTES_PER_LINE;
    return of(file, Math.clamp(room, 1 << 10, 1 << 25));
  }

  /** The same with at most so many lines of units in memory, one unit's apart. */
  static Verdict of(Path file, int mostLines) throws IOException {
    return new HistoryCheck(file, mostLines).run();
  }

  private Verdict run() throws IOException {
    int[][] lines = {new int[1 << 10]};
    HistoryReader first =
        new HistoryReader((op, unit, _, _, _) -> {
          if (unit >= lines[0].length) {
            int room = (int) Math.min(Integer.MAX_VALUE - 8L, unit * 2L + 1);
            lines[0] = java.util.Arrays.copyOf(lines[0], room);
          }
          lines[0][unit]++;
        });
    first.read(file);
    int units = Math.min(first.units(), lines[0].length);
    long touched = 0;
    long bad = 0;
    List<String> contradictions = new ArrayList<>();
    for (int from = 0; from < units; ) {
      int to = from;
      long sum = 0;
      while (to < units && (to == from || sum + lines[0][to] <= mostLines)) {
        sum += lines[0][to++];
      }
      if (sum > 0) {
        Ledger ledger = new Ledger(from, to, lines[0]);
        HistoryReader reader = new HistoryReader(ledger);
        reader.read(file);
        for (int unit = from; unit < to; unit++) {
          List<UnitOp> ops = ledger.of(unit, reader.eras());
          touched += ops.isEmpty() ? 0 : 1;
          refuseTwice(unit, ops);
          if (!ops.isEmpty() && !RegisterOrder.exists(ops, reader.eras().count())) {
            bad++;
            if (contradictions.size() < MOST_EXPLAINED) {
              contradictions.add(new Contradiction(unit, ops, first).text());
            }
          }
        }
      }
      from = to;
    }
    Counts c = first.counts();
    return new Verdict(
        c.operations(),
        c.writes,
        c.zeroes,
        c.reads,
        c.flushes,
        c.undecided,
        first.eras().now(),
        touched,
        c.nanos(),
        bad,
        List.copyOf(contradictions));
  }

  private static void refuseTwice(int unit, List<UnitOp> ops) throws HistoryException {
    Set<Integer> written = new HashSet<>();
    for (UnitOp op : ops) {
      if (!op.read() && op.value() != Stamp.ZERO && !written.add(op.value())) {
        throw new HistoryException("value " + op.value() + " is written twice to unit " + unit);
      }
    }
  }
}
