package io.onehop.node.books;

import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.wire.RunsCodec;
import io.onehop.protocol.wire.TextCodec;
import io.onehop.protocol.wire.ViewCodec;
import io.onehop.transport.Buf;
import io.onehop.transport.BufPool;
import io.onehop.transport.Connection;
import io.onehop.transport.FrameHeader;
import io.onehop.transport.FrameType;
import java.nio.ByteBuffer;
import org.roaringbitmap.RoaringBitmap;

/**
 * Sends frames whose payload is no data: views, texts, runs. Rare, so it may allocate. On one loop.
 */
public final class Speech {
  private final BufPool bufs;

  /** Buffers come from {@code bufs}. */
  public Speech(BufPool bufs) {
    this.bufs = bufs;
  }

  /** The pool of buffers. */
  public BufPool bufs() {
    return bufs;
  }

  /** {@code h} with {@code text} as its payload. */
  public void text(Connection c, FrameHeader h, String text) {
    Buf buf = bufs.take(TextCodec.MAX_BYTES);
    ByteBuffer b = buf.bytes().clear();
    TextCodec.encode(text, b);
    c.send(h, buf, 0, b.position());
    buf.release();
  }

  /** A VIEW frame. */
  public void view(Connection c, int handle, PoolView view) {
    FrameHeader h = new FrameHeader();
    h.type = FrameType.VIEW;
    h.handle = handle;
    h.generation = view.generation();
    h.epoch = view.epoch();
    Buf buf = bufs.take(ViewCodec.MAX_BYTES);
    ByteBuffer b = buf.bytes().clear();
    ViewCodec.encode(view, b);
    c.send(h, buf, 0, b.position());
    buf.release();
  }

  /**
   * {@code h} with {@code set} as runs, in as many frames as needed (flag MORE on all but the
   * last).
   */
  public void runs(Connection c, FrameHeader h, RoaringBitmap set) {
    RunSender s = new RunSender(c, h);
    LegBooks.forEachRun(set, s::add);
    s.finish();
  }

  /** Sends runs one by one, frame by frame. */
  public final class RunSender {
    private static final int FRAME = 64 * 1024;
    private final Connection c;
    private final FrameHeader h;
    private final int flags;
    private Buf buf = bufs.take(FRAME);

    /** Frames like {@code h}. */
    public RunSender(Connection c, FrameHeader h) {
      this.c = c;
      this.h = h;
      this.flags = h.flags;
      buf.bytes().clear().limit(FRAME);
    }

    /** Blocks [from, to). */
    public void add(long from, long to) {
      if (!RunsCodec.append(buf.bytes(), from, to - from)) {
        send(FrameType.FLAG_MORE);
        buf = bufs.take(FRAME);
        buf.bytes().clear().limit(FRAME);
        RunsCodec.append(buf.bytes(), from, to - from);
      }
    }

    /** The last frame. */
    public void finish() {
      send(0);
    }

    private void send(int more) {
      h.flags = flags | more;
      c.send(h, buf, 0, buf.bytes().position());
      buf.release();
    }
  }
}
