package io.onehop.client;

import io.onehop.transport.Status;
import java.io.IOException;

/** A request to a volume failed, or the volume could not be attached. */
public final class VolumeException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /**
   * An outcome other than OK.
   *
   * @param status one of {@link Status}'s codes
   * @param message in words
   */
  public VolumeException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** One of {@link Status}'s codes. */
  public int status() {
    return status;
  }
}
