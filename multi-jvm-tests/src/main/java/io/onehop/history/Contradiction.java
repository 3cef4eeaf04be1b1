package io.onehop.history;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * As few operations of a unit as contradict each other. What is left out could not have made the
 * rest possible: later events, reads, and values together with all their reads; writes of zeroes
 * stay, for a read of zeroes may be of any of them, and those of long before are only counted.
 */
final class Contradiction {
  private final int unit;
  private final HistoryReader history;
  private final int eras;
  private List<UnitOp> ops;

  /** The operations must have no order. */
  Contradiction(int unit, List<UnitOp> ops, HistoryReader history) {
    this.unit = unit;
    this.history = history;
    this.eras = history.eras().count();
    this.ops = ops;
    shortenTime();
    List<Integer> values = new ArrayList<>(new TreeSet<>(ops.stream().map(UnitOp::value).toList()));
    values.removeIf(value -> value == Stamp.ZERO);
    leaveOut(values, (op, value) -> op.value() == value);
    List<Long> reads =
        new ArrayList<>(this.ops.stream().filter(UnitOp::read).map(UnitOp::number).toList());
    leaveOut(reads, (op, number) -> op.read() && op.number() == number);
  }

  /** The operations that are left, by their invocation. */
  List<UnitOp> ops() {
    return ops.stream().sorted(Comparator.comparingLong(UnitOp::invoked)).toList();
  }

  /** Finds the first moment at which there is no order any more. */
  private void shortenTime() {
    List<Long> ends = new ArrayList<>(new TreeSet<>(ops.stream().map(UnitOp::returned).toList()));
    int low = 0;
    int high = ends.size() - 1;
    while (low < high) {
      int mid = (low + high) >>> 1;
      if (possible(until(ends.get(mid)))) {
        low = mid + 1;
      } else {
        high = mid;
      }
    }
    ops = until(ends.get(high));
  }

  private List<UnitOp> until(long end) {
    List<UnitOp> kept = new ArrayList<>();
    for (UnitOp op : ops) {
      if (op.returned() <= end) {
        kept.add(op);
      } else if (!op.read() && op.invoked() <= end) {
        kept.add(op.unanswered(history.eras().end(op.era())));
      }
    }
    return kept;
  }

  private boolean possible(List<UnitOp> some) {
    return RegisterOrder.exists(some, eras);
  }

  private interface Belongs<T> {
    boolean to(UnitOp op, T thing);
  }

  /** Leaves out half of the things, a quarter, … as long as the rest still contradicts itself. */
  private <T> void leaveOut(List<T> things, Belongs<T> belongs) {
    for (int size = things.size(); size > 0; size /= 2) {
      for (int i = 0; i < things.size(); ) {
        List<T> chunk = things.subList(i, Math.min(things.size(), i + size));
        Predicate<UnitOp> out = op -> chunk.stream().anyMatch(thing -> belongs.to(op, thing));
        List<UnitOp> rest = ops.stream().filter(out.negate()).toList();
        if (possible(rest)) {
          i += size;
        } else {
          ops = rest;
          chunk.clear();
        }
      }
    }
  }

  /** Several lines. */
  String text() {
    int bytes = history.unitBytes();
    StringBuilder b = new StringBuilder();
    b.append(
        "VIOLATION at unit %d (byte %d): no order of these explains them:"
            .formatted(unit, (long) unit * bytes));
    long begin = Long.MAX_VALUE;
    for (UnitOp op : ops) {
      begin = op.read() || op.value() != Stamp.ZERO ? Math.min(begin, op.invoked()) : begin;
    }
    long zeroesBefore = 0;
    for (UnitOp op : ops()) {
      if (!op.read() && op.value() == Stamp.ZERO && op.returned() < begin) {
        zeroesBefore++;
        continue;
      }
      b.append('\n').append("  ").append(line(op));
    }
    if (zeroesBefore > 0) {
      b.append("\n  and ").append(zeroesBefore).append(" writes of zeroes before all of them");
    }
    return b.toString();
  }

  private String line(UnitOp op) {
    String value =
        switch (op.value()) {
          case Stamp.FOREIGN -> "content that no write left";
          case Stamp.ZERO -> "zeroes";
          default -> "value " + op.value();
        };
    String outcome =
        op.certain()
            ? ""
            : op.returned() == Long.MAX_VALUE
                ? " (never answered)"
                : " (unanswered when its session ended or the power went)";
    return "%s .. %s  operation %d %s %s%s%s%s"
        .formatted(
            at(op.invoked()),
            op.returned() == Long.MAX_VALUE ? "            ?" : at(op.returned()),
            op.number(),
            op.read() ? "read" : "wrote",
            value,
            outcome,
            op.durable() ? ", durable" : "",
            eras > 1 ? ", after " + op.era() + " losses of power" : "");
  }

  /** Seconds since the first event. */
  private String at(long time) {
    return String.format(Locale.ROOT, "%13.6f", (time - history.counts().first()) / 1e9);
  }
}
