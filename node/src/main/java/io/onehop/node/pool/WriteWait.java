package io.onehop.node.pool;

import io.onehop.node.pool.PoolMessage.Report;
import io.onehop.protocol.model.PoolView;
import io.onehop.protocol.model.Writer;

/**
 * What a client's writes wait for that no view change can mend: the only leg in sync, which is
 * never evicted (rule 1.4), out of the client's reach or slow. For one that is gone see {@link
 * ColdStart}.
 */
final class WriteWait {
  private WriteWait() {}

  /** In words for the operator; empty if there is nothing of the kind. */
  static String of(Knowledge k, Eviction suspicions) {
    PoolView view = k.view();
    Writer w = view == null ? null : view.writer();
    if (view == null || w == null || Integer.bitCount(view.inSyncSet()) != 1) {
      return "";
    }
    int only = Integer.numberOfTrailingZeros(view.inSyncSet());
    String name = "writes wait for " + k.member(only).node();
    boolean elsewhere = false;
    for (int i = 0; i < view.members().size(); i++) {
      elsewhere |= i != only && hears(k, w, i);
    }
    if (elsewhere && k.lives(only) && !hears(k, w, only)) {
      return name + ", which the client does not reach";
    }
    String reported = suspicions.reason(k, only, w);
    return reported.isEmpty() ? "" : name + ", the only leg in sync: " + reported;
  }

  private static boolean hears(Knowledge k, Writer w, int i) {
    Report r = i == k.self ? null : k.freshReport(i);
    return i == k.self ? k.hearsWriter() : r != null && w.session().equals(r.session());
  }
}
