package io.onehop.transport.tcp;

import io.onehop.transport.Connection;
import io.onehop.transport.ConnectionListener;
import io.onehop.transport.FrameHeader;
import java.nio.ByteBuffer;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Passes frames on and keeps nothing of them. */
final class QuietListener implements ConnectionListener {
  private final BiConsumer<Connection, FrameHeader> onFrame;
  @Nullable Connection connection;

  QuietListener(BiConsumer<Connection, FrameHeader> onFrame) {
    this.onFrame = onFrame;
  }

  @Override
  public void connected(Connection c) {
    connection = c;
  }

  @Override
  public void frame(Connection c, FrameHeader header, ByteBuffer payload) {
    onFrame.accept(c, header);
  }

  @Override
  public void closed(Connection c, String why) {
    connection = null;
  }
}
