package io.onehop.nbd.client;

import io.onehop.nbd.wire.Nbd;
import io.onehop.nbd.wire.NbdAddress;
import io.onehop.nbd.wire.NbdUri;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One NBD connection with many requests in flight. Requests are submitted by any thread, one at a
 * time; a thread of the client's own receives the replies and calls back. Either every submitted
 * request is called back exactly once, or its submission threw.
 */
public final class NbdClient implements AutoCloseable, ReplyReader.Waiting {
  /** Called once per request, on the receiving thread (or the closing one). */
  @FunctionalInterface
  public interface Callback {
    /**
     * The outcome of a request.
     *
     * @param error 0, one of {@link Nbd}'s errors, or {@link #DISCONNECTED}
     */
    void done(int error);
  }

  /** The connection ended before the answer: the request may or may not have been done. */
  public static final int DISCONNECTED = -1;

  /** Requests in flight; submitting one more waits. */
  public static final int MAX_IN_FLIGHT = 128;

  private static final class Slot {
    @Nullable Callback callback;
    @Nullable ByteBuffer target;
    long offset;
  }

  private final SocketChannel channel;
  private final Negotiation agreed;
  private final Thread receiver;
  private final Slot[] slots = new Slot[MAX_IN_FLIGHT];
  private final int[] free = new int[MAX_IN_FLIGHT];
  private int freeCount = MAX_IN_FLIGHT;
  private @Nullable String ended;

  private final Object sending = new Object();
  private final ByteBuffer[] headerOnly = {ByteBuffer.allocateDirect(Nbd.REQUEST_BYTES)};
  private final ByteBuffer[] withPayload = {headerOnly[0], headerOnly[0]};

  private NbdClient(SocketChannel channel, Negotiation agreed) {
    this.channel = channel;
    this.agreed = agreed;
    for (int i = 0; i < MAX_IN_FLIGHT; i++) {
      slots[i] = new Slot();
      free[i] = i;
    }
    this.receiver = new Thread(this::receive, "nbd-client");
    receiver.setDaemon(true);
  }

  /** Connects with structured replies if the server has them; see the other method. */
  public static NbdClient connect(String uri) throws IOException {
    return connect(uri, true);
  }

  /**
   * Connects and negotiates; blocks.
   *
   * @param uri {@code nbd://…} or {@code nbd+unix://…}
   * @param structured ask for structured replies
   * @throws IOException if there is no such server or export; the message says which
   */
  public static NbdClient connect(String uri, boolean structured) throws IOException {
    NbdUri target = NbdUri.parse(uri);
    SocketAddress address = target.address().socketAddress();
    boolean unix = target.address() instanceof NbdAddress.Unix;
    SocketChannel channel =
        unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
    try {
      channel.connect(address);
      if (!unix) {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      }
      Negotiation agreed = Negotiation.run(channel, target.export(), structured);
      NbdClient client = new NbdClient(channel, agreed);
      client.receiver.start();
      return client;
    } catch (IOException e) {
      channel.close();
      throw new IOException(uri + ": " + e.getMessage(), e);
    }
  }

  /** Size of the export. */
  public long sizeBytes() {
    return agreed.sizeBytes();
  }

  /** Transmission flags, see {@link Nbd}. */
  public int flags() {
    return agreed.flags();
  }

  /** Whether replies are structured. */
  public boolean structured() {
    return agreed.structured();
  }

  /** Why the connection ended; null while it lives. */
  public synchronized @Nullable String endedBecause() {
    return ended;
  }

  /** Requests submitted and not answered. */
  public synchronized int inFlight() {
    return MAX_IN_FLIGHT - freeCount;
  }

  /**
   * Fills {@code into} from its position, which stays, to its limit with what is at {@code offset}.
   */
  public void read(long offset, ByteBuffer into, Callback done) throws IOException {
    submit(Nbd.CMD_READ, 0, offset, into.remaining(), into, null, done);
  }

  /** Writes {@code from}, position to limit; its bytes must not change before the answer. */
  public void write(long offset, ByteBuffer from, boolean fua, Callback done) throws IOException {
    int flags = fua ? Nbd.CMD_FLAG_FUA : 0;
    submit(Nbd.CMD_WRITE, flags, offset, from.remaining(), null, from, done);
  }

  /** Makes everything answered before durable. */
  public void flush(Callback done) throws IOException {
    submit(Nbd.CMD_FLUSH, 0, 0, 0, null, null, done);
  }

  /** Discards a range; {@code length} up to 4 GiB - 1. */
  public void trim(long offset, long length, boolean fua, Callback done) throws IOException {
    submit(Nbd.CMD_TRIM, fua ? Nbd.CMD_FLAG_FUA : 0, offset, length, null, null, done);
  }

  /** Zeroes a range, with leave to make holes if {@code punch}; {@code length} up to 4 GiB - 1. */
  public void writeZeroes(long offset, long length, boolean punch, boolean fua, Callback done)
      throws IOException {
    int flags = (fua ? Nbd.CMD_FLAG_FUA : 0) | (punch ? 0 : Nbd.CMD_FLAG_NO_HOLE);
    submit(Nbd.CMD_WRITE_ZEROES, flags, offset, length, null, null, done);
  }

