package io.onehop.nbd.wire;

import io.onehop.protocol.model.Endpoint;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * An NBD URI taken apart.
 *
 * @param address where
 * @param export name of the export, "" for the default
 */
public record NbdUri(NbdAddress address, String export) {
  private static final String UNRESERVED = "-._~/";

  /**
   * Parses {@code nbd://HOST[:PORT][/EXPORT]} or {@code nbd+unix:///[EXPORT]?socket=PATH}.
   *
   * @throws IllegalArgumentException saying what is wrong
   */
  public static NbdUri parse(String uri) {
    if (uri.startsWith("nbd+unix://")) {
      String rest = uri.substring("nbd+unix://".length());
      int query = rest.indexOf("?socket=");
      if (!rest.startsWith("/") || query < 0) {
        throw new IllegalArgumentException("'" + uri + "' is not nbd+unix:///[EXPORT]?socket=PATH");
      }
      String path = unescape(rest.substring(query + "?socket=".length()));
      return new NbdUri(new NbdAddress.Unix(Path.of(path)), unescape(rest.substring(1, query)));
    }
    if (uri.startsWith("nbd://")) {
      String rest = uri.substring("nbd://".length());
      int slash = rest.indexOf('/');
      String host = slash < 0 ? rest : rest.substring(0, slash);
      if (host.lastIndexOf(':') <= host.lastIndexOf(']')) {
        host += ":" + Nbd.DEFAULT_PORT;
      }
      return new NbdUri(
          new NbdAddress.Tcp(Endpoint.parse(host)),
          slash < 0 ? "" : unescape(rest.substring(slash + 1)));
    }
    throw new IllegalArgumentException("'" + uri + "' is neither nbd://… nor nbd+unix://…");
  }

  /** Percent-encodes everything but letters, digits and {@code -._~/}. */
  static String escape(String text) {
    StringBuilder out = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      boolean plain =
          (b >= 'a' && b <= 'z')
              || (b >= 'A' && b <= 'Z')
              || (b >= '0' && b <= '9')
              || UNRESERVED.indexOf(b) >= 0;
      if (plain) {
        out.append((char) b);
      } else {
        out.append('%');
        out.append(Character.toUpperCase(Character.forDigit((b >> 4) & 15, 16)));
        out.append(Character.toUpperCase(Character.forDigit(b & 15, 16)));
      }
    }
    return out.toString();
  }

  private static String unescape(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
