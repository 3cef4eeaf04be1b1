package io.onehop.multijvm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/** What the nodes of a cluster say by their API. */
abstract class ClusterStatus {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int ANSWER_MILLIS = 1_000;

  /** Whether a node's process lives. */
  abstract boolean runs(String name);

  /** Configurations and ports. */
  abstract ClusterFiles files();

  /**
   * What the first answering node says of a pool, one that is kept out only if there is no other;
   * an empty object if none answers.
   */
  JsonNode status(String pool) {
    JsonNode out = JSON.createObjectNode();
    for (String name : files().names()) {
      JsonNode s = runs(name) ? statusAt(name, pool) : null;
      if (s != null && !s.path("keptOut").asBoolean()) {
        return s;
      }
      out = s == null ? out : s;
    }
    return out;
  }

  /** What the first answering node but one says; an empty object if none answers. */
  JsonNode statusWithout(String node, String pool) {
    for (String name : files().names()) {
      JsonNode s = runs(name) && !name.equals(node) ? statusAt(name, pool) : null;
      if (s != null) {
        return s;
      }
    }
    return JSON.createObjectNode();
  }

  /** What one node says of a pool, or null if it does not answer. */
  @Nullable JsonNode statusAt(String node, String pool) {
    JsonNode s = get(node, "/v1/status?pool=" + pool);
    return s == null ? null : s.path("pools").path(0);
  }

  /** What {@code status} says of one leg. */
  JsonNode leg(String pool, String node) {
    return leg(status(pool), node);
  }

  /** What a status says of one leg. */
  static JsonNode leg(JsonNode status, String node) {
    for (JsonNode l : status.path("legs")) {
      if (l.path("node").asText().equals(node)) {
        return l;
      }
    }
    return JSON.createObjectNode();
  }

  String state(String pool, String node) {
    return leg(pool, node).path("state").asText();
  }

  long generation(String pool) {
    return status(pool).path("generation").asLong();
  }

  /** Waits until all legs are in sync, as every running node sees it, and nothing waits. */
  void awaitInSync(String pool) {
    Eventually.await(
        "every leg of " + pool + " is in sync; now " + status(pool), 60, () -> inSync(pool));
  }

  boolean inSync(String pool) {
    boolean any = false;
    for (String name : files().names()) {
      JsonNode s = runs(name) ? statusAt(name, pool) : null;
      if (s == null || s.path("legs").isEmpty()) {
        continue;
      }
      any = true;
      for (JsonNode l : s.path("legs")) {
        if (!l.path("state").asText().equals("in-sync") || !l.path("reason").asText().isEmpty()) {
          return false;
        }
      }
      if (!s.path("phase").asText().equals("ready") || !s.path("waiting").isNull()) {
        return false;
      }
    }
    return any;
  }

  /** GET at a node's API; null if it does not answer. */
  @Nullable JsonNode get(String node, String path) {
    try {
      HttpURLConnection c =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + files().ports(node).api() + path)
                  .toURL()
                  .openConnection();
      c.setConnectTimeout(ANSWER_MILLIS);
      c.setReadTimeout(ANSWER_MILLIS);
      if (c.getResponseCode() != 200) {
        return null;
      }
      try (InputStream in = c.getInputStream()) {
        return JSON.readTree(in);
      }
    } catch (IOException e) {
      return null;
    }
  }
}
