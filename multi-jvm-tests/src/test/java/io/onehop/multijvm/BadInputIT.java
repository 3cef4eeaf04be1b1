package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.onehop.nbd.wire.NbdUri;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is wrong is named in one line, with the right exit code, and harms nobody else. */
class BadInputIT extends PoolCase {
  private static final int USAGE = 2;
  private static final int REFUSED = 3;
  private static final int INPUT = 4;

  private void refused(int code, String names, String... arguments) {
    refused(code, names, cluster.onehop(arguments));
  }

  private static void refused(int code, String names, Dist.Ended e) {
    assertThat(e.code()).as(e.toString()).isEqualTo(code);
    assertThat(e.out()).as("stdout is for results").isEmpty();
    assertThat(e.err().strip().lines().toList()).as("one line").hasSize(1);
    assertThat(e.err()).contains(names).doesNotContain("\tat ").doesNotContain("Exception");
  }

  @Test
  void unknownNamesWrongSizesUnreachableServers() {
    String socket = "unix:" + cluster.dir().resolve("never.sock");
    refused(REFUSED, "nope", "attach", "nope", "--nbd", socket);
    refused(REFUSED, "nope", "status", "nope");
    refused(REFUSED, "nope", "verify", "nope");
    refused(REFUSED, "nope", "pool", "show", "nope");
    refused(USAGE, "12Q", "pool", "create", "x", "--size", "12Q", "--data", "node-a,node-b");
    refused(USAGE, "size", "pool", "create", "x", "--size", "0", "--data", "node-a,node-b");
    refused(
        REFUSED,
        POOL,
        "pool",
        "create",
        POOL,
        "--size",
        "16M",
        "--data",
        "node-a,node-b",
        "--witness",
        "witness");
    refused(
        USAGE,
        "node-x",
        "pool",
        "create",
        "x",
        "--size",
        "16M",
        "--data",
        "node-a,node-x",
        "--witness",
        "witness");
    wrongMembersAndSettings();
    String longPath = "unix:" + cluster.dir().resolve("s".repeat(120));
    refused(USAGE, "unix socket", "attach", POOL, "--nbd", longPath);
    String nobody = "127.0.0.1:" + ClusterFiles.freePorts(1).getFirst();
    for (List<String> command :
        List.of(List.of("status"), List.of("attach", POOL, "--nbd", socket))) {
      List<String> all = new java.util.ArrayList<>(command);
      all.addAll(List.of("--server", nobody));
      refused(REFUSED, nobody, Dist.run(cluster.dir(), 10, all.toArray(String[]::new)));
    }
    assertThat(cluster.dir().resolve("never.sock")).doesNotExist();
    finish();
  }

  /** What an operator may get wrong about a pool that is well: refused, and nothing happens. */
  private void wrongMembersAndSettings() {
    long generation = cluster.generation(POOL);
    refused(USAGE, "'zzz'", "verify", POOL, "--against", "zzz");
    refused(USAGE, "'witness'", "verify", POOL, "--against", "witness");
    refused(USAGE, "'cold-start' is not KEY=VALUE", "pool", "set", POOL, "cold-start");
    refused(USAGE, "unknown setting 'colour'", "pool", "set", POOL, "colour=red");
    refused(USAGE, "lease", "pool", "set", POOL, "lease=soon");
    refused(USAGE, "'zzz'", "pool", "force", POOL, "--from", "zzz");
    refused(USAGE, "is a witness", "pool", "force", POOL, "--from", "witness");
    refused(REFUSED, "by itself", "pool", "force", POOL, "--from", A, "--i-accept-data-loss");
    refused(USAGE, "say --witness witness", "pool", "replace", POOL, "--leg", "witness");
    refused(USAGE, "say --leg node-b", "pool", "replace", POOL, "--witness", B);
    refused(USAGE, "'zzz'", "pool", "replace", POOL, "--leg", "zzz");
    refused(REFUSED, "--yes", "pool", "replace", POOL, "--leg", B);
    refused(
        REFUSED, "/no/disk", "pool", "replace", POOL, "--leg", B, "--yes", "--device", "/no/disk");
    refused(REFUSED, "not kept out", "pool", "rejoin", POOL, "--leg", B);
    refused(USAGE, "say --witness witness", "pool", "rejoin", POOL, "--leg", "witness");
    assertThat(cluster.generation(POOL)).as("nothing happened").isEqualTo(generation);
  }

