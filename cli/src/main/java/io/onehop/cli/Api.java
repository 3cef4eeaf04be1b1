package io.onehop.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.onehop.protocol.model.Endpoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The nodes' HTTP API. Questions go to all nodes at once and the first answer counts, so that a
 * dead or stopped node delays nothing; orders go to a node that has just answered.
 */
final class Api {
  static {
    // An order whose outcome is not known must not be given a second time by the JDK.
    System.setProperty("sun.net.http.retryPost", "false");
    System.setProperty("http.keepAlive", "false");
  }

  static final ObjectMapper JSON = new ObjectMapper();

  private static final int CONNECT_MILLIS = 1_000;
  private static final int READ_MILLIS = 4_000;
  // After a refusal: how long another node may take to say something better.
  private static final int BETTER_MILLIS = 800;
  private static final int MOST_BYTES = 64 << 20;

  private final List<Endpoint> nodes;

  /** At least one API endpoint. */
  Api(List<Endpoint> nodes) {
    this.nodes = List.copyOf(nodes);
  }

  List<Endpoint> nodes() {
    return nodes;
  }

  /**
   * What one node said.
   *
   * @param status of HTTP; 0 if it gave no answer that could be understood
   * @param json the answer; empty if there is none
   * @param why nothing came, in a few words; empty if something did
   */
  private record Answer(Endpoint node, int status, JsonNode json, String why) {
    boolean good() {
      return status >= 200 && status < 300;
    }
  }

  /**
   * The first good answer to GET {@code path}. A node's refusal counts only if no other one answers
   * better soon.
   */
  JsonNode get(String path) {
    Round round = new Round(path);
    JsonNode nothing = null;
    for (Answer a = round.next(); a != null; a = round.next()) {
      JsonNode pools = a.json.path("pools");
      if (a.good() && pools.isArray() && pools.isEmpty()) {
        nothing = a.json; // a node that lost its folder knows of no pool
        round.hurry();
      } else if (a.good() && keptOut(a.json)) {
        nothing = a.json; // of a lineage that was left behind: others know better
        round.hurry();
      } else if (a.good()) {
        return a.json;
      }
    }
    if (nothing != null) {
      return nothing;
    }
    throw round.failure();
  }

  private static boolean keptOut(JsonNode answer) {
    boolean out = answer.path("keptOut").asBoolean();
    for (JsonNode pool : answer.path("pools")) {
      out |= pool.path("keptOut").asBoolean();
    }
    return out;
  }

  /**
   * Gives an order to a node that is alive; where that one does not know the thing (404) or is kept
   * out (421), to another one.
   */
  JsonNode send(String method, String path, @Nullable JsonNode body, int patienceMillis) {
    Round alive = new Round("/v1/version");
    for (Answer v = alive.next(); v != null; v = alive.next()) {
      if (!v.good()) {
        continue;
      }
      Answer a = ask(v.node, method, path, body, patienceMillis);
      if (a.good()) {
        return a.json;
      }
      if (a.status != 404 && a.status != 421) {
        throw failure(a);
      }
      alive.refused(a);
    }
    throw alive.failure();
  }

  private static Failure failure(Answer a) {
    return a.status == 0
        ? new Failure(Failure.REFUSED, "node at " + a.node + ": " + a.why)
        : new Failure(
            a.status == 400 ? Failure.USAGE : Failure.REFUSED,
            a.json.path("error").asText("node at " + a.node + " answered " + a.status));
  }

  /** One question to all nodes at once. */
  private final class Round {
    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
    private final List<Answer> silent = new ArrayList<>();
    private int open = nodes.size();
    private long end =
        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CONNECT_MILLIS + READ_MILLIS);
    private @Nullable Answer refusal;

    Round(String path) {
      for (Endpoint node : nodes) {
        Thread.ofPlatform()
            .daemon()
            .name("onehop-ask-" + node)
            .start(() -> answers.add(ask(node, "GET", path, null, READ_MILLIS)));
      }
    }

    /** The next answer; null when no more are to be expected in time. */
    @Nullable Answer next() {
      if (open == 0) {
        return null;
      }
      try {
        Answer a = answers.poll(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
        if (a == null) {
          return null;
        }
        open--;
        if (a.status == 0) {
          silent.add(a);
        } else if (!a.good()) {
          refused(a);
        }
        return a;
      } catch (InterruptedException e) {
        throw new Failure(Signals.INTERRUPTED, "interrupted", e);
      }
    }

    void refused(Answer a) {
      refusal = refusal == null ? a : refusal;
      hurry();
    }

    /** Something was said: another node may say something better for a moment only. */
    void hurry() {
      long soon = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BETTER_MILLIS);
      end = Math.min(end, soon);
    }

    Failure failure() {
      Answer a = refusal;
      if (a != null) {
        return Api.failure(a);
      }
      StringBuilder b = new StringBuilder();
      for (Endpoint n : nodes) {
        String why =
            silent.stream()
                .filter(s -> s.node.equals(n))
                .map(Answer::why)
                .findFirst()
                .orElse("silent");
        b.append(b.isEmpty() ? "" : ", ").append(n).append(" (").append(why).append(')');
      }
      return new Failure(
          Failure.REFUSED,
          "no node answers at " + b + ": start one, or name others by --server or --dir");
    }
  }

  /** Asks one node; never throws. */
  private static Answer ask(
      Endpoint node, String method, String path, @Nullable JsonNode body, int patience) {
    try {
      // The operator's network, never a proxy for web pages.
      HttpURLConnection c =
          (HttpURLConnection)
              URI.create("http://" + node + path).toURL().openConnection(Proxy.NO_PROXY);
      c.setConnectTimeout(CONNECT_MILLIS);
      c.setReadTimeout(patience);
      c.setInstanceFollowRedirects(false);
      c.setRequestMethod(method);
      if (body != null) {
        c.setDoOutput(true);
        c.setRequestProperty("Content-Type", "application/json");
        try (OutputStream out = c.getOutputStream()) {
          out.write(JSON.writeValueAsBytes(body));
        }
      }
      int code = c.getResponseCode();
      if (code < 100) {
        return silent(node, "is no OneHop API: speaks no HTTP");
      }
      try (InputStream in = code < 400 ? c.getInputStream() : c.getErrorStream()) {
        JsonNode json = parse(in == null ? new byte[0] : in.readNBytes(MOST_BYTES));
        return json == null
            ? silent(node, "is no OneHop API: answers " + code + " without JSON")
            : new Answer(node, code, json, "");
      }
    } catch (SocketTimeoutException e) {
      return silent(node, "no answer in time");
    } catch (IOException | IllegalArgumentException e) {
      return silent(node, Failure.text(e));
    }
  }

  private static Answer silent(Endpoint node, String why) {
    return new Answer(node, 0, JSON.createObjectNode(), why);
  }

  /** The one JSON object in {@code bytes}; null if it is something else. */
  private static @Nullable JsonNode parse(byte[] bytes) {
    try {
      JsonNode json = JSON.readTree(bytes);
      return json != null && json.isObject() ? json : null;
    } catch (IOException e) {
      return null;
    }
  }

  /** {@code HOST:PORT[,…]}. */
  static List<Endpoint> endpoints(String text) {
    List<Endpoint> all = new ArrayList<>();
    for (String s : text.split(",", -1)) {
      all.add(Endpoint.parse(s.strip()));
    }
    return all;
  }
}
