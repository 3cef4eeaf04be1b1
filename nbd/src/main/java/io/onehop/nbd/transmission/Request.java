package io.onehop.nbd.transmission;

import io.onehop.client.BlockDevice;
import io.onehop.transport.Buf;
import org.jspecify.annotations.Nullable;

/** One request in flight; reused. */
final class Request implements BlockDevice.Completion {
  private final CommandLoop owner;

  int command;
  int flags;
  long cookie;
  long offset;

  /** Unsigned 32 bits of the request. */
  long length;

  /** Error found before a refused write's payload was drained. */
  int refused;

  /** Bytes taken from the budget. */
  int budgeted;

  /** Where read data land, ours until they are sent. */
  @Nullable Buf data;

  Request(CommandLoop owner) {
    this.owner = owner;
  }

  @Override
  public void complete(int status) {
    owner.completed(this, status);
  }
}
