package io.onehop.history;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Reads a history once, from its first line to its last, and tells what became of each operation.
 * It holds the operations whose fate is open, nothing else.
 */
final class HistoryReader {
  private static final String TITLE = "onehop-history 1 ";

  /** What operations did, unit by unit; in the order in which their fates were settled. */
  interface Sink {
    /** One unit of a write, or of a read that was answered well. */
    void unit(Operation op, int unit, int value, long returned, boolean certain);
  }

  /** One operation. */
  static final class Operation {
    final long number;
    final int session;
    final char kind;
    final int first;
    final int count;
    final int value;
    final long invoked;
    final int era;
    boolean failed;

    Operation(
        long number,
        int session,
        char kind,
        int first,
        int count,
        int value,
        long invoked,
        int era) {
      this.number = number;
      this.session = session;
      this.kind = kind;
      this.first = first;
      this.count = count;
      this.value = value;
      this.invoked = invoked;
      this.era = era;
    }

    boolean writes() {
      return kind != 'r' && kind != 'f';
    }

    boolean fua() {
      return kind == 'W' || kind == 'Z';
    }
  }

  private final Sink sink;
  private final Map<Long, Operation> open = new HashMap<>();
  private final Map<Integer, Long> ended = new HashMap<>();
  private final Eras eras = new Eras();
  private final Counts counts = new Counts();
  private int unitBytes;
  private int units;
  private long time = Long.MIN_VALUE;
  private long lastOp;

  HistoryReader(Sink sink) {
    this.sink = sink;
  }

  /** Reads all of {@code file}. */
  void read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      Line line = new Line(in);
      if (!line.advance() || !line.text().startsWith(TITLE)) {
        throw line.wrong("no history: it does not begin with '" + TITLE.strip() + "'");
      }
      line.skip(TITLE.length());
      unitBytes = (int) line.number("size of a unit", 1 << 30);
      units = (int) line.number("number of units", Integer.MAX_VALUE);
      line.end();
      while (line.advance()) {
        event(line);
      }
    }
    for (Operation op : open.values()) {
      undecided(op, Long.MAX_VALUE);
    }
  }

  private void event(Line line) throws HistoryException {
    if (line.peek() == '#') {
      return;
    }
    char what = line.letter();
    long now = line.number("time", Long.MAX_VALUE);
    if (now < time) {
      throw line.wrong("goes back in time, from " + time + " to " + now);
    }
    time = now;
    counts.at(now);
    switch (what) {
      case 'i' -> invoked(line);
      case 'o' -> answered(line);
      case 'e' -> {
        Operation op = operation(line);
        op.failed = true;
        counts.failed++;
        if (!op.writes()) {
          open.remove(op.number);
        }
      }
      case 'x' -> sessionEnded((int) line.number("session", Integer.MAX_VALUE));
      case 'p' -> powerLost();
      default -> throw line.wrong("is no event: '" + line.text() + "'");
    }
    line.end();
  }

  private void invoked(Line line) throws HistoryException {
    long number = line.number("operation", Long.MAX_VALUE);
    if (number <= lastOp) {
      throw line.wrong("operation " + number + " comes after " + lastOp + ": numbers must grow");
    }
    lastOp = number;
    int session = (int) line.number("session", Integer.MAX_VALUE);
    char kind = line.letter();
    if ("wWzZrf".indexOf(kind) < 0) {
      throw line.wrong("'" + kind + "' is no kind of operation");
    }
    if (ended.containsKey(session)) {
      throw line.wrong("operation " + number + " begins in session " + session + ", which ended");
    }
    int first = 0;
    int count = 0;
    int value = Stamp.ZERO;
    if (kind != 'f') {
      first = (int) line.number("first unit", Integer.MAX_VALUE);
      count = (int) line.number("number of units", Integer.MAX_VALUE);
      if (count < 1 || (long) first + count > units) {
        throw line.wrong("units " + first + " and " + count + " are not within " + units);
      }
    }
    if (kind == 'w' || kind == 'W') {
      value = (int) line.number("value", Integer.MAX_VALUE);
      if (value == Stamp.ZERO) {
        throw line.wrong("value 0 is for zeroes alone");
      }
    }
    counts.began(kind);
    open.put(number, new Operation(number, session, kind, first, count, value, time, eras.now()));
  }

  private Operation operation(Line line) throws HistoryException {
    long number = line.number("operation", Long.MAX_VALUE);
    Operation op = open.get(number);
    if (op == null || op.failed) {
      throw line.wrong("operation " + number + " was never begun, or was answered before");
    }
    return op;
  }

  private void answered(Line line) throws HistoryException {
    Operation op = operation(line);
    open.remove(op.number);
    counts.answered++;
    // What was under way when the power was lost was done before it, whenever that was heard.
    long returned = Math.min(time, eras.end(op.era));
    if (op.kind == 'f') {
      eras.flushed(op.era, op.invoked);
    } else if (op.kind == 'r') {
      values(line, op, returned);
    } else {
      for (int unit = op.first; unit < op.first + op.count; unit++) {
        sink.unit(op, unit, op.value, returned, true);
      }
    }
  }

  private void values(Line line, Operation op, long returned) throws HistoryException {
    int unit = op.first;
    int end = op.first + op.count;
    do {
      int value = line.take('?') ? Stamp.FOREIGN : (int) line.digits("value", Integer.MAX_VALUE);
      long times = line.take('*') ? line.digits("how often", Integer.MAX_VALUE) : 1;
      if (times > end - unit) {
        throw line.wrong("more values than the " + op.count + " units read");
      }
      for (; times > 0; times--) {
        sink.unit(op, unit++, value, returned, true);
      }
    } while (line.take(','));
    if (unit < end) {
      throw line.wrong("fewer values than the " + op.count + " units read");
    }
  }

  private void sessionEnded(int session) {
    ended.put(session, time);
    for (Iterator<Operation> all = open.values().iterator(); all.hasNext(); ) {
      Operation op = all.next();
      if (op.session == session) {
        all.remove();
        undecided(op, time);
      }
    }
  }

  private void powerLost() {
    eras.powerLost(time);
    List<Operation> failed = new ArrayList<>();
    open.values().stream().filter(op -> op.failed).forEach(failed::add);
    for (Operation op : failed) {
      open.remove(op.number);
      undecided(op, time);
    }
  }

  private void undecided(Operation op, long until) {
    counts.undecided++;
    if (op.writes()) {
      long returned = Math.min(until, eras.end(op.era));
      for (int unit = op.first; unit < op.first + op.count; unit++) {
        sink.unit(op, unit, op.value, returned, false);
      }
    }
  }

  int unitBytes() {
    return unitBytes;
  }

  int units() {
    return units;
  }

  Eras eras() {
    return eras;
  }

  Counts counts() {
    return counts;
  }
}
