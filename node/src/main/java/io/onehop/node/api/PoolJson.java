package io.onehop.node.api;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.onehop.node.leg.LegStatus;
import io.onehop.node.pool.PoolMessage;
import io.onehop.node.pool.PoolStatus;
import io.onehop.node.pools.NodeMessage;
import io.onehop.node.pools.PoolBoard;
import io.onehop.node.pools.PoolShape;
import io.onehop.node.pools.StorePlace;
import io.onehop.protocol.model.LegState;
import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.Phase;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Role;
import io.onehop.protocol.model.Writer;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Snapshots as the JSON that scripts rely on. No other fields are ever taken away. */
final class PoolJson {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String NO_VIEW =
      "the pool's view is not known yet: no majority of its voters has answered this node";

  private PoolJson() {}

  static ObjectNode object() {
    return JSON.createObjectNode();
  }

  static ObjectNode status(Collection<PoolBoard.Entry> pools) {
    ObjectNode root = object();
    ArrayNode list = root.putArray("pools");
    pools.forEach(e -> list.add(status(e)));
    return root;
  }

  static ObjectNode list(Collection<PoolBoard.Entry> pools) {
    ObjectNode root = object();
    ArrayNode list = root.putArray("pools");
    pools.forEach(e -> list.add(head(e.shape())));
    return root;
  }

  private static ObjectNode head(PoolShape s) {
    return object()
        .put("name", s.name())
        .put("uuid", s.pool().toString())
        .put("sizeBytes", s.sizeBytes());
  }

  private static ObjectNode status(PoolBoard.Entry e) {
    PoolShape shape = e.shape();
    PoolStatus status = e.status();
    PoolView view = status == null ? null : status.view();
    ObjectNode o = object().put("name", shape.name()).put("uuid", shape.pool().toString());
    o.put("generation", view == null ? 0 : view.generation());
    o.put("phase", view == null ? "unknown" : phase(view.phase()));
    Writer writer = view == null ? null : view.writer();
    if (writer == null) {
      o.putNull("writer");
    } else {
      o.putObject("writer")
          .put("session", writer.session().toString())
          .put("epoch", writer.epoch());
    }
    o.put("waiting", waiting(status, view));
    o.put("keptOut", keptOut(e));
    ArrayNode legs = o.putArray("legs");
    ArrayNode witnesses = object().putArray("witnesses");
    long elsewhere = 0;
    for (int i = 0; i < shape.members().size(); i++) {
      PoolShape.ShapeMember m = shape.members().get(i);
      PoolStatus.MemberStatus seen = seen(status, i);
      boolean reachable = i == shape.self() || (seen != null && seen.reachable());
      if (m.role() == Role.WITNESS) {
        witnesses
            .addObject()
            .put("node", m.node())
            .put("reachable", reachable)
            .put("reason", seen == null ? "" : seen.reason())
            .put("keptOut", view != null && !view.isVoter(i));
      } else {
        legs.add(leg(shape, status, view, i, reachable));
        elsewhere += (i == shape.self() ? Figures.of(status) : Figures.of(seen)).elsewhere;
      }
    }
    // Counted at the legs: what healed them less what their peers sent (legs say 0 each).
    o.put("resyncBytesThroughClient", elsewhere);
    o.set("witnesses", witnesses);
    return o;
  }

  /** Whether another lineage keeps this node out: others know better what the pool does. */
  static boolean keptOut(PoolBoard.Entry e) {
    PoolStatus status = e.status();
    PoolView view = status == null ? null : status.view();
    return view != null && status != null && !view.isVoter(status.self());
  }

  private static @Nullable String waiting(@Nullable PoolStatus status, @Nullable PoolView view) {
    if (status != null && status.waiting() != null) {
      return status.waiting();
    }
    if (status != null && !status.voteProblem().isEmpty()) {
      return status.voteProblem();
    }
    return view == null ? NO_VIEW : null;
  }

  private static PoolStatus.@Nullable MemberStatus seen(@Nullable PoolStatus status, int index) {
    if (status == null) {
      return null;
    }
    return status.members().stream().filter(m -> m.index() == index).findFirst().orElse(null);
  }

  private static String phase(Phase phase) {
    return switch (phase) {
      case Phase.Ready _ -> "ready";
      case Phase.Reconciling _ -> "reconciling";
    };
  }

