package io.onehop.transport.tcp;

/**
 * Settings of a {@link TcpTransport}.
 *
 * @param payloadChecksums compute a checksum of every payload sent (checksums received are always
 *     checked)
 * @param connectTimeoutNanos until a connection must be made, name resolution included
 * @param maxQueuedBytes bytes queued by {@code send} beyond which a connection is closed because
 *     its peer does not drain it
 * @param socketBufferBytes size asked of the kernel for each direction; 0 = its own choice
 */
public record TcpOptions(
    boolean payloadChecksums,
    long connectTimeoutNanos,
    long maxQueuedBytes,
    int socketBufferBytes) {
  /** No payload checksums, 2 s, 256 MiB, 0. */
  public static final TcpOptions DEFAULT = new TcpOptions(false, 2_000_000_000L, 256L << 20, 0);
}
