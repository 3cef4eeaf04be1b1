package io.onehop.netfault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes, b listening; a and a client connect to it by the addresses of their hosts files. */
@Timeout(60)
final class FaultNetTest {
  private static final int QUIET_MILLIS = 150;

  private ServerSocket b;
  private final FaultNet net;

  FaultNetTest(@TempDir Path folder) throws IOException {
    b = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    net =
        FaultNet.open(
            folder,
            List.of(
                new FaultNet.Node("a", List.of()),
                new FaultNet.Node("b", List.of(b.getLocalPort()))));
  }

  @AfterEach
  void close() throws IOException {
    net.close();
    b.close();
  }

  /** The address that b has for a party. */
  private String address(String party) throws IOException {
    String option = net.javaOption(party);
    Path hosts = Path.of(option.substring(option.indexOf('=') + 1));
    String line =
        Files.readAllLines(hosts).stream()
            .filter(l -> l.endsWith(" " + FaultNet.host("b")))
            .findFirst()
            .orElseThrow();
    return line.substring(0, line.indexOf(' '));
  }

  private Socket connect(String party) throws IOException {
    Socket s = new Socket();
    s.connect(new InetSocketAddress(InetAddress.ofLiteral(address(party)), b.getLocalPort()), 2000);
    s.setSoTimeout(5000);
    return s;
  }

  /** The reset may come before the connection is seen to be made. */
  private void connectAndRead() throws IOException {
    try (Socket s = connect("a")) {
      assertThat(s.getInputStream().read()).as("nobody is there").isEqualTo(-1);
    }
  }

  private Socket accept() throws IOException {
    b.setSoTimeout(5000);
    Socket s = b.accept();
    s.setSoTimeout(5000);
    return s;
  }

  private static void quiet(Socket s) throws IOException {
    s.setSoTimeout(QUIET_MILLIS);
    assertThatThrownBy(() -> s.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
    s.setSoTimeout(5000);
  }

  private static void say(Socket s, int value) throws IOException {
    s.getOutputStream().write(value);
    s.getOutputStream().flush();
  }

  @Test
  void eachPartyHasItsOwnAddressAndOwnNamesAreDirect() throws IOException {
    assertThat(address("a")).isNotEqualTo(address("client"));
    assertThat(address("a")).isEqualTo(address("a")).startsWith("127.").isNotEqualTo("127.0.0.1");
    assertThat(address("b")).isEqualTo("127.0.0.1");
  }

  @Test
  void carriesEverythingBothWaysAndTheEnd() throws Exception {
    byte[] sent = new byte[3 << 20];
    new SplittableRandom(1).nextBytes(sent);
    try (Socket near = connect("a");
        Socket far = accept()) {
      Thread echo =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  far.getInputStream().transferTo(far.getOutputStream());
                  far.shutdownOutput();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      Thread.ofVirtual()
          .start(() -> {
            try {
              near.getOutputStream().write(sent);
              near.shutdownOutput();
            } catch (IOException e) {
              throw new IllegalStateException(e);
            }
          });
      assertThat(near.getInputStream().readAllBytes()).isEqualTo(sent);
      echo.join();
    }
    assertThat(net.bytes("a", "b")).isEqualTo(sent.length);
    assertThat(net.bytes("b", "a")).isEqualTo(sent.length);
  }

  @Test
  void aCutIsSilentForOnePairAndHealsWithoutLoss() throws Exception {
    try (Socket near = connect("a");
        Socket far = accept();
        Socket client = connect("client");
        Socket clientFar = accept()) {
      net.cut("a", "b");
      say(near, 1);
      say(far, 2);
      quiet(far);
      quiet(near);
      say(client, 3);
      assertThat(clientFar.getInputStream().read()).as("another pair").isEqualTo(3);
      net.heal("a", "b");
      assertThat(far.getInputStream().read()).isEqualTo(1);
      assertThat(near.getInputStream().read()).isEqualTo(2);
    }
  }

  @Test
  void oneWayOnlyOneDirectionIsSilent() throws Exception {
    try (Socket near = connect("a");
        Socket far = accept()) {
      net.cutOneWay("a", "b");
      say(near, 1);
      say(far, 2);
      assertThat(near.getInputStream().read()).isEqualTo(2);
      quiet(far);
      near.shutdownOutput();
      quiet(far);
      net.healAll();
      assertThat(far.getInputStream().read()).isEqualTo(1);
      assertThat(far.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void aConnectionDuringTheCutHangsAndAGivenUpOneIsNeverHeardOf() throws Exception {
    net.cut("a", "b");
    try (Socket near = connect("a")) {
      Socket givenUp = connect("a");
      say(givenUp, 9);
      givenUp.setSoLinger(true, 0);
      givenUp.close();
      say(near, 1);
      b.setSoTimeout(QUIET_MILLIS);
      assertThatThrownBy(() -> b.accept()).isInstanceOf(SocketTimeoutException.class);
      net.heal("a", "b");
      try (Socket far = accept()) {
        assertThat(far.getInputStream().read()).isEqualTo(1);
      }
      b.setSoTimeout(QUIET_MILLIS);
      assertThatThrownBy(() -> b.accept()).isInstanceOf(SocketTimeoutException.class);
    }
  }

  @Test
  void refusedConnectionsAreReset() throws Exception {
    try (Socket near = connect("a");
        Socket far = accept()) {
      net.refuse("b", "a");
      assertThatThrownBy(() -> near.getInputStream().read()).isInstanceOf(SocketException.class);
      assertThatThrownBy(() -> far.getInputStream().read()).isInstanceOf(SocketException.class);
    }
    assertThatThrownBy(this::connectAndRead).isInstanceOf(SocketException.class);
    net.healAll();
    try (Socket near = connect("a");
        Socket far = accept()) {
      say(near, 1);
      assertThat(far.getInputStream().read()).isEqualTo(1);
    }
  }

  @Test
  void delayedBytesComeLateAndInOrder() throws Exception {
    try (Socket near = connect("a");
        Socket far = accept()) {
      net.delay("a", "b", Duration.ofMillis(200));
      long before = System.nanoTime();
      say(near, 1);
      say(near, 2);
      assertThat(far.getInputStream().read()).isEqualTo(1);
      assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(200_000_000L);
      assertThat(far.getInputStream().read()).isEqualTo(2);
      net.delay("a", "b", Duration.ZERO);
      say(near, 3);
      assertThat(far.getInputStream().read()).isEqualTo(3);
    }
  }

  @Test
  void aKilledListenerResetsAndItsSuccessorIsReached() throws Exception {
    try (Socket near = connect("a")) {
      Socket far = accept();
      far.setSoLinger(true, 0);
      far.close();
      assertThatThrownBy(() -> near.getInputStream().read()).isInstanceOf(SocketException.class);
    }
    int port = b.getLocalPort();
    b.close();
    assertThatThrownBy(this::connectAndRead).isInstanceOf(SocketException.class);
    b = new ServerSocket(port, 50, InetAddress.ofLiteral("127.0.0.1"));
    try (Socket near = connect("a");
        Socket far = accept()) {
      say(near, 1);
      assertThat(far.getInputStream().read()).isEqualTo(1);
    }
  }
}
