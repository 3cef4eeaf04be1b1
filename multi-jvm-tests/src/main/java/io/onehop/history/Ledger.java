package io.onehop.history;

import java.util.ArrayList;
import java.util.List;

/** What was done to some neighbouring units, in columns: a few tens of bytes per line. */
final class Ledger implements HistoryReader.Sink {
  private static final int READ = 1;
  private static final int CERTAIN = 2;
  private static final int FUA = 4;
  private static final int FLAGS = 3;

  private final int from;
  private final int to;
  private final int[] starts;
  private final long[] number;
  private final long[] invoked;
  private final long[] returned;
  private final int[] value;
  private final int[] eraAndFlags;

  /**
   * Room for the units from {@code from} to {@code to} (not included).
   *
   * @param lines how many lines each unit of the device has
   */
  Ledger(int from, int to, int[] lines) {
    this.from = from;
    this.to = to;
    this.starts = new int[to - from + 1];
    int room = 0;
    for (int unit = from; unit < to; unit++) {
      starts[unit - from] = room;
      room += lines[unit];
    }
    // Each start is moved on as its unit fills up; in the end it is the next one's.
    starts[to - from] = room;
    number = new long[room];
    invoked = new long[room];
    returned = new long[room];
    value = new int[room];
    eraAndFlags = new int[room];
  }

  @Override
  public void unit(HistoryReader.Operation op, int unit, int seen, long settled, boolean certain) {
    if (unit < from || unit >= to) {
      return;
    }
    int i = starts[unit - from]++;
    number[i] = op.number;
    invoked[i] = op.invoked;
    returned[i] = settled;
    value[i] = seen;
    eraAndFlags[i] =
        op.era << FLAGS | (op.writes() ? 0 : READ) | (certain ? CERTAIN : 0) | (op.fua() ? FUA : 0);
  }

  /** All that was done to a unit. Only after everything was read. */
  List<UnitOp> of(int unit, Eras eras) {
    int begin = unit == from ? 0 : starts[unit - from - 1];
    int end = starts[unit - from];
    List<UnitOp> all = new ArrayList<>(end - begin);
    for (int i = begin; i < end; i++) {
      boolean read = (eraAndFlags[i] & READ) != 0;
      boolean certain = (eraAndFlags[i] & CERTAIN) != 0;
      boolean fua = (eraAndFlags[i] & FUA) != 0;
      int era = eraAndFlags[i] >>> FLAGS;
      boolean durable = !read && certain && (fua || eras.durable(era, returned[i]));
      all.add(
          new UnitOp(number[i], read, value[i], invoked[i], returned[i], certain, durable, era));
    }
    return all;
  }
}
