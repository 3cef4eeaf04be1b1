package io.onehop.client;

import io.onehop.transport.Buf;

/**
 * An attached pool on its data loop: asynchronous, allocation-free, any byte range (unaligned
 * ranges are read, merged and written under the range lock). Every method is called on the loop;
 * completions are delivered on the loop, possibly before the call returns. Nothing here is ordered
 * but by completion: overlapping requests that are in flight together take effect in the order of
 * submission.
 */
public interface BlockDevice {
  /** Receives the outcome of one request. */
  interface Completion {
    /**
     * The request is over for the application.
     *
     * @param status {@link io.onehop.transport.Status} OK, IO_ERROR, NO_SPACE, INVALID, FENCED (the
     *     session ended), or AGAIN (nothing was done: not attached yet, or too many in flight)
     */
    void complete(int status);
  }

  /** Size in bytes. */
  long sizeBytes();

  /** Fills {@code into[at, at + length)}; retains {@code into} until completion. */
  void read(long offset, int length, Buf into, int at, Completion done);

  /**
   * Writes {@code from[at, at + length)}; retains {@code from} until the data is on every leg
   * (which may be after an error was reported, rule 3.7): its bytes must not change before its last
   * release.
   */
  void write(long offset, int length, Buf from, int at, boolean fua, Completion done);

  /** Makes the range read as zeroes; {@code punch} gives leave to make holes. */
  void writeZeroes(long offset, long length, boolean punch, boolean fua, Completion done);

  /** As writeZeroes with leave to punch, rounded inward to blocks (rule 3.9). */
  void trim(long offset, long length, boolean fua, Completion done);

  /** Everything completed before is durable on every leg of the write set. */
  void flush(Completion done);
}
