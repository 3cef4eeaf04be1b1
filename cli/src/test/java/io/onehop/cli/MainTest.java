package io.onehop.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Options, streams and exit codes of what starts no process. */
final class MainTest {
  @TempDir private Path tmp = Path.of("");

  private record Ran(int code, String out, String err) {
    /** Refused in one line on stderr that contains {@code text}; nothing on stdout. */
    void refused(int expected, String text) {
      assertThat(err).contains(text).startsWith("onehop").hasLineCount(1).doesNotContain("\tat ");
      assertThat(out).isEmpty();
      assertThat(code).as(err).isEqualTo(expected);
    }
  }

  private static Ran run(String... args) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream o = new ByteArrayOutputStream();
    ByteArrayOutputStream e = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(o, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(e, true, StandardCharsets.UTF_8));
      int code = Main.run(args);
      return new Ran(code, o.toString(StandardCharsets.UTF_8), e.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  @AfterEach
  void forgetDebug() {
    System.clearProperty("onehop.debug");
  }

  private static String deadServer() throws IOException {
    try (ServerSocket s = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return "127.0.0.1:" + s.getLocalPort();
    }
  }

  @Test
  void everyCommandHasHelp() {
    Ran help = run("--help");
    assertThat(help.code).isZero();
    assertThat(help.err).isEmpty();
    for (String c :
        List.of(
            "node",
            "pool",
            "attach",
            "up",
            "status",
            "verify",
            "demo",
            "simulate",
            "chaos",
            "bench")) {
      assertThat(help.out).contains("\n  " + c + " ");
      Ran r = run(c, "--help");
      assertThat(r.code).as(c).isZero();
      assertThat(r.out).contains("Usage: onehop " + c);
      assertThat(r.err).isEmpty();
    }
    for (String c :
        List.of("create", "list", "show", "set", "delete", "force", "replace", "rejoin")) {
      assertThat(run("pool", c, "--help").out).contains("Usage: onehop pool " + c);
    }
    Ran version = run("--version");
    assertThat(version.out).startsWith("onehop ").hasLineCount(1);
    assertThat(version.code).isZero();
  }

  @Test
  void wrongUsage() {
    String dir = tmp.resolve("d").toString();
    run().refused(2, "say which command");
    run("pool").refused(2, "say which command");
    run("bogus").refused(2, "'bogus' is no command");
    run("bogus", "--help").refused(2, "'bogus' is no command");
    run("pool", "bogus", "--json").refused(2, "'bogus' is no command");
    run("status", "--bogus").refused(2, "'--bogus'");
    run("status", "a", "b").refused(2, "'b'");
    run("status", "--json", "--watch").refused(2, "--watch");
    run("status", "--server", "x:1", "--dir", dir).refused(2, "exclude each other");
    for (String junk : List.of("", "x", "x:", "x:y", ":1", "::1:5", "x:70000", "a:1,,b:2")) {
      run("status", "--server", junk).refused(2, "--server: ");
    }
    run("node").refused(2, "CONFIG");
    run("attach", "v").refused(2, "--nbd");
    run("attach", "v", "--nbd", "/tmp/x").refused(2, "neither unix:PATH nor tcp:HOST:PORT");
    run("attach", "v", "--nbd", "unix:").refused(2, "names no path");
    run("attach", "v", "--nbd", "tcp:x").refused(2, "HOST:PORT");
    run("attach", "v", "--nbd", "unix:/" + "x".repeat(120)).refused(2, "at most 107");
    run("attach", "v", "--nbd", "unix:/x", "--takeover=yes").refused(2, "--takeover");
    for (String junk : List.of("0", "-1", ".01", "NaN", "1e9")) {
      run("chaos", "--minutes", junk).refused(2, "--minutes is 1/60 (a second) to 43200");
    }
    run("chaos", "--minutes", "x").refused(2, "--minutes");
    run("chaos", "--legs", "1").refused(2, "--legs");
    run("chaos", "--seed", "x").refused(2, "--seed");
    run("chaos", "--minutes", "1").refused(3, "use a checkout");
    run("up").refused(2, "--dir");
    run("up", "--dir", dir, "--legs", "0").refused(2, "1 to 5 legs");
    run("up", "--dir", dir, "--legs", "6").refused(2, "1 to 5 legs");
    run("up", "--dir", dir, "--legs", "x").refused(2, "--legs");
    run("up", "--dir", dir, "--nbd", "unix:" + dir + "x".repeat(120)).refused(2, "at most 107");
    run("up", "--dir", dir + "/" + "x".repeat(120)).refused(2, "at most 107");
    run("demo", "--size", "1K").refused(2, "--size");
    run("simulate", "--seeds", "0").refused(2, "--seeds");
    run("bench", "nothing").refused(2, "no suite 'nothing'");
    run("bench", "failover", "--kills", "0").refused(2, "--kills");
    for (String junk : List.of("", "x", "-1", "0", "1Q", "99999999999T")) {
      run("up", "--dir", dir, "--size", junk).refused(2, junk.equals("0") ? "--size" : junk);
      run("pool", "create", "v", "--data", "a,b", "--size", junk)
          .refused(2, junk.equals("0") ? "--size" : junk);
    }
    run("pool", "create", "v", "--size", "1G").refused(2, "--data");
    run("pool", "create", "v", "--data", "a,b,c,d,e,f", "--size", "1G")
        .refused(2, "names 6 nodes: a pool has 1 to 5 data legs");
    run("pool", "create", "v", "--data", "a,b", "--size", "1G", "--on-no-quorum", "wait")
        .refused(2, "--on-no-quorum");
    run("pool", "create", "v", "--data", "a,b", "--size", "1G", "--device", "a")
        .refused(2, "--device: 'a' is not NODE=PATH");
    run("pool", "set", "v").refused(2, "KEY=VALUE");
    run("pool", "force", "v").refused(2, "--from");
    run("pool", "replace", "v").refused(2, "--leg NODE or --witness NODE");
    run("pool", "replace", "v", "--leg", "a", "--device", "disk").refused(2, "absolute");
    run("pool", "replace", "v", "--witness", "w", "--device", "/d").refused(2, "for legs");
    run("pool", "rejoin", "v", "--leg", "a", "--witness", "w").refused(2, "one of them");
    for (String junk : List.of("cold-start", "cold-start=", "=after-grace")) {
      run("pool", "set", "v", junk).refused(2, "'" + junk + "' is not KEY=VALUE");
    }
    run("pool", "set", "v", "lease=2s", "lease=3s").refused(2, "'lease' is given twice");
    assertThat(Files.exists(tmp.resolve("d"))).isFalse();
  }

  @Test
  void unreachable() throws IOException {
    String dead = deadServer();
    for (List<String> args :
        List.of(
            List.of("status"),
            List.of("status", "--json"),
            List.of("verify", "v"),
            List.of("pool", "list", "--json"),
            List.of("pool", "show", "v"),
            List.of("pool", "set", "v", "a=b"),
            List.of("pool", "delete", "v", "--yes"),
            List.of("pool", "create", "v", "--size", "1M", "--data", "a,b"),
            List.of("attach", "v", "--nbd", "unix:" + tmp.resolve("s")),
            List.of("attach", "v", "--nbd", "unix:" + tmp.resolve("s"), "--takeover"))) {
      List<String> all = new java.util.ArrayList<>(args);
      all.addAll(List.of("--server", dead + ",127.0.0.1:0"));
      run(all.toArray(String[]::new)).refused(3, dead);
    }
  }

  @Test
  void wrongInput() throws IOException {
    run("status", "--dir", tmp.toString()).refused(4, "has no conf/");
    run("node", tmp.resolve("none.conf").toString()).refused(4, "none.conf");
    Path bad = Files.writeString(tmp.resolve("bad.conf"), "onehop { name = \n");
    run("node", bad.toString()).refused(4, "bad.conf");
    run("up", "--dir", bad.toString()).refused(3, "bad.conf");
  }

  @Test
  void answersGoToStdout() throws IOException {
    String pool = "{\"name\":\"v\",\"uuid\":\"u\",\"sizeBytes\":4096}";
    try (FakeNode n =
        new FakeNode()
            .answers("/v1/status", 200, "{\"pools\":[]}")
            .answers("/v1/version", 200, "{\"version\":\"1\"}")
            .answers("/v1/pools", 200, "{\"pools\":[" + pool + "]}")
            .answers(
                "/v1/pools/v/verify",
                200,
                "{\"name\":\"v\",\"comparedBytes\":4096,\"differences\":[]}")
            .answers(
                "/v1/pools/w/verify",
                200,
                "{\"name\":\"w\",\"comparedBytes\":4096,\"differences\":"
                    + "[{\"offset\":0,\"length\":4096,\"nodes\":[\"a\",\"b\"]}]}")) {
      String at = n.at().toString();
      Ran json = run("status", "--json", "--server", at);
      assertThat(json).isEqualTo(new Ran(0, "{\"pools\":[]}\n", ""));
      assertThat(run("pool", "list", "--json", "--server", at))
          .isEqualTo(new Ran(0, "{\"pools\":[" + pool + "]}\n", ""));
      assertThat(run("verify", "v", "--server", at))
          .isEqualTo(new Ran(0, "compared 4 KiB: identical\n", ""));
      Ran differs = run("verify", "w", "--server", at);
      assertThat(differs.code).isEqualTo(1);
      assertThat(differs.out).contains("differs: offset 0 length 4096 on a, b");
      assertThat(run("verify", "w", "--json", "--server", at).code).isEqualTo(1);
    }
  }

  @Test
  void legsAndWitnessesAreToldApart() throws IOException {
    try (FakeNode n =
        new FakeNode()
            .answers("/v1/version", 200, "{\"version\":\"1\"}")
            .answers("/v1/status", 200, "{\"pools\":[]}")
            .answers(
                "/v1/pools/v",
                200,
                "{\"name\":\"v\",\"legs\":[{\"node\":\"a\"}],\"witnesses\":[{\"node\":\"w\"}]}")) {
      String at = n.at().toString();
      for (String what : List.of("replace", "rejoin")) {
        run("pool", what, "v", "--leg", "w", "--server", at)
            .refused(2, "'w' is a witness of 'v': say --witness w");
        run("pool", what, "v", "--witness", "a", "--server", at)
            .refused(2, "'a' is a leg of 'v': say --leg a");
      }
    }
  }

  @Test
  void debugShowsOneStackTrace() throws IOException {
    String dead = deadServer();
    for (Ran r :
        List.of(
            run("--debug", "status", "--server", dead),
            run("status", "--debug", "--server", dead),
            run("status", "--debug", "--bogus"))) {
      assertThat(r.err).contains("\tat io.onehop.cli.");
      assertThat(r.err.lines().filter(l -> l.startsWith("onehop: "))).hasSize(1);
    }
  }
}
