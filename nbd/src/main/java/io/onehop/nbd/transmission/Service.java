package io.onehop.nbd.transmission;

import io.onehop.client.BlockDevice;
import io.onehop.transport.BufPool;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** What all connections of one server share. On the loop only. */
public final class Service {
  /** Bytes of requests in flight over all connections, at most. */
  public static final long MAX_BUDGET = 256L << 20;

  private static final long MIN_BUDGET = 64L << 20;

  /** One connection may have this part of all. */
  private static final int SHARE = 4;

  final BlockDevice device;
  final long size;
  final BufPool buffers;
  final MemoryBudget budget;

  /** Bytes of data in flight or unsent per connection. */
  final long connectionBytes;

  /** Compared with data read, to send a hole instead; never written. */
  final ByteBuffer zeroes = ByteBuffer.allocateDirect(64 << 10);

  private @Nullable String refusal;

  /**
   * {@link #MAX_BUDGET}, or a quarter of the direct memory that the JVM grants by default if less.
   */
  public static long defaultBudget() {
    return Math.max(MIN_BUDGET, Math.min(MAX_BUDGET, Runtime.getRuntime().maxMemory() / 4));
  }

  /** Serves {@code device} with at most about {@code budgetBytes} of data in flight. */
  public Service(BlockDevice device, BufPool buffers, long budgetBytes) {
    this.device = device;
    this.size = device.sizeBytes();
    this.buffers = buffers;
    this.budget = new MemoryBudget(budgetBytes);
    this.connectionBytes = budgetBytes / SHARE;
  }

  /** From now on every new request is answered ESHUTDOWN; the first reason given stays. */
  public void refuse(String reason) {
    if (refusal == null) {
      refusal = reason;
    }
  }

  /** Why new requests are refused; null if they are not. */
  public @Nullable String refusal() {
    return refusal;
  }

  /** Whether new requests are refused. */
  public boolean refusing() {
    return refusal != null;
  }

  /** Bytes of requests in flight: 0 when all is quiet. */
  public long bytesInFlight() {
    return budget.used();
  }
}
