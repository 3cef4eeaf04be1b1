package io.onehop.nbd.handshake;

import io.onehop.nbd.wire.Nbd;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What is offered: one pool, under its own name and as the default export "".
 *
 * @param name the pool's name
 * @param description for people, may be empty
 * @param sizeBytes size, positive
 */
public record Export(String name, String description, long sizeBytes) {
  public Export {
    if (name.getBytes(StandardCharsets.UTF_8).length > Nbd.MAX_STRING
        || description.getBytes(StandardCharsets.UTF_8).length > Nbd.MAX_STRING) {
      throw new IllegalArgumentException("an export's name or description is too long");
    }
    if (sizeBytes <= 0) {
      throw new IllegalArgumentException("an export of " + sizeBytes + " bytes");
    }
  }

  /** Whether a client that asks for {@code wanted} (UTF-8) means this export. */
  boolean answersTo(byte[] wanted) {
    return wanted.length == 0 || Arrays.equals(wanted, name.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Transmission flags. CAN_MULTI_CONN: the device's flush and FUA cover all that completed before,
   * on whatever connection.
   */
  static int flags(boolean structured) {
    return Nbd.HAS_FLAGS
        | Nbd.SEND_FLUSH
        | Nbd.SEND_FUA
        | Nbd.SEND_TRIM
        | Nbd.SEND_WRITE_ZEROES
        | Nbd.CAN_MULTI_CONN
        | Nbd.SEND_CACHE
        | Nbd.SEND_FAST_ZERO
        | (structured ? Nbd.SEND_DF : 0);
  }
}