  private static ObjectNode leg(
      PoolShape shape,
      @Nullable PoolStatus status,
      @Nullable PoolView view,
      int index,
      boolean reachable) {
    PoolStatus.MemberStatus seen = seen(status, index);
    Member member = view == null ? null : view.members().get(index);
    LegState state = member == null ? LegState.STALE : member.state();
    Figures f = index == shape.self() ? Figures.of(status) : Figures.of(seen);
    ObjectNode o = object();
    o.put("node", shape.members().get(index).node());
    // Scripts know three states; a leg of another lineage is stale, and more.
    o.put("state", (state == LegState.OUT ? LegState.STALE : state).text());
    o.put("keptOut", state == LegState.OUT);
    o.put("reason", reason(member, seen, view == null, f));
    boolean inSync = state == LegState.IN_SYNC;
    long blocks =
        state == LegState.STALE
            ? Math.max(f.missingBlocks, absent(status, shape, index))
            : f.missingBlocks;
    long missing = inSync ? 0 : blocks * shape.blockSize();
    long rate = state == LegState.SYNCING && reachable ? f.rate : 0;
    o.put("missingBytes", missing);
    o.put("resyncBytesPerSecond", rate);
    if (missing == 0) {
      o.put("etaSeconds", 0L);
    } else if (rate > 0) {
      o.put("etaSeconds", (missing + rate - 1) / rate);
    } else {
      o.putNull("etaSeconds");
    }
    if (f.lastNanos < 0) {
      o.putNull("lastResync");
    } else {
      o.putObject("lastResync")
          .put("missedBytes", f.lastMissed * shape.blockSize())
          .put("copiedBytes", f.lastCopied * shape.blockSize())
          .put("seconds", f.lastNanos / 1e9);
    }
    return o;
  }

  private static String reason(
      @Nullable Member member, PoolStatus.@Nullable MemberStatus seen, boolean noView, Figures f) {
    if (noView) {
      return NO_VIEW;
    }
    if (seen != null && !seen.reason().isEmpty()) {
      return seen.reason();
    }
    if (member != null && !member.reason().isEmpty()) {
      return member.reason();
    }
    return f.note;
  }

  /** What absent leg {@code leg} misses by the others' maps: it does not know itself. */
  private static long absent(@Nullable PoolStatus status, PoolShape shape, int leg) {
    long most = 0;
    for (int i = 0; i < shape.members().size(); i++) {
      Figures f = i == shape.self() ? Figures.of(status) : Figures.of(seen(status, i));
      most = Math.max(most, leg < f.absentMisses.size() ? f.absentMisses.get(leg) : 0);
    }
    return most;
  }

  /** A leg's figures: this node's own, or those of the last report (old ones if it is away). */
  private record Figures(
      long missingBlocks,
      long rate,
      long lastMissed,
      long lastCopied,
      long lastNanos,
      List<Long> absentMisses,
      long elsewhere,
      String note) {
    private static final Figures NONE = new Figures(0, 0, 0, 0, -1, List.of(), 0, "");

    static Figures of(@Nullable PoolStatus own) {
      if (own == null) {
        return NONE;
      }
      LegStatus s = own.own();
      return new Figures(
          s.missingBlocks(),
          s.resyncBytesPerSecond(),
          s.lastMissedBlocks(),
          s.lastCopiedBlocks(),
          s.lastResyncNanos(),
          s.figures().absentMisses(),
          s.healedElsewhere(),
          s.missesEverything());
    }

    static Figures of(PoolStatus.@Nullable MemberStatus seen) {
      PoolMessage.Report r = seen == null ? null : seen.report();
      if (r == null) {
        return NONE;
      }
      return new Figures(
          r.missingBlocks(),
          r.resyncBytesPerSecond(),
          r.lastMissedBlocks(),
          r.lastCopiedBlocks(),
          r.lastResyncNanos(),
          r.absentMisses(),
          r.healedElsewhere(),
          r.note());
    }
  }

  static ObjectNode show(PoolBoard.Entry e) {
    PoolShape shape = e.shape();
    ObjectNode o = head(shape).put("blockSize", shape.blockSize()).put("keptOut", keptOut(e));
    ArrayNode legs = o.putArray("legs");
    for (StorePlace p : shape.places()) {
      legs.addObject()
          .put("node", p.node())
          .put("store", p.path())
          .put("dataOffset", p.dataOffset())
          .put("sizeBytes", shape.sizeBytes());
    }
    ArrayNode witnesses = o.putArray("witnesses");
    shape.members().stream()
        .filter(m -> m.role() == Role.WITNESS)
        .forEach(m -> witnesses.addObject().put("node", m.node()));
    PoolView view = e.status() == null ? null : e.status().view();
    if (view == null) {
      o.putNull("settings");
    } else {
      ObjectNode settings = o.putObject("settings");
      SettingKeys.show(view.policies()).forEach(settings::put);
    }
    return o;
  }

  static ObjectNode compared(String name, NodeMessage.Compared c) {
    ObjectNode o = object().put("name", name).put("comparedBytes", c.comparedBytes());
    ArrayNode list = o.putArray("differences");
    for (NodeMessage.RangeDiffers d : c.differences()) {
      ArrayNode nodes =
          list.addObject().put("offset", d.offset()).put("length", d.length()).putArray("nodes");
      d.nodes().forEach(nodes::add);
    }
    return o;
  }
}
