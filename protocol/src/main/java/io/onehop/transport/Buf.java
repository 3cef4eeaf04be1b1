package io.onehop.transport;

import java.nio.ByteBuffer;

/**
 * A reference-counted direct buffer owned by one loop. Whoever keeps it beyond a call retains it;
 * the last release returns it to where it came from. Not thread-safe by design.
 */
public final class Buf {
  /** Where the last release puts a buffer. */
  public interface Home {
    /** Called once when the count falls to zero. */
    void giveBack(Buf buf);
  }

  private final ByteBuffer bytes;
  private final Home home;
  private ByteBuffer[] views = new ByteBuffer[4];
  private int viewCount;
  private int refs;

  /** A buffer over {@code bytes} (direct; position and limit are ignored) with one reference. */
  public Buf(ByteBuffer bytes, Home home) {
    this.bytes = bytes;
    this.home = home;
    this.refs = 1;
  }

  /** Capacity in bytes. */
  public int capacity() {
    return bytes.capacity();
  }

  /** The whole buffer; position and limit are the caller's to set and nobody's to rely on. */
  public ByteBuffer bytes() {
    return bytes;
  }

  /**
   * A view of {@code [from, from + length)} with its own position; give it back with {@link #done}.
   */
  public ByteBuffer view(int from, int length) {
    ByteBuffer v = viewCount > 0 ? views[--viewCount] : bytes.duplicate();
    v.limit(from + length).position(from);
    return v;
  }

  /** Returns a view for reuse, so that the steady state allocates none. */
  public void done(ByteBuffer view) {
    if (viewCount == views.length) {
      views = java.util.Arrays.copyOf(views, viewCount * 2);
    }
    views[viewCount++] = view;
  }

  /** One more owner. */
  public Buf retain() {
    if (refs <= 0) {
      throw new IllegalStateException("buffer used after its last release");
    }
    refs++;
    return this;
  }

  /** One owner less. */
  public void release() {
    if (refs <= 0) {
      throw new IllegalStateException("buffer released too often");
    }
    if (--refs == 0) {
      home.giveBack(this);
    }
  }

  /** For a {@link Home} only: in use again, with one reference. */
  public Buf reborn() {
    if (refs != 0) {
      throw new IllegalStateException("buffer still in use");
    }
    refs = 1;
    return this;
  }
}
