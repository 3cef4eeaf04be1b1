package io.onehop.node.resync;

import io.onehop.node.books.LegBooks;
import io.onehop.node.books.MediaErrors;
import io.onehop.node.books.Ops;
import io.onehop.protocol.model.LegState;
import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import io.onehop.transport.Status;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256 of a range at a confirmed position (rule 5.6). On the leg's data thread. */
public final class Digests {
  /** Largest range of one digest, bytes: what one turn of the loop can bear. */
  public static final int RANGE = 256 * 1024;

  /** Bytes of a digest. */
  public static final int BYTES = 32;

  /** Receives a digest. */
  public interface Taker {
    /**
     * The outcome.
     *
     * @param status OK, AGAIN where the range is not confirmed now, or MISSING where the medium has
     *     lost some of it
     * @param digest {@link #BYTES} bytes; meaningless unless OK
     */
    void digest(int status, byte[] digest);
  }

  private final LegBooks books;
  private final Ops ops;
  private final BufPool bufs;
  private final MediaErrors media;
  private final MessageDigest sha;

  /** Buffers come from {@code bufs}; reads that fail go to {@code media}. */
  public Digests(LegBooks books, Ops ops, BufPool bufs, MediaErrors media) {
    this.books = books;
    this.ops = ops;
    this.bufs = bufs;
    this.media = media;
    try {
      this.sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Whether the range is at a confirmed position here, and this leg in sync. */
  public int judge(long offset, long length) {
    if (books.state() != LegState.IN_SYNC) {
      return Status.NOT_IN_SYNC;
    }
    if (books.missesAny(offset / 4096, (offset + length) / 4096)) {
      return Status.MISSING;
    }
    boolean moving =
        ops.writing(offset, length)
            || books.disk.unconfirmed().overlapping(offset, length) != 0
            || books.disk.carried().intersects(offset / 4096, (offset + length) / 4096);
    return moving ? Status.AGAIN : Status.OK;
  }

  /**
   * Reads and digests.
   *
   * @param length at most {@link #RANGE}
   * @param asItIs whatever is there, confirmed or not
   */
  public void digest(long offset, int length, boolean asItIs, Taker taker) {
    int status = asItIs ? Status.OK : judge(offset, length);
    if (status != Status.OK) {
      taker.digest(status, new byte[BYTES]);
      return;
    }
    Ops.Op op = ops.take();
    Buf buf = bufs.take(length);
    op.kind = Ops.Kind.READ;
    op.offset = offset;
    op.length = length;
    op.buf = buf;
    op.from = 0;
    op.owner =
        (o, s) -> {
          ByteBuffer v = buf.view(0, length);
          if (s == Status.OK) {
            sha.update(v);
          }
          buf.done(v);
          if (s == Status.IO_ERROR) {
            media.failed(
                offset,
                length,
                lost -> taker.digest(lost == 0 ? Status.AGAIN : Status.MISSING, new byte[BYTES]));
          } else {
            taker.digest(s, s == Status.OK ? sha.digest() : new byte[BYTES]);
          }
        };
    ops.submit(
        op,
        null,
        payload -> {
          throw new IllegalStateException("a read has no payload");
        });
  }
}
