package io.onehop.node.serve;

import io.onehop.node.books.LegBooks;
import io.onehop.node.store.LegDisk;
import io.onehop.transport.Buf;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import io.onehop.transport.Status;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a leg tells a client of its requests, at once or after a store sync. On the data loop. */
final class ClientAnswers {
  private final LegBooks books;
  private final Consumer<String> diskFailed;
  private final FrameHeader out = new FrameHeader();
  private @Nullable Sync freeSync;

  /**
   * @param diskFailed told why this run must end (rule 3.10)
   */
  ClientAnswers(LegBooks books, Consumer<String> diskFailed) {
    this.books = books;
    this.diskFailed = diskFailed;
  }

  /** Answers a request without data. */
  void ack(ClientLink link, int status, long sequence, long epoch, int lane, int requestType) {
    int type = requestType == FrameType.READ ? FrameType.DATA : FrameType.ACK;
    send(link, type, status, sequence, epoch, books.generation(), lane, requestType, null, 0);
  }

  /** Answers a read with the first {@code length} bytes of {@code data}. */
  void data(ClientLink link, long sequence, long epoch, int lane, Buf data, int length) {
    send(
        link,
        FrameType.DATA,
        Status.OK,
        sequence,
        epoch,
        books.generation(),
        lane,
        FrameType.READ,
        data,
        length);
  }

  /** Answers when everything stored so far is durable. */
  void afterSync(ClientLink link, long sequence, long epoch, int lane, int requestType) {
    Sync s = freeSync;
    if (s == null) {
      s = new Sync();
    } else {
      freeSync = s.next;
    }
    s.link = link;
    s.sequence = sequence;
    s.epoch = epoch;
    s.lane = lane;
    s.type = requestType;
    s.generation = books.generation();
    books.sync(s);
  }

  private void send(
      ClientLink link,
      int type,
      int status,
      long sequence,
      long epoch,
      long generation,
      int lane,
      int requestType,
      @Nullable Buf payload,
      int length) {
    if (!link.open) {
      return;
    }
    link.inFlight--;
    out.clear();
    out.type = type;
    out.status = status;
    out.handle = link.handle;
    out.lane = lane;
    out.sequence = sequence;
    out.generation = generation;
    out.epoch = epoch;
    out.extra = requestType == FrameType.FLUSH ? FrameType.FLUSH : 0;
    link.connection.send(out, payload, 0, length);
  }

  /** One request that waits for a store sync; reused. */
  private final class Sync implements LegDisk.Done {
    private @Nullable Sync next;
    private @Nullable ClientLink link;
    private long sequence;
    private long epoch;
    private long generation;
    private int lane;
    private int type;

    @Override
    public void done(int status) {
      ClientLink l = java.util.Objects.requireNonNull(link);
      // Under the view that it was asked under: a sync is no part of the barrier, and for what a
      // later stint makes of the content it does not vouch.
      send(l, FrameType.ACK, status, sequence, epoch, generation, lane, type, null, 0);
      link = null;
      next = freeSync;
      freeSync = this;
      if (status != Status.OK) {
        diskFailed.accept(books.syncFailed(Status.name(status)));
      }
    }
  }
}
