package io.onehop.multijvm;

import static io.onehop.multijvm.LocalCluster.A;
import static io.onehop.multijvm.LocalCluster.B;
import static io.onehop.multijvm.LocalCluster.WITNESS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.onehop.nbd.client.NbdClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** What an operator does when disks and majorities are lost, or are not what they should be. */
class ForceAndReplaceIT {
  private static final String POOL = "vol0";
  private static final int SIZE = 16 << 20;
  private static final int CELL = 64 << 10;
  private static final int REFUSED = 3;

  private LocalCluster cluster;
  private LocalCluster.Client client;

  @BeforeEach
  void begin(TestInfo info) {
    cluster = LocalCluster.running(info.getTestMethod().orElseThrow().getName(), "16M");
    client = cluster.attach(POOL);
    cluster.awaitInSync(POOL);
  }

  @AfterEach
  void end() {
    cluster.close();
  }

  private static ByteBuffer cell(int value) {
    ByteBuffer b = ByteBuffer.allocateDirect(CELL);
    while (b.hasRemaining()) {
      b.put((byte) value);
    }
    return b.flip();
  }

  private void write(int index, int value) throws IOException {
    try (NbdClient nbd = NbdClient.connect(client.uri())) {
      nbd.write((long) index * CELL, cell(value), true);
    }
  }

  private int read(int index) throws IOException {
    ByteBuffer b = ByteBuffer.allocateDirect(CELL);
    try (NbdClient nbd = NbdClient.connect(client.uri())) {
      nbd.read((long) index * CELL, b.clear());
    }
    return b.get(0);
  }

  private void done(String... command) {
    Dist.Ended e = cluster.onehop(command);
    assertThat(e.code()).as(e.toString()).isZero();
  }

  private void refused(String names, String... command) {
    Dist.Ended e = cluster.onehop(command);
    assertThat(e.code()).as(e.toString()).isEqualTo(REFUSED);
    assertThat(e.err().strip().lines().toList()).as("one line").hasSize(1);
    assertThat(e.err()).contains(names);
  }

  private String reason(String at, String leg) {
    JsonNode s = cluster.statusAt(at, POOL);
    for (JsonNode l : s == null ? List.<JsonNode>of() : s.path("legs")) {
      if (l.path("node").asText().equals(leg)) {
        return l.path("state").asText() + ": " + l.path("reason").asText();
      }
    }
    return "";
  }

  private void awaitReason(String at, String leg, String part) {
    Eventually.await(
        "at " + at + " the reason of " + leg + " has '" + part + "'; now " + reason(at, leg),
        40,
        () -> reason(at, leg).contains(part));
  }

  private void out(String leg) {
    Eventually.await(leg + " is out", 40, () -> cluster.state(POOL, leg).equals("stale"));
  }

  private Path folder(String node) throws IOException {
    try (Stream<Path> pools = Files.list(cluster.dir().resolve("store/" + node + "/pools"))) {
      return pools.findFirst().orElseThrow();
    }
  }

