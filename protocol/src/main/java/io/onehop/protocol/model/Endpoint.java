package io.onehop.protocol.model;

/**
 * A TCP address as an operator writes it.
 *
 * @param host a name, an IPv4 or (without brackets) an IPv6 address
 * @param port 0 to 65535; 0 only where a free port is to be chosen
 */
public record Endpoint(String host, int port) {
  public Endpoint {
    if (host.isEmpty() || port < 0 || port > 65535) {
      throw new IllegalArgumentException("'" + host + ":" + port + "' is no HOST:PORT");
    }
  }

  /** Parses {@code host:port} or {@code [v6]:port}. */
  public static Endpoint parse(String text) {
    int colon = text.lastIndexOf(':');
    try {
      if (colon > 0) {
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
          host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
          throw new IllegalArgumentException(
              "'" + text + "': write an IPv6 address as [ADDRESS]:PORT");
        }
        return new Endpoint(host, Integer.parseInt(text.substring(colon + 1)));
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' has no port number; write HOST:PORT", e);
    }
    throw new IllegalArgumentException("'" + text + "' is no HOST:PORT");
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