  /** Reads and waits. */
  public void read(long offset, ByteBuffer into) throws IOException {
    await("read at " + offset, done -> read(offset, into, done));
  }

  /** Writes and waits. */
  public void write(long offset, ByteBuffer from, boolean fua) throws IOException {
    await("write at " + offset, done -> write(offset, from, fua, done));
  }

  /** Flushes and waits. */
  public void flush() throws IOException {
    await("flush", this::flush);
  }

  /** Trims and waits. */
  public void trim(long offset, long length, boolean fua) throws IOException {
    await("trim at " + offset, done -> trim(offset, length, fua, done));
  }

  /** Zeroes and waits. */
  public void writeZeroes(long offset, long length, boolean punch, boolean fua) throws IOException {
    await("zeroes at " + offset, done -> writeZeroes(offset, length, punch, fua, done));
  }

  /** Says goodbye and closes; requests in flight end as {@link #DISCONNECTED}. */
  @Override
  public void close() {
    try {
      synchronized (sending) {
        if (endedBecause() == null) {
          send(Nbd.CMD_DISC, 0, 0, 0, 0, null);
        }
      }
    } catch (IOException e) {
      // The other end is gone already.
    }
    end("closed by us");
  }

  private interface Submission {
    void to(Callback done) throws IOException;
  }

  private void await(String what, Submission submission) throws IOException {
    CompletableFuture<Integer> outcome = new CompletableFuture<>();
    submission.to(outcome::complete);
    int error = outcome.join();
    if (error == DISCONNECTED) {
      throw new IOException(what + ": disconnected: " + endedBecause());
    }
    if (error != 0) {
      throw new NbdException(what, error);
    }
  }

  private void submit(
      int command,
      int flags,
      long offset,
      long length,
      @Nullable ByteBuffer target,
      @Nullable ByteBuffer payload,
      Callback done)
      throws IOException {
    int cookie = takeSlot(offset, target, done);
    try {
      synchronized (sending) {
        send(command, flags, cookie, offset, length, payload);
      }
    } catch (IOException e) {
      end(e.getMessage() == null ? e.toString() : e.getMessage()); // calls back this one too
    }
  }

  private void send(
      int command, int flags, long cookie, long offset, long length, @Nullable ByteBuffer payload)
      throws IOException {
    ByteBuffer header = headerOnly[0].clear();
    header.putInt(Nbd.REQUEST_MAGIC).putShort((short) flags).putShort((short) command);
    header.putLong(cookie).putLong(offset).putInt((int) length).flip();
    if (payload == null) {
      while (header.hasRemaining()) {
        channel.write(header);
      }
    } else {
      withPayload[1] = payload;
      while (payload.hasRemaining() || header.hasRemaining()) {
        channel.write(withPayload);
      }
      withPayload[1] = header;
    }
  }

  private synchronized int takeSlot(long offset, @Nullable ByteBuffer target, Callback done)
      throws IOException {
    while (freeCount == 0 && ended == null) {
      if (Thread.currentThread().equals(receiver)) {
        throw new IllegalStateException("a callback may submit one request, not more");
      }
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new java.io.InterruptedIOException("interrupted");
      }
    }
    if (ended != null) {
      throw new IOException("disconnected: " + ended);
    }
    int i = free[--freeCount];
    Slot s = slots[i];
    s.callback = done;
    s.target = target;
    s.offset = offset;
    return i;
  }

  private void receive() {
    ReplyReader reader = new ReplyReader(channel, this);
    try {
      while (true) {
        reader.next();
      }
    } catch (IOException e) {
      end(e.getMessage() == null ? e.toString() : e.getMessage());
    } catch (RuntimeException e) {
      end("a callback failed: " + e);
      throw e;
    }
  }

  @Override
  public @Nullable ByteBuffer target(long cookie) throws IOException {
    synchronized (this) {
      if (cookie < 0 || cookie >= MAX_IN_FLIGHT || slots[(int) cookie].callback == null) {
        throw new IOException("a reply to no request of ours");
      }
      return slots[(int) cookie].target;
    }
  }

  @Override
  public synchronized long offset(long cookie) {
    return slots[(int) cookie].offset;
  }

  @Override
  public void done(long cookie, int error) {
    Callback callback;
    synchronized (this) {
      callback = vacate((int) cookie);
    }
    if (callback != null) {
      callback.done(error);
    }
  }

  private @Nullable Callback vacate(int i) {
    Slot s = slots[i];
    Callback callback = s.callback;
    if (callback != null) {
      s.callback = null;
      s.target = null;
      free[freeCount++] = i;
      notifyAll();
    }
    return callback;
  }

  private void end(String why) {
    try {
      channel.close();
    } catch (IOException e) {
      // Closed as far as we are concerned.
    }
    for (int i = 0; i < MAX_IN_FLIGHT; i++) {
      Callback callback;
      synchronized (this) {
        if (ended == null) {
          ended = why;
          notifyAll();
        }
        callback = vacate(i);
      }
      if (callback != null) {
        callback.done(DISCONNECTED);
      }
    }
  }
}
