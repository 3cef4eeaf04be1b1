package io.onehop.transport.tcp;

import io.onehop.transport.FrameFault;
import java.util.EnumMap;
import java.util.Map;

/** What a {@link TcpTransport} did so far. Read on its loop. */
public final class TcpCounters {
  private final Map<FrameFault, Long> faults = new EnumMap<>(FrameFault.class);
  long framesIn;
  long framesOut;
  long bytesIn;
  long bytesOut;
  long reads;
  long writes;
  long accepted;
  long acceptErrors;
  long connected;
  long connectErrors;
  long overflows;

  TcpCounters() {}

  void count(FrameFault fault) {
    faults.merge(fault, 1L, Long::sum);
  }

  /** Connections closed because of this. */
  public long faults(FrameFault fault) {
    return faults.getOrDefault(fault, 0L);
  }

  /** Frames delivered. */
  public long framesIn() {
    return framesIn;
  }

  /** Frames queued for sending. */
  public long framesOut() {
    return framesOut;
  }

  /** Bytes received. */
  public long bytesIn() {
    return bytesIn;
  }

  /** Bytes accepted by the kernel. */
  public long bytesOut() {
    return bytesOut;
  }

  /** System calls that read. */
  public long reads() {
    return reads;
  }

  /** System calls that wrote. */
  public long writes() {
    return writes;
  }

  /** Incoming connections. */
  public long accepted() {
    return accepted;
  }

  /** Failed accepts (for instance no file descriptor left). */
  public long acceptErrors() {
    return acceptErrors;
  }

  /** Outgoing connections made. */
  public long connected() {
    return connected;
  }

  /** Outgoing connections that could not be made. */
  public long connectErrors() {
    return connectErrors;
  }

  /** Connections closed because too much was queued. */
  public long overflows() {
    return overflows;
  }
}