  private static void delete(Path tree) throws IOException {
    if (Files.exists(tree)) {
      try (Stream<Path> all = Files.walk(tree)) {
        for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(p);
        }
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    delete(to);
    Dist.Ended e = Dist.tool(from, 60, "cp", "-a", "--sparse=always", "" + from, "" + to);
    assertThat(e.code()).as(e.err()).isZero();
  }

  /** All legs hold the same bytes in the files that {@code pool show} names. */
  private void identical() throws IOException {
    cluster.awaitInSync(POOL);
    Eventually.elapse(java.time.Duration.ofMillis(1_200));
    Dist.Ended shown = cluster.onehop("pool", "show", POOL, "--json");
    List<ByteBuffer> contents = new ArrayList<>();
    for (JsonNode l : new ObjectMapper().readTree(shown.out()).path("legs")) {
      ByteBuffer all = ByteBuffer.allocate(SIZE);
      Path file = Path.of(l.path("store").asText());
      try (FileChannel c = FileChannel.open(file, StandardOpenOption.READ)) {
        while (all.hasRemaining()
            && c.read(all, l.path("dataOffset").asLong() + all.position()) >= 0) {
          // until it is full
        }
      }
      contents.add(all.flip());
    }
    assertThat(contents).hasSizeGreaterThan(1);
    for (ByteBuffer c : contents) {
      assertThat(c.mismatch(contents.getFirst())).as("first differing byte").isEqualTo(-1);
    }
    done("verify", POOL);
  }

  @Test
  void aStaleLegGoesOnAloneAndTheOldOnesRejoinByOrder() throws IOException {
    write(0, 1);
    write(9, 5);
    refused("not needed", "pool", "force", POOL, "--from", A, "--i-accept-data-loss");
    cluster.kill(B);
    write(0, 2); // only A has it
    out(B);
    LocalCluster.kill(cluster.process(A), cluster.process(WITNESS), client.process());
    cluster.start(B);
    cluster.awaitAnswers(B);
    refused("--i-accept-data-loss", "pool", "force", POOL, "--from", B);
    done("pool", "force", POOL, "--from", B, "--i-accept-data-loss");
    client = cluster.attach(POOL);
    assertThat(read(0)).as("the last that B knew").isEqualTo(1);
    assertThat(read(9)).isEqualTo(5);
    write(1, 3);

    cluster.start(A);
    cluster.awaitAnswers(A);
    awaitReason(A, A, "kept out");
    awaitReason(B, A, "another lineage (forced promotion of node-b");
    Dist.Ended differs = cluster.onehop("verify", POOL, "--against", A);
    assertThat(differs.code()).as(differs.toString()).isEqualTo(1);
    assertThat(differs.out()).contains("differs: offset 0 ").contains(A);
    refused("--i-accept-data-loss", "pool", "rejoin", POOL, "--leg", A);
    done("pool", "rejoin", POOL, "--leg", A, "--i-accept-data-loss");
    cluster.awaitInSync(POOL);

    cluster.start(WITNESS);
    cluster.awaitAnswers(WITNESS);
    Eventually.await(
        "the witness is kept out",
        20,
        () -> cluster.status(POOL).path("witnesses").path(0).path("keptOut").asBoolean());
    done("pool", "rejoin", POOL, "--witness", WITNESS, "--i-accept-data-loss");
    assertThat(cluster.status(POOL).path("witnesses").path(0).path("keptOut").asBoolean())
        .isFalse();
    // The three are a pool like any other again.
    cluster.kill(B);
    write(2, 4);
    out(B);
    cluster.start(B);
    assertThat(read(0)).isEqualTo(1);
    identical();
    cluster.passed();
  }

  private String lineageKeeper() throws IOException {
    Dist.Ended e = cluster.onehop("status", POOL, "--json");
    JsonNode s = new ObjectMapper().readTree(e.out()).path("pools").path(0);
    return s.path("keptOut").asBoolean() + " " + s.path("legs").path(0).path("keptOut").asBoolean();
  }

  @Test
  void theOldMajorityComesBackTogetherAndIsKeptOut() throws IOException {
    write(0, 1);
    LocalCluster.kill(cluster.process(A), cluster.process(WITNESS), client.process());
    done("pool", "force", POOL, "--from", B, "--i-accept-data-loss");
    client = cluster.attach(POOL);
    write(0, 2); // only the new lineage has it

    cluster.start(A);
    cluster.start(WITNESS);
    cluster.awaitAnswers(A);
    cluster.awaitAnswers(WITNESS);
    awaitReason(A, A, "kept out");
    assertThat(Objects.requireNonNull(cluster.statusAt(A, POOL)).path("waiting").asText())
        .contains("goes on at " + B);
    awaitReason(WITNESS, A, "another lineage");
    for (int i = 0; i < 5; i++) {
      assertThat(lineageKeeper()).as("of those who go on").isEqualTo("false true");
    }
    Dist.Ended status = cluster.onehop("status", POOL);
    assertThat(status.out()).contains("kept out, on another lineage: node-a, witness");
    for (int i = 0; i < 3; i++) {
      LocalCluster.kill(client.process());
      client = cluster.attach(POOL);
      assertThat(read(0)).as("attached to the lineage that goes on").isEqualTo(2);
    }

    // Nor without the leg that they have heard it from, nor after another start.
    LocalCluster.kill(cluster.process(B), cluster.process(A), cluster.process(WITNESS));
    cluster.start(A);
    cluster.start(WITNESS);
    cluster.awaitAnswers(A);
    Eventually.elapse(java.time.Duration.ofSeconds(8));
    assertThat(Objects.requireNonNull(cluster.statusAt(A, POOL)).path("waiting").asText())
        .startsWith("kept out");
    assertThat(cluster.statusAt(A, POOL).path("keptOut").asBoolean()).isTrue();
    cluster.start(B);
    cluster.awaitAnswers(B);
    done("pool", "rejoin", POOL, "--leg", A, "--i-accept-data-loss");
    done("pool", "rejoin", POOL, "--witness", WITNESS, "--i-accept-data-loss");
    assertThat(read(0)).isEqualTo(2);
    identical();
    cluster.passed();
  }

  @Test
  void aDeletedStoreIsReplacedWhileAClientWrites() throws IOException {
    write(0, 1);
    write(5, 7);
    delete(folder(B).resolve("leg"));
    refused("--yes", "pool", "replace", POOL, "--leg", B);
    done("pool", "replace", POOL, "--leg", B, "--yes");
    write(1, 2);
    identical();
    assertThat(read(5)).isEqualTo(7);

    // A node that lost all that it had, and a new start.
    cluster.kill(B);
    delete(cluster.dir().resolve("store").resolve(B));
    out(B);
    cluster.start(B);
    cluster.awaitAnswers(B);
    write(2, 3);
    done("pool", "replace", POOL, "--leg", B);
    identical();

    cluster.kill(WITNESS);
    delete(cluster.dir().resolve("store").resolve(WITNESS));
    cluster.start(WITNESS);
    cluster.awaitAnswers(WITNESS);
    done("pool", "replace", POOL, "--witness", WITNESS);
    cluster.kill(B);
    write(3, 4); // the new witness votes the leg out
    out(B);
    refused("last leg in sync", "pool", "replace", POOL, "--leg", A, "--yes");
    cluster.start(B);
    identical();
    cluster.passed();
  }

  @Test
  @Tag("long")
  void aSwappedDiskIsNamedAndTheRestGoesOn() throws IOException {
    write(0, 1);
    assertThat(LocalCluster.stop(cluster.process(B))).isZero();
    write(0, 2);
    out(B);
    Path own = folder(B).resolve("leg");
    Path aside = cluster.dir().resolve("aside");
    copy(own, aside);
    copy(folder(A).resolve("leg"), own);
    cluster.start(B);
    cluster.awaitAnswers(B);
    String wrong = "wrong disk: store belongs to node-a (rule 1.2)";
    awaitReason(A, B, wrong);
    awaitReason(B, B, wrong);
    write(1, 3);
    assertThat(Files.readString(cluster.files().log(B))).contains(wrong);

    // Another file system, then nothing at all, then its own again: found by itself.
    assertThat(LocalCluster.stop(cluster.process(B))).isZero();
    copy(aside, own);
    try (FileChannel c = FileChannel.open(own.resolve("data"), StandardOpenOption.WRITE)) {
      c.write(ByteBuffer.allocate(8192), 0);
      c.write(ByteBuffer.wrap("XFSB".getBytes(java.nio.charset.StandardCharsets.US_ASCII)), 0);
    }
    cluster.start(B);
    awaitReason(A, B, "wrong disk: no store on it (bears an XFS file system) (rule 1.2)");
    assertThat(LocalCluster.stop(cluster.process(B))).isZero();
    delete(own);
    cluster.start(B);
    awaitReason(A, B, "wrong disk: empty, no store on it (rule 1.2)");
    copy(aside, own);
    write(2, 4);
    identical();
    cluster.passed();
  }

  @Test
  @Tag("long")
  void aRolledBackDiskMissesEverythingAndItsVotesDoNotCount() throws IOException {
    write(0, 1);
    assertThat(LocalCluster.stop(cluster.process(B))).isZero();
    Path own = folder(B).resolve("leg");
    Path image = cluster.dir().resolve("image");
    copy(own, image);
    cluster.start(B);
    cluster.awaitInSync(POOL);
    write(0, 2);
    write(3, 3);
    assertThat(LocalCluster.stop(cluster.process(B))).isZero();
    write(4, 4);
    out(B);
    copy(image, own);
    cluster.start(B);
    cluster.awaitAnswers(B);
    // In sync as to its content; what its votes are worth stays named, see below.
    Eventually.await(
        "the old image has healed",
        60,
        () ->
            cluster.state(POOL, B).equals("in-sync")
                && cluster.leg(POOL, B).path("lastResync").path("missedBytes").asLong() == SIZE);
    awaitReason(A, B, "its disk is older than what it voted before (rule 1.2)");
    done("pool", "replace", POOL, "--leg", B, "--yes");
    identical();
    assertThat(reason(A, B)).doesNotContain("older");
    cluster.passed();
  }
}
