package io.onehop.transport;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** A listener that keeps what it is told, for tests; touched on the loop only. */
public final class Recorder implements ConnectionListener {
  /** Sequence numbers of the frames, in order. */
  public final List<Long> sequences = new ArrayList<>();

  /** CRC32C of each payload. */
  public final List<Long> checksums = new ArrayList<>();

  /** A copy of each header. */
  public final List<FrameHeader> headers = new ArrayList<>();

  public @Nullable Connection connection;
  public int connects;
  public int closes;
  public int batches;
  public String why = "";
  public BiConsumer<Connection, FrameHeader> onFrame = (_, _) -> {};
  private final CRC32C crc = new CRC32C();

  /** The connection, which must be open. */
  public Connection open() {
    if (connection == null) {
      throw new AssertionError("not connected: " + why);
    }
    return connection;
  }

  @Override
  public void connected(Connection c) {
    connection = c;
    connects++;
  }

  @Override
  public void frame(Connection c, FrameHeader header, ByteBuffer payload) {
    if (closes > 0) {
      throw new AssertionError("a frame after closed");
    }
    if (payload.remaining() != header.payloadBytes) {
      throw new AssertionError(payload.remaining() + " bytes, not " + header.payloadBytes);
    }
    crc.reset();
    crc.update(payload);
    sequences.add(header.sequence);
    checksums.add(crc.getValue());
    headers.add(new FrameHeader().copyFrom(header));
    onFrame.accept(c, header);
  }

  @Override
  public void endOfBatch(Connection c) {
    batches++;
  }

  @Override
  public void closed(Connection c, String reason) {
    closes++;
    why = reason;
  }
}
