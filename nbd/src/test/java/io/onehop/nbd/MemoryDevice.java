package io.onehop.nbd;

import io.onehop.client.BlockDevice;
import io.onehop.transport.Buf;
import io.onehop.transport.Loop;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A device on an array. Requests take effect in the order of submission; it completes at once, or
 * in a random order after random delays of up to some milliseconds. A write's buffer is released
 * later than its completion, as the real engine may do. Tests turn its knobs on the loop.
 */
final class MemoryDevice implements BlockDevice {
  private final Loop loop;
  private final byte[] bytes;
  private final @Nullable Random delays;

  /** What everything completes with. */
  int status = Status.OK;

  /** Completions are kept back while set. */
  boolean held;

  final List<Runnable> heldBack = new ArrayList<>();
  int inFlight;
  int maxInFlight;
  long flushes;
  long fuas;
  long trims;
  long punches;

  /** With a seed, completions come late and out of order. */
  MemoryDevice(Loop loop, int size, @Nullable Long seed) {
    this.loop = loop;
    this.bytes = new byte[size];
    this.delays = seed == null ? null : new Random(seed);
  }

  byte[] content() {
    return bytes;
  }

  void letGo() {
    held = false;
    List<Runnable> all = List.copyOf(heldBack);
    heldBack.clear();
    all.forEach(Runnable::run);
  }

  @Override
  public long sizeBytes() {
    return bytes.length;
  }

  @Override
  public void read(long offset, int length, Buf into, int at, Completion done) {
    into.retain();
    byte[] found = Arrays.copyOfRange(bytes, (int) offset, (int) offset + length);
    later(() -> {
      ByteBuffer view = into.view(at, length);
      view.put(found);
      into.done(view);
      into.release();
      done.complete(status);
    });
  }

  @Override
  public void write(long offset, int length, Buf from, int at, boolean fua, Completion done) {
    fuas += fua ? 1 : 0;
    from.retain();
    byte[] given = new byte[length];
    get(from, at, given);
    if (status == Status.OK) {
      System.arraycopy(given, 0, bytes, (int) offset, length);
    }
    later(() -> {
      byte[] still = new byte[length];
      get(from, at, still);
      if (!Arrays.equals(given, still)) {
        throw new AssertionError("a write's bytes changed before its completion");
      }
      done.complete(status);
      if (delays == null) {
        from.release();
      } else {
        loop.execute(from::release);
      }
    });
  }

  private static void get(Buf from, int at, byte[] to) {
    ByteBuffer view = from.view(at, to.length);
    view.get(to);
    from.done(view);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean punch, boolean fua, Completion done) {
    fuas += fua ? 1 : 0;
    punches += punch ? 1 : 0;
    Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
    later(() -> done.complete(status));
  }

  @Override
  public void trim(long offset, long length, boolean fua, Completion done) {
    fuas += fua ? 1 : 0;
    trims++;
    long from = Math.ceilDiv(offset, 4096L) * 4096;
    long to = (offset + length) / 4096 * 4096;
    if (to > from) {
      Arrays.fill(bytes, (int) from, (int) to, (byte) 0);
    }
    later(() -> done.complete(status));
  }

  @Override
  public void flush(Completion done) {
    flushes++;
    later(() -> done.complete(status));
  }

  private void later(Runnable completion) {
    inFlight++;
    maxInFlight = Math.max(maxInFlight, inFlight);
    Runnable run =
        () -> {
          inFlight--;
          completion.run();
        };
    if (held) {
      heldBack.add(run);
    } else if (delays == null) {
      run.run();
    } else {
      loop.schedule(delays.nextInt(3_000_000), run);
    }
  }
}
