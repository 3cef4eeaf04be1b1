package io.onehop.client;

import io.onehop.protocol.model.Endpoint;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/**
 * How to attach a pool.
 *
 * @param servers data endpoints of some of the pool's nodes
 * @param pool its name
 * @param host this host's name, shown to operators
 * @param pid this process, shown to operators
 * @param attachWaitNanos how long to wait for the attach; 0 = for ever
 * @param payloadChecksums compute and check a checksum over every payload
 * @param takeover end the session of whoever holds the pool first, even of a living client; once
 *     attached, the volume never takes anything over again
 */
public record VolumeSettings(
    List<Endpoint> servers,
    String pool,
    String host,
    long pid,
    long attachWaitNanos,
    boolean payloadChecksums,
    boolean takeover) {
  /** Copies the list. */
  public VolumeSettings {
    servers = List.copyOf(servers);
  }

  /** This host, this process, waiting for ever, no checksums, no takeover. */
  public static VolumeSettings of(String pool, List<Endpoint> servers) {
    return new VolumeSettings(
        servers, pool, localHost(), ProcessHandle.current().pid(), 0, false, false);
  }

  /** The same with another limit of waiting for the attach; 0 = for ever. */
  public VolumeSettings withAttachWait(long nanos) {
    return new VolumeSettings(servers, pool, host, pid, nanos, payloadChecksums, takeover);
  }

  /** The same with or without payload checksums. */
  public VolumeSettings withPayloadChecksums(boolean on) {
    return new VolumeSettings(servers, pool, host, pid, attachWaitNanos, on, takeover);
  }

  /** The same, ending the session of whoever holds the pool, or not. */
  public VolumeSettings withTakeover(boolean on) {
    return new VolumeSettings(servers, pool, host, pid, attachWaitNanos, payloadChecksums, on);
  }

  private static String localHost() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
