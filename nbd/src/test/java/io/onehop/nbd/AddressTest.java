package io.onehop.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.onehop.nbd.client.NbdClient;
import io.onehop.nbd.wire.NbdAddress;
import io.onehop.nbd.wire.NbdUri;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class AddressTest {
  @TempDir Path folder;

  private static Running at(NbdAddress address) throws IOException {
    return new Running(loop -> new MemoryDevice(loop, 4096, null), address);
  }

  @ParameterizedTest
  @CsvSource({
    "unix:/run/a b.sock, nbd+unix:///?socket=/run/a%20b.sock",
    "unix:/run/ä&=?.sock, nbd+unix:///?socket=/run/%C3%A4%26%3D%3F.sock",
    "tcp:127.0.0.1:10809, nbd://127.0.0.1:10809",
    "tcp:[::1]:5, nbd://[::1]:5",
    "tcp:host.example:10809, nbd://host.example:10809",
  })
  void urisAreEscapedAndReadBack(String text, String uri) {
    NbdAddress address = NbdAddress.parse(text);
    assertThat(address.uri()).isEqualTo(uri);
    assertThat(NbdUri.parse(uri)).isEqualTo(new NbdUri(address, ""));
    assertThat(NbdUri.parse(address.uri("a/b ü+%"))).isEqualTo(new NbdUri(address, "a/b ü+%"));
  }

  @Test
  void thePortHasADefault() {
    assertThat(NbdUri.parse("nbd://h/x")).isEqualTo(NbdUri.parse("nbd://h:10809/x"));
    assertThat(NbdUri.parse("nbd://[::1]")).isEqualTo(NbdUri.parse("nbd://[::1]:10809/"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "tcp:1", "tcp:h:x", "tcp:::1:5", "/run/x"})
  void nonsenseIsRefused(String text) {
    assertThatThrownBy(() -> NbdAddress.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void longPathsAreRefusedClearly() {
    assertThatThrownBy(() -> NbdAddress.parse("unix:/" + "x".repeat(107)))
        .hasMessageContaining("has 108 bytes; a unix socket's path has at most 107");
    assertThat(NbdAddress.parse("unix:/" + "x".repeat(106))).isNotNull();
  }

  @Test
  void aUnixSocketComesAndGoes() throws IOException {
    Path path = folder.resolve("a socket?&.sock");
    NbdAddress address = new NbdAddress.Unix(path);
    try (Running r = at(address);
        NbdClient c = NbdClient.connect(r.server.uri())) {
      assertThat(c.sizeBytes()).isEqualTo(4096);
      assertThatThrownBy(() -> at(address)).hasMessageContaining("listens there already");
      c.flush();
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void aStaleSocketIsReplacedAndAFileIsNot() throws IOException {
    Path path = folder.resolve("stale.sock");
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(path));
    }
    assertThat(path).exists();
    try (Running r = at(new NbdAddress.Unix(path));
        NbdClient c = NbdClient.connect(r.server.uri())) {
      c.flush();
    }
    Files.writeString(path, "precious");
    assertThatThrownBy(() -> at(new NbdAddress.Unix(path))).hasMessageContaining("is no socket");
    assertThat(path).hasContent("precious");
  }

  @Test
  void aSocketOfAnotherServerIsLeftAlone() throws IOException {
    Path path = folder.resolve("moved.sock");
    try (Running r = at(new NbdAddress.Unix(path))) {
      Files.move(path, folder.resolve("elsewhere.sock"));
      Files.writeString(path, "not ours");
      assertThat(r.server.address()).isNotNull();
    }
    assertThat(path).hasContent("not ours");
  }

  @Test
  void aTakenPortIsNamed() throws IOException {
    try (Running r = at(NbdAddress.parse("tcp:127.0.0.1:0"))) {
      NbdAddress taken = r.server.address();
      assertThatThrownBy(() -> at(taken)).hasMessageContaining(taken.toString());
    }
  }

  @Test
  void unknownHostsAreNamed() {
    assertThatThrownBy(() -> at(NbdAddress.parse("tcp:no-such-host.invalid:1")))
        .hasMessageContaining("unknown host");
  }
}
