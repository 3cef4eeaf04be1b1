package io.onehop.node.pool;

import io.onehop.protocol.model.Member;
import io.onehop.protocol.model.PoolView;

/** Why a member is as it is, in words for the operator. */
final class Reasons {
  private Reasons() {}

  static String of(Knowledge k, PoolView view, int i) {
    String bar = k.bar.apply(i);
    String why = plain(k, view, i);
    return bar.isEmpty() || why.contains(bar) ? why : why.isEmpty() ? bar : why + "; " + bar;
  }

  private static String plain(Knowledge k, PoolView view, int i) {
    Member m = view.members().get(i);
    return switch (m.state()) {
      case NONE -> i == k.self || k.freshReport(i) != null ? k.note(i) : k.absence(i);
      case OUT -> m.reason();
      case IN_SYNC -> {
        if (k.lives(i)) {
          yield m.reason();
        }
        yield k.ended(i) ? restarted(k, i) : k.absence(i);
      }
      case SYNCING -> k.unreachable(i) ? k.absence(i) : m.reason();
      case STALE -> {
        String now = i == k.self ? k.trouble() : Returning.obstacle(k, view, i);
        String was = m.reason();
        yield now.isEmpty() || now.equals(was) ? was : was.isEmpty() ? now : was + "; " + now;
      }
    };
  }

  private static String restarted(Knowledge k, int i) {
    String told = i == k.self ? k.trouble() : k.note(i);
    return told.isEmpty() ? "its process restarted" : told;
  }
}
