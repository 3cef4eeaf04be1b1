package io.onehop.nbd.transmission;

import io.onehop.nbd.wire.Nbd;

/** Every reason to refuse a request, once; what is behind it may assume validity. */
final class RequestValidator {
  private RequestValidator() {}

  /**
   * Judges a request by its header alone.
   *
   * @param length unsigned 32 bits
   * @param structured structured replies were agreed
   * @param context base:allocation was agreed
   * @return 0, or the error to answer
   */
  static int validate(
      int command,
      int flags,
      long offset,
      long length,
      long size,
      boolean structured,
      boolean context) {
    int known =
        switch (command) {
          case Nbd.CMD_READ -> structured ? Nbd.CMD_FLAG_DF : 0;
          case Nbd.CMD_WRITE, Nbd.CMD_FLUSH, Nbd.CMD_TRIM, Nbd.CMD_CACHE -> 0;
          case Nbd.CMD_WRITE_ZEROES -> Nbd.CMD_FLAG_NO_HOLE | Nbd.CMD_FLAG_FAST_ZERO;
          case Nbd.CMD_BLOCK_STATUS -> Nbd.CMD_FLAG_REQ_ONE;
          default -> -1;
        };
    if (known < 0) {
      return Nbd.EINVAL;
    }
    // FUA is legal with every command; where nothing is written it has no effect
    if ((flags & ~(known | Nbd.CMD_FLAG_FUA)) != 0) {
      return Nbd.EINVAL;
    }
    if (command == Nbd.CMD_FLUSH) {
      return offset == 0 && length == 0 ? 0 : Nbd.EINVAL;
    }
    if (command == Nbd.CMD_READ && length > Nbd.MAX_PAYLOAD) {
      return Nbd.EINVAL;
    }
    if (offset < 0 || offset > size || length > size - offset) {
      boolean growing = command == Nbd.CMD_WRITE || command == Nbd.CMD_WRITE_ZEROES;
      return growing ? Nbd.ENOSPC : Nbd.EINVAL;
    }
    if (command == Nbd.CMD_BLOCK_STATUS && (!context || length == 0)) {
      return Nbd.EINVAL;
    }
    if ((flags & Nbd.CMD_FLAG_FAST_ZERO) != 0 && length > 0 && !zeroesFast(flags, offset, length)) {
      return Nbd.ENOTSUP;
    }
    return 0;
  }

  /**
   * Zeroing is faster than writing if no data go over the network and the store may punch: leave to
   * make holes, and at least one whole block (less is read, merged and written).
   */
  private static boolean zeroesFast(int flags, long offset, long length) {
    long block = Nbd.PREFERRED_BLOCK;
    long firstWhole = Math.ceilDiv(offset, block);
    long endWhole = (offset + length) / block;
    return (flags & Nbd.CMD_FLAG_NO_HOLE) == 0 && endWhole > firstWhole;
  }
}
