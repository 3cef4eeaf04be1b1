package io.onehop.nbd.wire;

import io.onehop.protocol.model.Endpoint;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Where NBD is spoken: a unix socket or a TCP address. */
public sealed interface NbdAddress {
  /** Longest path that the system takes for a unix socket, bytes. */
  int MAX_PATH = 107;

  /** The address for channels. Throws if a host name is not known. */
  SocketAddress socketAddress() throws UnknownHostException;

  /**
   * URI of the export {@code name} here ("" is the default export), as libnbd, QEMU and fio take
   * it.
   */
  String uri(String name);

  /** URI of the default export. */
  default String uri() {
    return uri("");
  }

  /**
   * Parses {@code unix:PATH} or {@code tcp:HOST:PORT} ({@code tcp:[V6]:PORT}).
   *
   * @throws IllegalArgumentException saying what is wrong
   */
  static NbdAddress parse(String text) {
    if (text.startsWith("unix:")) {
      return new Unix(Path.of(text.substring(5)));
    }
    if (text.startsWith("tcp:")) {
      return new Tcp(Endpoint.parse(text.substring(4)));
    }
    throw new IllegalArgumentException("'" + text + "' is neither unix:PATH nor tcp:HOST:PORT");
  }

  /** A unix socket at {@code path}. */
  record Unix(Path path) implements NbdAddress {
    public Unix {
      path = path.toAbsolutePath().normalize();
      int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
      if (bytes > MAX_PATH) {
        throw new IllegalArgumentException(
            path + " has " + bytes + " bytes; a unix socket's path has at most " + MAX_PATH);
      }
    }

    @Override
    public SocketAddress socketAddress() {
      return UnixDomainSocketAddress.of(path);
    }

    @Override
    public String uri(String name) {
      return "nbd+unix:///" + NbdUri.escape(name) + "?socket=" + NbdUri.escape(path.toString());
    }

    @Override
    public String toString() {
      return "unix:" + path;
    }
  }

  /** A TCP address. */
  record Tcp(Endpoint endpoint) implements NbdAddress {
    @Override
    public SocketAddress socketAddress() throws UnknownHostException {
      return new InetSocketAddress(InetAddress.getByName(endpoint.host()), endpoint.port());
    }

    @Override
    public String uri(String name) {
      String path = name.isEmpty() ? "" : "/" + NbdUri.escape(name);
      return "nbd://" + endpoint + path;
    }

    @Override
    public String toString() {
      return "tcp:" + endpoint;
    }
  }
}
