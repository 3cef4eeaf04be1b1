package io.onehop.node.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.onehop.node.pools.CreateRequest;
import io.onehop.node.pools.NodeMessage.Order.Kind;
import io.onehop.node.pools.OrderRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Request bodies: read strictly, refused in one line. */
final class RequestJson {
  private static final Set<String> CREATE =
      Set.of("name", "sizeBytes", "data", "witness", "devices", "onNoQuorum", "force");
  private static final Set<String> ORDER = Set.of("node", "device", "sure", "force");
  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder().maxNestingDepth(8).maxStringLength(8192).build())
              .enable(com.fasterxml.jackson.core.StreamReadFeature.STRICT_DUPLICATE_DETECTION)
              .build());

  private RequestJson() {}

  private static JsonNode object(byte[] body) {
    try (JsonParser p = JSON.createParser(body)) {
      JsonNode n = JSON.readTree(p);
      if (n == null || !n.isObject()) {
        throw new Refusal(400, "the body must be one JSON object");
      }
      if (p.nextToken() != null) {
        throw new Refusal(400, "the body must be one JSON object and nothing behind it");
      }
      return n;
    } catch (IOException e) {
      String why = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new Refusal(400, "the body is not valid JSON: " + why);
    }
  }

  private static JsonNode object(byte[] body, Set<String> known) {
    JsonNode o = object(body);
    o.fieldNames()
        .forEachRemaining(key -> {
          if (!known.contains(key)) {
            throw new Refusal(
                400, "unknown field '" + key + "'; known: " + String.join(", ", sorted(known)));
          }
        });
    return o;
  }

  /** A forced promotion, a new disk, a rejoin: the node that it is about, and what is accepted. */
  static OrderRequest order(Kind kind, String pool, byte[] body) {
    JsonNode o = object(body, ORDER);
    JsonNode device = o.path("device");
    String path = device.isMissingNode() || device.isNull() ? null : text(device, "device");
    if (path != null && !path.startsWith("/")) {
      throw new Refusal(400, "device must be an absolute path");
    }
    return new OrderRequest(
        kind,
        pool,
        text(o.path("node"), "node"),
        path,
        flag(o.path("sure"), "sure"),
        flag(o.path("force"), "force"));
  }

  /** The leg that is to be compared with, or null; the body may be empty. */
  static @Nullable String against(byte[] body) {
    if (body.length == 0) {
      return null;
    }
    JsonNode n = object(body, Set.of("against")).path("against");
    return n.isMissingNode() || n.isNull() ? null : text(n, "against");
  }

  static CreateRequest create(byte[] body) {
    JsonNode o = object(body, CREATE);
    JsonNode size = o.path("sizeBytes");
    if (!size.isIntegralNumber() || !size.canConvertToLong()) {
      throw new Refusal(400, "sizeBytes must be a whole number of bytes");
    }
    Map<String, String> devices = new HashMap<>();
    JsonNode d = o.path("devices");
    if (!d.isMissingNode() && !d.isObject()) {
      throw new Refusal(400, "devices must be an object of node names and paths");
    }
    d.properties().forEach(e -> devices.put(e.getKey(), text(e.getValue(), "devices")));
    return new CreateRequest(
        text(o.path("name"), "name"),
        size.asLong(),
        texts(o.path("data"), "data"),
        texts(o.path("witness"), "witness"),
        devices,
        onNoQuorum(o.path("onNoQuorum")),
        flag(o.path("force"), "force"));
  }

  private static boolean onNoQuorum(JsonNode n) {
    if (n.isMissingNode() || n.isNull()) {
      return false;
    }
    return switch (text(n, "onNoQuorum")) {
      case "suspend" -> false;
      case "error" -> true;
      default -> throw new Refusal(400, "onNoQuorum is 'suspend' or 'error'");
    };
  }

  static Map<String, String> settings(byte[] body) {
    Map<String, String> m = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> e : object(body).properties()) {
      if (!e.getValue().isTextual() && !e.getValue().isIntegralNumber()) {
        throw new Refusal(
            400, "the value of '" + e.getKey() + "' must be a text or a whole number");
      }
      m.put(e.getKey(), e.getValue().asText());
    }
    if (m.isEmpty()) {
      throw new Refusal(400, "no setting is named");
    }
    return m;
  }

  private static List<String> sorted(Set<String> s) {
    return s.stream().sorted().toList();
  }

  private static boolean flag(JsonNode n, String key) {
    if (!n.isMissingNode() && !n.isBoolean()) {
      throw new Refusal(400, key + " must be true or false");
    }
    return n.asBoolean(false);
  }

  private static List<String> texts(JsonNode n, String key) {
    if (n.isMissingNode() || n.isNull()) {
      return List.of();
    }
    if (!n.isArray()) {
      throw new Refusal(400, key + " must be a list of node names");
    }
    List<String> all = new ArrayList<>();
    n.forEach(x -> all.add(text(x, key)));
    return all;
  }

  private static String text(JsonNode n, String key) {
    if (!n.isTextual() || n.asText().isEmpty()) {
      throw new Refusal(400, key + ": a text is missing");
    }
    return n.asText();
  }
}
