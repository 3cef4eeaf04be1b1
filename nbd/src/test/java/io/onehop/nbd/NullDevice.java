package io.onehop.nbd;

import io.onehop.client.BlockDevice;
import io.onehop.transport.Buf;
import io.onehop.transport.Status;

/** Completes everything at once and does nothing: what remains is the server's own cost. */
final class NullDevice implements BlockDevice {
  private final long size;

  NullDevice(long size) {
    this.size = size;
  }

  @Override
  public long sizeBytes() {
    return size;
  }

  @Override
  public void read(long offset, int length, Buf into, int at, Completion done) {
    done.complete(Status.OK);
  }

  @Override
  public void write(long offset, int length, Buf from, int at, boolean fua, Completion done) {
    done.complete(Status.OK);
  }

  @Override
  public void writeZeroes(long offset, long length, boolean punch, boolean fua, Completion done) {
    done.complete(Status.OK);
  }

  @Override
  public void trim(long offset, long length, boolean fua, Completion done) {
    done.complete(Status.OK);
  }

  @Override
  public void flush(Completion done) {
    done.complete(Status.OK);
  }
}
