package io.onehop.nbd;

import io.onehop.nbd.wire.NbdAddress;
import io.onehop.protocol.model.Endpoint;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A listening socket. For a unix socket it replaces a file that nobody listens on any more, and
 * removes its own file in the end.
 *
 * @param channel non-blocking
 * @param address with the real port
 * @param file identity of the unix socket's file; null for TCP
 */
record ServerSocket(ServerSocketChannel channel, NbdAddress address, @Nullable Object file)
    implements AutoCloseable {
  private static final int BACKLOG = 128;

  /**
   * Binds.
   *
   * @throws IOException naming the address and what is wrong with it
   */
  static ServerSocket bind(NbdAddress at) throws IOException {
    return switch (at) {
      case NbdAddress.Unix unix -> bindUnix(unix);
      case NbdAddress.Tcp tcp -> bindTcp(tcp);
    };
  }

  private static ServerSocket bindTcp(NbdAddress.Tcp at) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.bind(at.socketAddress(), BACKLOG);
      channel.configureBlocking(false);
      int port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
      Endpoint real = new Endpoint(at.endpoint().host(), port);
      return new ServerSocket(channel, new NbdAddress.Tcp(real), null);
    } catch (UnknownHostException e) {
      channel.close();
      throw new IOException("cannot listen on " + at + ": unknown host", e);
    } catch (IOException e) {
      channel.close();
      throw new IOException("cannot listen on " + at + ": " + e.getMessage(), e);
    }
  }

  private static ServerSocket bindUnix(NbdAddress.Unix at) throws IOException {
    removeStale(at);
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(at.socketAddress(), BACKLOG);
      channel.configureBlocking(false);
      return new ServerSocket(channel, at, fileKey(at.path()));
    } catch (IOException e) {
      channel.close();
      throw new IOException("cannot listen on " + at + ": " + e.getMessage(), e);
    }
  }

  private static void removeStale(NbdAddress.Unix at) throws IOException {
    Path path = at.path();
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    SocketAddress address = at.socketAddress();
    if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .isOther()) {
      throw new IOException("cannot listen on " + at + ": the file exists and is no socket");
    }
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.configureBlocking(false); // a full backlog is no reason to hang: somebody listens
      probe.connect(address);
    } catch (ConnectException e) {
      Files.deleteIfExists(path); // nobody listens: left behind by a process that was killed
      return;
    } catch (IOException e) {
      throw new IOException("cannot listen on " + at + ": " + e.getMessage(), e);
    }
    throw new IOException("cannot listen on " + at + ": another process listens there already");
  }

  private static @Nullable Object fileKey(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }

  @Override
  public void close() {
    try {
      channel.close();
      if (address instanceof NbdAddress.Unix unix
          && Files.exists(unix.path(), LinkOption.NOFOLLOW_LINKS)
          && Objects.equals(fileKey(unix.path()), file)) {
        Files.deleteIfExists(unix.path());
      }
    } catch (IOException e) {
      // The socket is closed either way; a file left behind is replaced by the next server.
    }
  }
}
