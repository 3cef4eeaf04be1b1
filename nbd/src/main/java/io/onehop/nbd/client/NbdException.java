package io.onehop.nbd.client;

import io.onehop.nbd.wire.Nbd;
import java.io.IOException;

/** A request that the server refused or could not do; the connection goes on. */
public final class NbdException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int error;

  NbdException(String request, int error) {
    super(request + ": " + Nbd.errorName(error));
    this.error = error;
  }

  /** One of {@link Nbd}'s errors. */
  public int error() {
    return error;
  }
}
