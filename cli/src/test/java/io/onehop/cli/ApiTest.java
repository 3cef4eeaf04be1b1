package io.onehop.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.onehop.protocol.model.Endpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class ApiTest {
  private static final int PATIENCE = 5_000;

  /** An address where nobody listens. */
  private static Endpoint dead() throws IOException {
    try (ServerSocket s = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return new Endpoint("127.0.0.1", s.getLocalPort());
    }
  }

  @Test
  void deadAndStoppedNodesDelayNothing() throws IOException {
    try (FakeNode stopped = new FakeNode().hangs("/");
        FakeNode good = new FakeNode().answers("/v1/status", 200, "{\"pools\":[]}")) {
      Api api = new Api(List.of(dead(), stopped.at(), good.at()));
      long begun = System.nanoTime();
      assertThat(api.get("/v1/status").path("pools").isArray()).isTrue();
      assertThat(System.nanoTime() - begun).isLessThan(TimeUnit.SECONDS.toNanos(3));
    }
  }

  @Test
  void theRefusalOfOneNodeYieldsToTheAnswerOfAnother() throws IOException {
    try (FakeNode none = new FakeNode().answers("/", 404, "{\"error\":\"no pool 'x'\"}");
        FakeNode good = new FakeNode().answers("/v1/pools/x", 200, "{\"name\":\"x\"}")) {
      assertThat(new Api(List.of(none.at(), good.at())).get("/v1/pools/x").path("name").asText())
          .isEqualTo("x");
    }
  }

  @Test
  void aNodeWithoutPoolsYieldsToOneThatHasSome() throws IOException {
    String pools = "{\"pools\":[{\"name\":\"x\"}]}";
    try (FakeNode none = new FakeNode().answers("/v1/pools", 200, "{\"pools\":[]}");
        FakeNode good = new FakeNode().answers("/v1/pools", 200, pools)) {
      assertThat(new Api(List.of(none.at(), good.at())).get("/v1/pools").path("pools")).hasSize(1);
      assertThat(new Api(List.of(none.at())).get("/v1/pools").path("pools")).isEmpty();
    }
  }

  @Test
  void refusalIsNotDelayedByStoppedNode() throws IOException {
    try (FakeNode none = new FakeNode().answers("/", 404, "{\"error\":\"no pool 'x'\"}");
        FakeNode stopped = new FakeNode().hangs("/")) {
      Api api = new Api(List.of(none.at(), stopped.at()));
      long begun = System.nanoTime();
      assertThatThrownBy(() -> api.get("/v1/pools/x"))
          .isInstanceOfSatisfying(
              Failure.class, f -> assertThat(f.exitCode()).isEqualTo(Failure.REFUSED))
          .hasMessage("no pool 'x'");
      assertThat(System.nanoTime() - begun).isLessThan(TimeUnit.SECONDS.toNanos(3));
    }
  }

  @Test
  void namesEveryNodeThatDoesNotAnswer() throws IOException {
    Endpoint a = dead();
    Endpoint b = dead();
    assertThatThrownBy(() -> new Api(List.of(a, b)).get("/v1/status"))
        .isInstanceOfSatisfying(Failure.class, f -> assertThat(f.exitCode()).isEqualTo(3))
        .hasMessageContaining(a.toString())
        .hasMessageContaining(b.toString())
        .hasMessageContaining("--server");
  }

  @Test
  void whatIsNoJsonObjectIsNoAnswer() throws IOException {
    for (String body : List.of("", "<html>hello</html>", "[1]", "{\"half\":", "7")) {
      try (FakeNode web = new FakeNode().answers("/", 200, body)) {
        assertThatThrownBy(() -> new Api(List.of(web.at())).get("/v1/status"))
            .as(body)
            .isInstanceOf(Failure.class)
            .hasMessageContaining("is no OneHop API");
      }
    }
  }

  @Test
  void garbageInsteadOfHttpIsNoAnswer() throws Exception {
    try (ServerSocket s = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      Thread t =
          Thread.ofPlatform()
              .start(() -> {
                try (Socket c = s.accept()) {
                  c.getOutputStream()
                      .write("NBDMAGIC\1\2\3\n\n".getBytes(StandardCharsets.ISO_8859_1));
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      Api api = new Api(List.of(new Endpoint("127.0.0.1", s.getLocalPort())));
      assertThatThrownBy(() -> api.get("/v1/status"))
          .isInstanceOfSatisfying(Failure.class, f -> assertThat(f.exitCode()).isEqualTo(3));
      t.join();
    }
  }

  @Test
  void anOrderGoesToOneLivingNode() throws IOException {
    try (FakeNode a =
            new FakeNode()
                .answers("/v1/version", 200, "{}")
                .answers("/v1/pools", 201, "{\"uuid\":\"u\"}");
        FakeNode b = new FakeNode().hangs("/")) {
      Api api = new Api(List.of(dead(), b.at(), a.at()));
      assertThat(
              api.send("POST", "/v1/pools", Api.JSON.createObjectNode(), PATIENCE)
                  .path("uuid")
                  .asText())
          .isEqualTo("u");
      assertThat(a.asked).containsExactly("GET /v1/version", "POST /v1/pools");
    }
  }

  @Test
  void anOrderIsGivenAgainOnlyWhereTheFirstNodeKnowsNoSuchThing() throws IOException {
    try (FakeNode a =
            new FakeNode()
                .answers("/v1/version", 200, "{}")
                .answers("/v1/pools", 404, "{\"error\":\"no pool\"}");
        FakeNode b =
            new FakeNode()
                .answers("/v1/version", 200, "{}")
                .answers("/v1/pools", 200, "{\"deleted\":\"x\"}")) {
      Api api = new Api(List.of(a.at(), b.at()));
      assertThat(api.send("DELETE", "/v1/pools/x", null, PATIENCE).path("deleted").asText())
          .isEqualTo("x");
    }
    try (FakeNode a =
            new FakeNode()
                .answers("/v1/version", 200, "{}")
                .answers("/v1/pools", 409, "{\"error\":\"attached\"}");
        FakeNode b =
            new FakeNode()
                .answers("/v1/version", 200, "{}")
                .answers("/v1/pools", 409, "{\"error\":\"attached\"}")) {
      Api api = new Api(List.of(a.at(), b.at()));
      assertThatThrownBy(() -> api.send("DELETE", "/v1/pools/x", null, PATIENCE))
          .hasMessage("attached");
      assertThat(
              a.asked.stream().filter(s -> s.startsWith("DELETE")).count()
                  + b.asked.stream().filter(s -> s.startsWith("DELETE")).count())
          .isEqualTo(1);
    }
  }

  @Test
  void aWrongValueIsWrongUsage() throws IOException {
    try (FakeNode a =
        new FakeNode()
            .answers("/v1/version", 200, "{}")
            .answers("/v1/pools", 400, "{\"error\":\"unknown setting\"}")) {
      assertThatThrownBy(
              () -> new Api(List.of(a.at())).send("POST", "/v1/pools/x/settings", null, PATIENCE))
          .isInstanceOfSatisfying(
              Failure.class, f -> assertThat(f.exitCode()).isEqualTo(Failure.USAGE));
    }
  }

  @Test
  void endpoints() {
    assertThat(Api.endpoints("a:1, [::1]:2"))
        .containsExactly(new Endpoint("a", 1), new Endpoint("::1", 2));
    for (String bad :
        List.of(
            "", ",", "a", "a:", ":1", "a:x", "a:-1", "a:65536", "::1:2", "a:1,", "a:99999999999")) {
      assertThatThrownBy(() -> Api.endpoints(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