  /** Starts a node that is to end by itself. */
  private Dist.Ended node(Path conf) {
    return Dist.run(cluster.dir(), 20, "node", conf.toString());
  }

  @Test
  void wrongConfigurations() throws IOException {
    String good = cluster.files().confText(A);
    Path conf = cluster.dir().resolve("bad.conf");
    Files.writeString(conf, good.replace("{ name = node-b,", "{ name = node-a,"));
    refused(INPUT, "node-a", node(conf));
    Files.writeString(conf, good.replace("  name = node-a", "  name = node-z"));
    refused(INPUT, "node-z", node(conf));
    Files.writeString(conf, good.replace("data-folder", "data-folders"));
    refused(INPUT, "data-folder", node(conf));
    Files.writeString(conf, good.substring(0, good.length() / 2));
    refused(INPUT, "bad.conf", node(conf));
    refused(INPUT, "absent.conf", node(cluster.dir().resolve("absent.conf")));
    refused(REFUSED, "runs already", node(cluster.files().conf(A)));

    // Ports that are taken, one kind after the other.
    List<Integer> free = ClusterFiles.freePorts(3);
    ClusterFiles.Ports p = cluster.files().ports(A);
    String elsewhere =
        good.replace("../store/node-a", "store/elsewhere")
            .replace("../run/node-a.pid", "run/elsewhere.pid")
            .replace("../log/node-a.log", "log/elsewhere.log")
            .replace(":" + p.control(), ":" + free.get(0))
            .replace(":" + p.data(), ":" + free.get(1))
            .replace(":" + p.api(), ":" + free.get(2));
    Files.writeString(conf, elsewhere);
    for (int port : free) {
      try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
        refused(REFUSED, "" + taken.getLocalPort(), node(conf));
      }
    }
    assertThat(cluster.dir().resolve("run/elsewhere.pid")).doesNotExist();
    finish();
  }

  @Test
  void garbageOnEveryPort() throws IOException {
    long generation = cluster.generation(POOL);
    load.randomInstant(faults);
    try (Vandal vandal = new Vandal(faults.split())) {
      for (String node : cluster.names()) {
        ClusterFiles.Ports p = cluster.files().ports(node);
        for (int port : List.of(p.control(), p.data(), p.api())) {
          vandal.noise(Vandal.local(port));
        }
        vandal.frames(Vandal.local(p.data()), POOL);
      }
      SocketAddress nbd = NbdUri.parse(client.uri()).address().socketAddress();
      vandal.noise(nbd);
      load.awaitMore(2_000);
    }
    for (String node : cluster.names()) {
      assertThat(cluster.runs(node)).as(node + " lives").isTrue();
      cluster.awaitAnswers(node);
    }
    assertThat(cluster.generation(POOL)).as("nobody was evicted").isEqualTo(generation);
    finish();
  }

  @Test
  void storesThatAreDamaged() throws IOException {
    load.randomInstant(faults);
    assertThat(LocalCluster.stop(cluster.process(B))).as("exit code").isZero();
    load.awaitMore(200);
    RawStores stores = RawStores.of(cluster, POOL);
    Path leg = stores.folder(B);
    Path superblock = leg.resolve("meta").resolve("superblock");
    byte[] good = Files.readAllBytes(superblock);

    Files.write(superblock, java.util.Arrays.copyOf(good, 100));
    refused(INPUT, "superblock", node(cluster.files().conf(B)));
    byte[] future = good.clone();
    future[8] = 99;
    future[4096 + 8] = 99;
    Files.write(superblock, future);
    refused(INPUT, "version", node(cluster.files().conf(B)));
    Files.write(superblock, good);

    // Disks of another member, or of nothing: the node starts and says so (RepairTest).
    load.awaitMore(200);
    long generation = cluster.generation(POOL);
    cluster.start(B);
    assertThat(awaitBack(B, generation)).isPositive();
    finish();
  }
}
