package io.onehop.node.pools;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.onehop.node.store.StoreException;
import io.onehop.protocol.model.Role;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A pool's {@code pool.json}: its {@link PoolShape}, written durably, read with every doubt. */
final class ShapeFile {
  static final String NAME = "pool.json";
  private static final int FORMAT = 1;
  private static final ObjectMapper JSON = new ObjectMapper();

  private ShapeFile() {}

  static void write(Path folder, PoolShape s) throws IOException {
    ObjectNode o = JSON.createObjectNode();
    o.put("format", FORMAT);
    o.put("uuid", s.pool().toString());
    o.put("name", s.name());
    o.put("sizeBytes", s.sizeBytes());
    o.put("blockSize", s.blockSize());
    o.put("self", s.self());
    if (s.device() != null) {
      o.put("device", s.device());
    }
    var members = o.putArray("members");
    for (PoolShape.ShapeMember m : s.members()) {
      members
          .addObject()
          .put("uuid", m.id().toString())
          .put("node", m.node())
          .put("role", m.role().name());
    }
    var places = o.putArray("places");
    for (StorePlace p : s.places()) {
      places
          .addObject()
          .put("node", p.node())
          .put("path", p.path())
          .put("dataOffset", p.dataOffset());
    }
    Path next = folder.resolve(NAME + ".new");
    byte[] bytes = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(o);
    try (FileChannel c =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer b = ByteBuffer.wrap(bytes);
      while (b.hasRemaining()) {
        c.write(b);
      }
      c.force(true);
    }
    Files.move(next, folder.resolve(NAME), StandardCopyOption.ATOMIC_MOVE);
    syncFolder(folder);
  }

  static PoolShape read(Path folder) throws IOException {
    Path file = folder.resolve(NAME);
    try {
      JsonNode o = JSON.readTree(Files.readString(file, StandardCharsets.UTF_8));
      if (o.path("format").asInt() != FORMAT) {
        throw new StoreException(
            file + ": format " + o.path("format").asText("unknown") + ", this program knows 1");
      }
      List<PoolShape.ShapeMember> members = new ArrayList<>();
      for (JsonNode m : o.path("members")) {
        members.add(
            new PoolShape.ShapeMember(
                UUID.fromString(m.path("uuid").asText()),
                m.path("node").asText(),
                Role.valueOf(m.path("role").asText())));
      }
      List<StorePlace> places = new ArrayList<>();
      for (JsonNode p : o.path("places")) {
        places.add(
            new StorePlace(
                p.path("node").asText(), p.path("path").asText(), p.path("dataOffset").asLong()));
      }
      return new PoolShape(
          UUID.fromString(o.path("uuid").asText()),
          o.path("name").asText(),
          o.path("sizeBytes").asLong(),
          o.path("blockSize").asInt(),
          o.path("self").asInt(-1),
          members,
          o.hasNonNull("device") ? o.get("device").asText() : null,
          places);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new StoreException(file + " is damaged: " + oneLine(e), e);
    }
  }

  private static String oneLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /** Makes the folder's own entries durable. */
  static void syncFolder(Path folder) throws IOException {
    try (FileChannel c = FileChannel.open(folder, StandardOpenOption.READ)) {
      c.force(true);
    }
  }
}
