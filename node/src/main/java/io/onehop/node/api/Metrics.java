package io.onehop.node.api;

import io.onehop.node.pool.PoolStatus;
import io.onehop.node.pools.PoolBoard;
import io.onehop.protocol.model.PoolView;
import java.lang.management.ManagementFactory;
import java.util.Collection;

/** The counters as Prometheus reads them. */
final class Metrics {
  private Metrics() {}

  static String text(String node, Collection<PoolBoard.Entry> pools) {
    StringBuilder out = new StringBuilder(2048);
    line(out, "onehop_uptime_seconds", "node", node, "", "", uptime());
    line(out, "onehop_pools", "node", node, "", "", pools.size());
    for (PoolBoard.Entry e : pools) {
      PoolStatus s = e.status();
      if (s == null) {
        continue;
      }
      String pool = e.shape().name();
      PoolView v = s.view();
      gauge(out, "generation", node, pool, v == null ? 0 : v.generation());
      gauge(out, "writer_epoch", node, pool, v == null ? 0 : v.epoch());
      gauge(out, "in_sync_legs", node, pool, v == null ? 0 : Integer.bitCount(v.inSyncSet()));
      gauge(out, "waiting", node, pool, s.waiting() == null ? 0 : 1);
      gauge(out, "adopted_generation", node, pool, s.own().adoptedGeneration());
      gauge(out, "missing_blocks", node, pool, s.own().missingBlocks());
      gauge(out, "resync_bytes_per_second", node, pool, s.own().resyncBytesPerSecond());
      gauge(out, "last_resync_missed_blocks", node, pool, s.own().lastMissedBlocks());
      gauge(out, "last_resync_copied_blocks", node, pool, s.own().lastCopiedBlocks());
      gauge(out, "served_to_peers_bytes_total", node, pool, s.own().servedToPeers());
      gauge(out, "healed_elsewhere_bytes_total", node, pool, s.own().healedElsewhere());
      gauge(out, "media_errors_total", node, pool, s.own().figures().mediaErrors());
      gauge(out, "unreadable_blocks", node, pool, s.own().figures().unreadableBlocks());
      gauge(out, "demand_reads_total", node, pool, s.own().figures().demandReads());
      gauge(out, "demand_refused_total", node, pool, s.own().figures().demandRefused());
      gauge(out, "proposals_total", node, pool, s.counters().proposals());
      gauge(out, "proposals_chosen_total", node, pool, s.counters().chosen());
      gauge(out, "proposals_conflicts_total", node, pool, s.counters().conflicts());
      gauge(out, "proposals_unknown_total", node, pool, s.counters().unknown());
      gauge(out, "register_reads_total", node, pool, s.counters().reads());
      gauge(out, "requests_refused_total", node, pool, s.counters().refused());
    }
    return out.toString();
  }

  private static double uptime() {
    return ManagementFactory.getRuntimeMXBean().getUptime() / 1000.0;
  }

  private static void gauge(StringBuilder out, String name, String node, String pool, long value) {
    line(out, "onehop_pool_" + name, "node", node, "pool", pool, (double) value);
  }

  private static void line(
      StringBuilder out, String name, String k1, String v1, String k2, String v2, double value) {
    out.append(name).append('{').append(k1).append("=\"").append(v1).append('"');
    if (!k2.isEmpty()) {
      out.append(',').append(k2).append("=\"").append(v2).append('"');
    }
    out.append("} ");
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      out.append((long) value);
    } else {
      out.append(value);
    }
    out.append('\n');
  }
}
