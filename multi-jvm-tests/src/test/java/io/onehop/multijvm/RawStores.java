package io.onehop.multijvm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The legs' data as it lies in their files, as {@code pool show --json} says. */
final class RawStores {
  private static final int CHUNK = 1 << 20;

  /** Where a leg's data lies: in a file, from an offset on. */
  record Place(String node, Path file, long offset) {}

  private final List<Place> places = new ArrayList<>();

  private RawStores() {}

  /** Asks the CLI for the places; some node must run. */
  static RawStores of(LocalCluster cluster, String pool) {
    return of(cluster.dir(), pool);
  }

  /** The same for a folder of {@code up}. */
  static RawStores of(Path dir, String pool) {
    Dist.Ended shown = Dist.run(dir, "pool", "show", pool, "--json", "--dir", dir.toString());
    assertThat(shown.code()).as(shown.err()).isZero();
    RawStores all = new RawStores();
    try {
      for (JsonNode l : new ObjectMapper().readTree(shown.out()).path("legs")) {
        all.places.add(
            new Place(
                l.path("node").asText(),
                Path.of(l.path("store").asText()),
                l.path("dataOffset").asLong()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertThat(all.places).as("legs").isNotEmpty();
    return all;
  }

  /** The data of a node's leg. */
  Place place(String node) {
    return places.stream().filter(p -> p.node.equals(node)).findFirst().orElseThrow();
  }

  /** The folder of a node's leg. */
  Path folder(String node) {
    Path folder = place(node).file.getParent();
    if (folder == null) {
      throw new IllegalArgumentException("no leg on " + node);
    }
    return folder;
  }

  /** A pool in sync that nobody has written to for a second is complete in its files. */
  void compareAtRest(HistoryWorkload load) {
    Eventually.elapse(Duration.ofSeconds(1));
    compare(load);
  }

  /** All legs hold the same, and what the history allows. */
  void compare(HistoryWorkload load) {
    List<FileChannel> files = new ArrayList<>();
    try {
      try {
        for (Place p : places) {
          files.add(FileChannel.open(p.file, StandardOpenOption.READ));
        }
        ByteBuffer one = ByteBuffer.allocateDirect(CHUNK);
        ByteBuffer other = ByteBuffer.allocateDirect(CHUNK);
        for (long at = 0; at < load.sizeBytes(); at += CHUNK) {
          int length = (int) Math.min(CHUNK, load.sizeBytes() - at);
          read(files.get(0), places.get(0).offset + at, one.clear().limit(length));
          for (int i = 1; i < files.size(); i++) {
            read(files.get(i), places.get(i).offset + at, other.clear().limit(length));
            int differs = one.mismatch(other);
            assertThat(differs < 0 ? -1 : at + differs)
                .as("first byte of %s that differs from %s", places.get(i).node, places.get(0).node)
                .isEqualTo(-1);
          }
          load.observed(at, one);
        }
      } finally {
        for (FileChannel f : files) {
          f.close();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    load.check();
  }

  private static void read(FileChannel file, long at, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (file.read(into, at + into.position()) < 0) {
        throw new IOException("the store ends early, at " + at);
      }
    }
    into.flip();
  }
}
