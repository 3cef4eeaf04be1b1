package io.onehop.nbd.transmission;

import io.onehop.nbd.handshake.Haggling;
import io.onehop.nbd.wire.Nbd;
import io.onehop.transport.Buf;
import io.onehop.transport.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The transmission phase of one connection: parses requests from its {@link Inbox}, hands them to
 * the device and queues the replies in completion order. When too much is in flight it stalls: the
 * rest stays unparsed and the connection reads no more until replies have left. Requests outlive
 * the connection; what completes after {@link #close} is only released. On the loop only.
 */
public final class CommandLoop {
  /** Tells the connection's owner that {@link #flush} and {@link #parse} have something to do. */
  public interface Wake {
    /** Called on the loop, any number of times per turn. */
    void wake();
  }

  /** Requests in flight or unanswered per connection. */
  public static final int MAX_REQUESTS = 256;

  private final Service service;
  private final Inbox inbox;
  private final Outbox outbox;
  private final Wake wake;
  private final boolean structured;
  private final boolean context;

  private Request[] free = new Request[16];
  private int freeCount;
  private int active;
  private long heldBytes;

  /** A write whose payload is being received, or drained if {@code refused} is set. */
  private @Nullable Request incoming;

  private long draining;
  private boolean stalled;
  private boolean leaving;
  private boolean closed;

  /** Continues a connection whose handshake has ended with what {@code agreed} says. */
  public CommandLoop(Service service, Inbox inbox, Haggling agreed, Wake wake) {
    this.service = service;
    this.inbox = inbox;
    this.structured = agreed.structured();
    this.context = agreed.allocationContext();
    this.wake = wake;
    this.outbox = new Outbox(this, service.buffers, MAX_REQUESTS);
  }

  /** Whether more bytes are welcome. */
  public boolean wantsInput() {
    return !stalled && !leaving;
  }

  /** Nothing in flight and nothing to send. */
  public boolean idle() {
    return active == 0 && outbox.isEmpty();
  }

  /** The client said goodbye (or nothing more is to be read) and everything is answered. */
  public boolean finished() {
    return leaving && idle();
  }

  /** Takes no more requests; {@link #finished} once what is in flight is answered. */
  public void leave() {
    leaving = true;
  }

  /**
   * Handles every request that is complete and that there is room for.
   *
   * @return null, or why the connection must end
   */
  public @Nullable String parse() {
    stalled = false;
    while (!leaving && !stalled) {
      Request w = incoming;
      if (w != null && w.refused != 0) {
        int n = (int) Math.min(draining, inbox.available());
        inbox.consume(n);
        draining -= n;
        if (draining > 0) {
          break;
        }
        incoming = null;
        finish(w, w.refused);
      } else if (w != null) {
        int length = (int) w.length;
        if (!inbox.payloadComplete(length)) {
          break;
        }
        incoming = null;
        boolean fua = (w.flags & Nbd.CMD_FLAG_FUA) != 0;
        Buf from = inbox.payloadBuf().retain();
        int at = inbox.payloadAt();
        inbox.payloadTaken(length);
        service.device.write(w.offset, length, from, at, fua, w);
        from.release();
      } else if (inbox.available() < Nbd.REQUEST_BYTES) {
        inbox.gather(Nbd.REQUEST_BYTES);
        break;
      } else {
        String bad = header();
        if (bad != null) {
          return bad;
        }
      }
    }
    if (active == 0) {
      inbox.rest();
    }
    return null;
  }

  /** One request's header; leaves it where it is if there is no room for the request. */
  private @Nullable String header() {
    ByteBuffer b = inbox.bytes();
    int p = inbox.position();
    if (b.getInt(p) != Nbd.REQUEST_MAGIC) {
      return "a request without the magic number";
    }
    int command = b.getShort(p + 6) & 0xffff;
    long length = b.getInt(p + 24) & 0xffffffffL;
    if (command == Nbd.CMD_DISC) {
      leaving = true;
      return null;
    }
    if (command == Nbd.CMD_WRITE && length > Nbd.MAX_PAYLOAD) {
      return "a write of " + length + " bytes, more than the maximum";
    }
    boolean carries = command == Nbd.CMD_READ || command == Nbd.CMD_WRITE;
    int bytes = carries && length <= Nbd.MAX_PAYLOAD ? (int) length : 0;
    if (active + outbox.pending() >= MAX_REQUESTS
        || (heldBytes > 0 && heldBytes + bytes > service.connectionBytes)
        || !service.budget.take(this, heldBytes, bytes)) {
      stalled = true;
      return null;
    }
    heldBytes += bytes;
    Request r = take();
    r.command = command;
    r.flags = b.getShort(p + 4) & 0xffff;
    r.cookie = b.getLong(p + 8);
    r.offset = b.getLong(p + 16);
    r.length = length;
    r.budgeted = bytes;
    r.refused = 0;
    inbox.consume(Nbd.REQUEST_BYTES);
    begin(r);
    return null;
  }

  private void begin(Request r) {
    int error =
        service.refusing()
            ? Nbd.ESHUTDOWN
            : RequestValidator.validate(
                r.command, r.flags, r.offset, r.length, service.size, structured, context);
    if (r.command == Nbd.CMD_WRITE && r.length > 0) {
      incoming = r;
      r.refused = error;
      if (error == 0) {
        inbox.expectPayload((int) r.length);
      } else {
        draining = r.length;
      }
      return;
    }
    if (error != 0) {
      finish(r, error);
      return;
    }
    boolean fua = (r.flags & Nbd.CMD_FLAG_FUA) != 0;
    switch (r.command) {
      case Nbd.CMD_READ -> {
        if (r.length == 0) {
          finish(r, 0);
        } else {
          Buf into = service.buffers.take((int) r.length);
          r.data = into;
          service.device.read(r.offset, (int) r.length, into, 0, r);
        }
      }
      case Nbd.CMD_FLUSH -> service.device.flush(r);
      case Nbd.CMD_TRIM -> {
        if (r.length == 0) {
          finish(r, 0);
        } else {
          service.device.trim(r.offset, r.length, fua, r);
        }
      }
      case Nbd.CMD_WRITE_ZEROES -> {
        if (r.length == 0) {
          finish(r, 0);
        } else {
          boolean punch = (r.flags & Nbd.CMD_FLAG_NO_HOLE) == 0;
          service.device.writeZeroes(r.offset, r.length, punch, fua, r);
        }
      }
      // CACHE is advice; what is read comes from the legs' page caches. An empty write is done.
      default -> finish(r, 0);
    }
  }

  /** The device's answer. */
  void completed(Request r, int status) {
    int error =
        switch (status) {
          case Status.OK -> 0;
          case Status.NO_SPACE -> Nbd.ENOSPC;
          case Status.INVALID -> Nbd.EINVAL;
          case Status.FENCED -> Nbd.ESHUTDOWN;
          default -> Nbd.EIO;
        };
    finish(r, error);
  }

  /** Queues the reply and frees the request, unless its data must be sent first. */
  private void finish(Request r, int error) {
    Buf data = r.data;
    if (!closed) {
      wake.wake();
      if (r.command == Nbd.CMD_READ && error == 0 && data != null) {
        int length = (int) r.length;
        if (!structured || !zeroes(data, length)) {
          outbox.data(r, data, length, structured);
          return; // continued by dataSent
        }
        outbox.hole(r.cookie, r.offset, length);
      } else if (structured && (r.command == Nbd.CMD_READ || r.command == Nbd.CMD_BLOCK_STATUS)) {
        if (error != 0) {
          outbox.error(r.cookie, error);
        } else if (r.command == Nbd.CMD_READ) {
          outbox.none(r.cookie);
        } else {
          outbox.extent(r.cookie, Haggling.CONTEXT_ID, (int) r.length);
        }
      } else {
        outbox.simple(r.cookie, error);
      }
    }
    release(r);
  }

  /** The outbox has sent (or dropped) a read's data. */
  void dataSent(Request r, ByteBuffer view) {
    Buf data = r.data;
    if (data != null) {
      data.done(view);
    }
    release(r);
  }

  /** There may be room for a stalled request. */
  void wake() {
    wake.wake();
  }

  /**
   * Sends what is queued.
   *
   * @return whether all of it is sent; else the channel's writability must be awaited
   */
  public boolean flush(GatheringByteChannel channel) throws IOException {
    return outbox.flush(channel);
  }

  /** The connection is gone: drops replies, lets what is in flight complete unheard. */
  public void close() {
    closed = true;
    leaving = true;
    outbox.close();
    Request w = incoming;
    if (w != null) {
      incoming = null;
      release(w);
    }
    service.budget.forget(this);
  }

  private void release(Request r) {
    Buf data = r.data;
    if (data != null) {
      r.data = null;
      data.release();
    }
    int bytes = r.budgeted;
    active--;
    if (freeCount == free.length) {
      free = Arrays.copyOf(free, freeCount * 2);
    }
    free[freeCount++] = r;
    if (bytes > 0) {
      heldBytes -= bytes;
      service.budget.giveBack(bytes);
    }
    if (stalled) {
      wake.wake();
    }
  }

  private Request take() {
    active++;
    return freeCount > 0 ? free[--freeCount] : new Request(this);
  }

  /** Whether read data are all zeroes; stops at the first byte that is not. */
  private boolean zeroes(Buf data, int length) {
    if (length < Nbd.PREFERRED_BLOCK || data.bytes().getLong(0) != 0) {
      return false;
    }
    ByteBuffer zero = service.zeroes;
    ByteBuffer view = data.view(0, length);
    boolean all = true;
    for (int at = 0; all && at < length; at += zero.capacity()) {
      int n = Math.min(zero.capacity(), length - at);
      view.limit(at + n).position(at);
      zero.limit(n).position(0);
      all = view.mismatch(zero) < 0;
    }
    data.done(view);
    return all;
  }
}
