package io.onehop.history;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.IntUnaryOperator;
import java.util.function.LongSupplier;

/**
 * Appends what is asked and answered to a new file. An invocation is recorded before the request is
 * sent, a return after its answer came. Any thread may call; every call takes the recorder's lock.
 * A file that cannot be written ends in an {@link UncheckedIOException}.
 */
public final class HistoryRecorder implements AutoCloseable {
  private final OutputStream out;
  private final LongSupplier clock;
  private final StringBuilder line = new StringBuilder();
  private long lastOp;
  private int lastSession;
  private int lastValue;

  /**
   * Begins a history of a device that reads zeroes.
   *
   * @param file must not exist
   * @param unitBytes size of a unit
   * @param units how many there are
   * @param clock nanoseconds; the same for all that goes into one history
   */
  public HistoryRecorder(Path file, int unitBytes, int units, LongSupplier clock) {
    this.clock = clock;
    try {
      this.out =
          new BufferedOutputStream(
              Files.newOutputStream(file, StandardOpenOption.CREATE_NEW), 1 << 16);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    synchronized (this) {
      line.append("onehop-history 1 ").append(unitBytes).append(' ').append(units);
      end();
    }
  }

  /** The number of a new session. */
  public synchronized int newSession() {
    return ++lastSession;
  }

  /** A value that was never given out before. */
  public synchronized int newValue() {
    if (lastValue == Integer.MAX_VALUE) {
      throw new IllegalStateException("a history has at most 2^31-1 values");
    }
    return ++lastValue;
  }

  /** A write of {@code value} (from {@link #newValue}) begins; its number. */
  public synchronized long write(int session, int first, int count, int value, boolean fua) {
    invoke(session, fua ? 'W' : 'w', first, count);
    line.append(' ').append(value);
    return end();
  }

  /** A write of zeroes, or a trim, begins; its number. */
  public synchronized long zeroes(int session, int first, int count, boolean fua) {
    invoke(session, fua ? 'Z' : 'z', first, count);
    return end();
  }

  /** A read begins; its number. */
  public synchronized long read(int session, int first, int count) {
    invoke(session, 'r', first, count);
    return end();
  }

  /** A flush begins; its number. */
  public synchronized long flush(int session) {
    head('i').append(++lastOp).append(' ').append(session).append(" f");
    return end();
  }

  private void invoke(int session, char kind, int first, int count) {
    head('i').append(++lastOp).append(' ').append(session).append(' ').append(kind);
    line.append(' ').append(first).append(' ').append(count);
  }

  /** A write or flush was answered well. */
  public synchronized void done(long op) {
    head('o').append(op);
    end();
  }

  /**
   * A read was answered well.
   *
   * @param valueAt of the units read, from 0 on; {@link Stamp#FOREIGN} for what no write left
   */
  public void done(long op, int count, IntUnaryOperator valueAt) {
    StringBuilder values = new StringBuilder();
    for (int i = 0; i < count; ) {
      int value = valueAt.applyAsInt(i);
      int next = i + 1;
      while (next < count && valueAt.applyAsInt(next) == value) {
        next++;
      }
      values.append(i == 0 ? " " : ",");
      if (value == Stamp.FOREIGN) {
        values.append('?');
      } else {
        values.append(value);
      }
      if (next - i > 1) {
        values.append('*').append(next - i);
      }
      i = next;
    }
    synchronized (this) {
      head('o').append(op).append(values);
      end();
    }
  }

  /** An operation was answered with an error; one without any answer needs no line at all. */
  public synchronized void failed(long op) {
    head('e').append(op);
    end();
  }

  /** Nothing of a session can take effect any more. */
  public synchronized void sessionEnded(int session) {
    head('x').append(session);
    end();
  }

  /** Every copy has lost power. */
  public synchronized void powerLost() {
    line.append("p ").append(clock.getAsLong());
    end();
  }

  /** Something for human readers: one line. */
  public synchronized void remark(String text) {
    line.append("# ").append(text.replaceAll("\\R", " "));
    end();
  }

  private StringBuilder head(char kind) {
    return line.append(kind).append(' ').append(clock.getAsLong()).append(' ');
  }

  private long end() {
    try {
      out.write(line.append('\n').toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    line.setLength(0);
    return lastOp;
  }

  /** Everything recorded so far is in the file. */
  public synchronized void flush() {
    try {
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
